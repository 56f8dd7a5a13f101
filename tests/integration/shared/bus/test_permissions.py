"""The bus works with the least privileges that deployments grant each service on the broker."""

from pathlib import Path
from typing import Any

from pymongo.database import Database

from shared.ids import new_id
from tests.integration.shared.bus_world import BUS
from tests.stack import RpcClient, ServiceProcess, TestBroker, wait_for

Db = Database[dict[str, Any]]


def test_services_publish_consume_retry_and_answer_as_their_own_users(
    mongo_uri: str, db: Db, tmp_path: Path
) -> None:
    with TestBroker(tmp_path / "broker") as broker:

        def run(name: str) -> ServiceProcess:
            env = {
                "BUS_NAME": name,
                "AMQP_URI": broker.uri(name),
                "MONGO_URI": mongo_uri,
                "FOSCAO_DB": db.name if name == "reporting" else f"{db.name}_producer",
                "EVENT_CONSUMERS": "reporting",
                "BUS_LISTENS": "1" if name == "reporting" else "0",
                "RETRY_DELAYS_S": "0.1",
            }
            process = ServiceProcess(BUS, env, tmp_path / f"{name}.log")
            return process.start(wait=False)

        processes = [run("activities"), run("reporting")]
        try:
            wait_for(lambda: all(each.ready() for each in processes), 30)
            client = RpcClient(broker.uri("gateway"))
            fine, poison = new_id(), new_id()
            client.call("activities.note", {"ids": [fine]})
            client.call("activities.note", {"ids": [poison], "data": {"poison": "x"}})
            wait_for(lambda: db.applied.find_one({"_id": fine}))
            parked = wait_for(lambda: db.parked.find_one({}))
            assert parked["attempts"] == 2
            client.close()
        finally:
            for each in processes:
                each.kill()
            db.client.drop_database(f"{db.name}_producer")
