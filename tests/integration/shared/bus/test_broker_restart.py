"""The broker dies and comes back: nothing accepted is lost, and all goes on by itself."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from shared import topology
from shared.bus.connection import Publisher, connect
from shared.bus.relay import Relay
from shared.config import Config
from shared.events import Event
from shared.ids import new_id
from shared.store import mongo
from shared.store.lease import Lease
from tests.integration.shared.anything import FreeStore
from tests.integration.shared.bus_world import BUS
from tests.stack import RpcClient, ServiceProcess, TestBroker, wait_for, waiting

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
    bus = ServiceProcess(BUS, env, tmp_path / "bus.log").start()
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
        store = FreeStore(mongo.connect(config))
        events = [Event.new("noted.down", "/bus", new_id(), 1, {}) for _ in range(20)]
        store.transact(lambda tx: tx.emit(events))
        assert bus.running()

        broker.start()
        wait_for(lambda: db.applied.count_documents({"times": 1}) == 21, 20)
        wait_for(bus.ready, 20)
        client = RpcClient(broker.admin_uri)
        assert client.call("bus.echo", 1) == 1
        assert bus.stop() == 0
    finally:
        bus.kill()


def test_a_broker_that_comes_back_empty_is_given_no_event_before_its_consumers_are_back(
    broker: TestBroker, mongo_uri: str, db: Db
) -> None:
    def declare(*consumers: str) -> None:
        connection = connect(broker.admin_uri, "test")
        for each in consumers:
            topology.declare(connection.channel(), topology.for_events(each, ["noted.*.v1"], ()))
        connection.close()

    def emit() -> None:
        event = Event.new("noted.down", "/testing", new_id(), 1, {})
        store.transact(lambda tx: tx.emit([event]))

    def published() -> int:
        return db.outbox.count_documents({"published_at": {"$ne": None}})

    store = FreeStore(mongo.connect(Config("testing", broker.admin_uri, mongo_uri, db.name)))
    store.ensure_indexes()
    publisher = Publisher(broker.admin_uri, "relay")
    relay = Relay(store.outbox, publisher, Lease(store.db, "relay"), ("early", "late"))
    declare("early", "late")
    relay.start()
    try:
        emit()
        wait_for(lambda: published() == 1)

        broker.stop()
        emit()
        shutil.rmtree(broker.home / "data")
        broker.start()
        declare("early")
        # It has found the new broker when its question waits there.
        wait_for(lambda: waiting(broker.admin_uri, "early.events") == 1, 20)
        assert published() == 1
        declare("late")
        wait_for(lambda: published() == 2)
        both = ("early.events", "late.events")
        wait_for(lambda: all(waiting(broker.admin_uri, each) == 2 for each in both))
    finally:
        relay.stop()
        store.db.client.close()
