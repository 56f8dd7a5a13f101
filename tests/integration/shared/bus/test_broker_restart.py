"""The broker dies and comes back: nothing accepted is lost, and all goes on by itself."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from shared.config import Config
from shared.events import Event
from shared.ids import new_id
from shared.store import mongo
from shared.store.mongo import Store
from tests.stack import RpcClient, ServiceProcess, TestBroker, wait_for

Db = Database[dict[str, Any]]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[TestBroker]:
    """A broker of this test's own, for it is going to be killed."""
    with TestBroker(tmp_path / "broker") as broker:
        yield broker


def test_what_was_committed_while_the_broker_was_away_arrives_once_it_is_back(
    broker: TestBroker, mongo_uri: str, db: Db, tmp_path: Path
) -> None:
    uri = broker.admin_uri
    env = {
        "AMQP_URI": uri,
        "MONGO_URI": mongo_uri,
        "FOSCAO_DB": db.name,
        "EVENT_CONSUMERS": "-",
        "HEARTBEAT_S": "2",
    }
    bus = ServiceProcess("tests.integration.shared.bus_service", env, tmp_path / "bus.log").start()
    try:
        before = new_id()
        client = RpcClient(uri)
        client.call("bus.note", {"ids": [before]})
        wait_for(lambda: db.applied.count_documents({}) == 1)

        for process in broker._processes:
            os.killpg(process.pid, signal.SIGKILL)
        broker.stop()
        assert not broker.answers()
        wait_for(lambda: bus.get("/readyz")[0] == 503, 20)
        config = Config("bus", uri, mongo_uri, db.name)
        store = Store(mongo.connect(config))
        events = [Event.new("noted.down", "/bus", new_id(), 1, {}) for _ in range(20)]
        store.transact(lambda tx: tx.emit(events, actor="tester"))
        assert bus.running()

        broker.start()
        wait_for(lambda: db.applied.count_documents({"times": 1}) == 21, 20)
        wait_for(bus.ready, 20)
        client = RpcClient(broker.admin_uri)
        assert client.call("bus.echo", 1) == 1
        assert bus.stop() == 0
    finally:
        bus.kill()
