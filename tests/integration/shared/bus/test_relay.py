"""What is committed reaches every queue, once, by one relay; nothing else does."""

from collections.abc import Callable

import pytest

from shared import topology
from shared.bus.connection import Message, Publisher, connect
from shared.bus.relay import Relay
from shared.errors import Unavailable
from shared.events import CONTENT_TYPE
from shared.ids import new_id
from shared.store import mongo
from shared.store.mongo import Store
from tests.integration.shared.bus_world import Db, Rpc, applied, emit, noted, unpublished
from tests.stack import ServiceProcess, wait_for


def test_a_committed_event_reaches_its_consumer_and_is_marked(
    bus: ServiceProcess, rpc: Rpc, db: Db
) -> None:
    ids = [new_id() for _ in range(450)]
    answer = rpc("bus.note", {"ids": ids})
    wait_for(lambda: db.applied.count_documents({"times": 1}) == 450)
    wait_for(lambda: unpublished(db) == 0)
    assert {row["_id"] for row in db.inbox.find()} == set(answer["events"])


def test_an_event_of_a_transaction_that_failed_is_never_published(
    store: Store, relays: Callable[..., Relay], db: Db
) -> None:
    def work(tx: mongo.Tx) -> None:
        tx.emit([noted()])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.transact(work)
    assert db.outbox.count_documents({}) == 0


def test_what_a_crash_left_unpublished_is_published_by_the_next_relay(
    bus: ServiceProcess, store: Store, relays: Callable[..., Relay], db: Db
) -> None:
    bus.kill()  # its own relay is gone, and its lease is still taken
    event = noted()
    emit(store, event)
    bus.start()
    wait_for(lambda: applied(db, event.subject) == [1], 20)
    wait_for(lambda: unpublished(db) == 0)


def test_an_event_nobody_is_bound_for_waits_and_holds_up_no_other(
    bus: ServiceProcess, rpc: Rpc, db: Db, amqp_uri: str
) -> None:
    orphan, fine = new_id(), new_id()
    rpc("bus.note", {"ids": [orphan], "type": "orphan.left"})
    rpc("bus.note", {"ids": [fine]})
    wait_for(lambda: applied(db, fine) == [1])
    wait_for(lambda: unpublished(db) == 1)
    assert bus.metric("foscao_outbox_unpublished") == 1.0
    assert bus.metric("foscao_outbox_unroutable_total") >= 1.0
    bind(amqp_uri, "bus", "orphan.left")
    wait_for(lambda: unpublished(db) == 0)
    wait_for(lambda: applied(db, orphan) != [] or db.inbox.count_documents({}) >= 1)


def test_one_of_two_relays_publishes_and_the_other_takes_over(
    bus: ServiceProcess, store: Store, relays: Callable[..., Relay], db: Db
) -> None:
    bus.stop()
    first, second = relays("first", ttl_s=2.0), relays("second", ttl_s=2.0)
    wait_for(lambda: first.ready() and second.ready())
    holders = set()
    for _ in range(20):
        emit(store, noted())
        wait_for(lambda: unpublished(db) == 0)
        holders.update(db.leases.distinct("holder", {"_id": "relay"}))
    assert len(holders) == 1
    leader = first if holders == {first._lease._holder} else second
    leader.stop()
    emit(store, noted())
    wait_for(lambda: unpublished(db) == 0)


def test_publishing_tells_for_each_message_whether_a_queue_has_it(
    bus: ServiceProcess, amqp_uri: str
) -> None:
    publisher = Publisher(amqp_uri, "test")
    wire = [f"org.foscao.{kind}.v1" for kind in ("noted.down", "unheard.of", "noted.down")]
    body = noted().to_json()
    messages = [Message(topology.EXCHANGE, key, body, CONTENT_TYPE) for key in wire]
    assert publisher.publish(messages) == [True, False, True]
    publisher.close()


def test_publishing_to_no_broker_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        Publisher("amqp://a:b@127.0.0.1:1/x", "test").publish([Message("", "x", b"", CONTENT_TYPE)])


def bind(amqp_uri: str, service: str, pattern: str) -> None:
    connection = connect(amqp_uri, "test")
    channel = connection.channel()
    channel.queue_bind(
        topology.events_queue(service), topology.EXCHANGE, f"org.foscao.{pattern}.v1"
    )
    connection.close()


def test_a_woken_relay_publishes_within_milliseconds(
    bus: ServiceProcess, store: Store, db: Db, rpc: Rpc
) -> None:
    ids = [new_id() for _ in range(20)]
    for each in ids:
        rpc("bus.note", {"ids": [each]})
    wait_for(lambda: unpublished(db) == 0)
    waits = [(row["published_at"] - row["recorded_at"]).total_seconds() for row in db.outbox.find()]
    assert sorted(waits)[len(waits) // 2] < 0.3, "the relay was not woken but polled"
