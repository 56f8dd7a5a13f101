"""The database dies and comes back: calls are refused in bounded time, events wait unharmed."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local.database import Database
from shared.errors import Unavailable
from shared.events import Event
from shared.ids import new_id
from tests.integration.shared.bus_world import BUS
from tests.stack import RpcClient, ServiceProcess, publish, wait_for


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database of this test's own, for it is going to be killed."""
    with Database(tmp_path / "database") as database:
        yield database


def test_all_goes_on_once_the_database_is_back(
    database: Database, amqp_uri: str, tmp_path: Path
) -> None:
    env = {
        "AMQP_URI": amqp_uri,
        "MONGO_URI": database.root_uri,
        "FOSCAO_DB": "bus",
        "EVENT_CONSUMERS": "-",
        "RETRY_DELAYS_S": "0.1",
    }
    bus = ServiceProcess(BUS, env, tmp_path / "bus.log").start()
    try:
        client = RpcClient(amqp_uri)
        accepted = [new_id() for _ in range(5)]
        client.call("bus.note", {"ids": accepted})
        assert database._process is not None
        os.killpg(database._process.pid, signal.SIGKILL)
        database.stop()

        started = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            client.call("bus.note", {"ids": [new_id()]})
        assert caught.value.code == "DATABASE_UNAVAILABLE"
        assert time.monotonic() - started < 8
        arrived = [Event.new("noted.down", "/testing", new_id(), 1, {}) for _ in range(5)]
        publish(amqp_uri, arrived)
        assert bus.get("/readyz")[0] != 200

        database.start()
        subjects = accepted + [event.subject for event in arrived]
        with MongoClient[dict[str, Any]](database.root_uri) as mongo:
            db = mongo["bus"]
            query = {"_id": {"$in": subjects}, "times": 1}
            wait_for(lambda: db.applied.count_documents(query) == len(subjects), 20)
            assert db.parked.count_documents({}) == 0
        wait_for(bus.ready, 20)
        client.call("bus.note", {"ids": [new_id()]})
        client.close()
    finally:
        bus.kill()
