"""Events from a committed transaction to their effect at a consumer, through real parts."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import amqp
import pytest
from pymongo.database import Database
from pymongo.errors import PyMongoError

from shared import topology
from shared.bus.connection import Message, Publisher, connect
from shared.bus.relay import Relay
from shared.config import Config
from shared.errors import Unavailable
from shared.events import CONTENT_TYPE, Event
from shared.ids import new_id
from shared.store import mongo
from shared.store.lease import Lease
from shared.store.mongo import Store
from shared.store.outbox import Outbox
from tests.integration.shared.anything import FreeStore
from tests.stack import ServiceProcess, publish, publish_raw, wait_for, waiting

Service = Callable[..., ServiceProcess]
Rpc = Callable[..., Any]
Db = Database[dict[str, Any]]
BUS = "tests.integration.shared.bus_service"
QUICK = {"RETRY_DELAYS_S": "0.1,0.2"}


@pytest.fixture
def bus(service: Service) -> ServiceProcess:
    return service("bus", module=BUS, **QUICK)


@pytest.fixture
def store(config: Config) -> Iterator[Store]:
    """A producer's store, in the consumer's own database, with our guarantees on."""
    store = FreeStore(mongo.connect(config))
    store.ensure_indexes()
    yield store
    store.db.client.close()


@pytest.fixture
def relays(config: Config, store: Store) -> Iterator[Callable[..., Relay]]:
    started: list[Relay] = []

    def start(name: str = "relay", ttl_s: float = 10.0) -> Relay:
        publisher = Publisher(config.amqp_uri, name)
        relay = Relay(store.outbox, publisher, Lease(store.db, "relay", ttl_s), ())
        relay.start()
        started.append(relay)
        return relay

    yield start
    for relay in started:
        relay.stop()


def noted(subject: str | None = None, sequence: int = 1, **data: Any) -> Event:
    return Event.new("noted.down", "/testing", subject or new_id(), sequence, data)


def counted(subject: str, sequence: int) -> Event:
    return Event.new("counted.up", "/testing", subject, sequence, {})


def emit(store: Store, *events: Event) -> None:
    store.transact(lambda tx: tx.emit(events))


def applied(db: Db, subject: str) -> list[int]:
    row = db.applied.find_one({"_id": subject})
    return row["sequences"] if row else []


def unpublished(db: Db) -> int:
    return db.outbox.count_documents({"published_at": None})


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


def test_a_holder_that_fell_silent_loses_the_lease(store: Store) -> None:
    silent, next_one = Lease(store.db, "job", ttl_s=0.5), Lease(store.db, "job", ttl_s=0.5)
    assert silent.held()
    assert not next_one.held()
    wait_for(next_one.held)
    silent._renew_at = 0.0  # as after a pause
    assert not silent.held()


def test_a_poison_event_is_isolated_retried_and_parked_while_its_neighbours_are_applied(
    bus: ServiceProcess, amqp_uri: str, db: Db
) -> None:
    fine = [noted() for _ in range(60)]
    poison = noted(poison="+223 70 00 00 00")
    publish(amqp_uri, [*fine[:30], poison, *fine[30:]])
    wait_for(lambda: db.applied.count_documents({"times": 1}) == 60)
    row = wait_for(lambda: db.parked.find_one({"_id": poison.id}))
    assert (row["reason"], row["attempts"], row["state"]) == ("INTERNAL", 3, "parked")
    assert "ValueError in" in row["text"]
    assert Event.from_json(bytes(row["body"])) == poison
    assert db.applied.count_documents({}) == 60
    assert db.inbox.count_documents({"_id": poison.id}) == 0
    assert "+223" not in bus.last_words(1_000_000)


def test_a_final_refusal_is_parked_without_another_attempt(
    bus: ServiceProcess, amqp_uri: str, db: Db
) -> None:
    event = noted(refuse=True)
    publish(amqp_uri, [event])
    row = wait_for(lambda: db.parked.find_one({"_id": event.id}))
    assert (row["reason"], row["attempts"]) == ("NOT_FOUND", 1)


@pytest.mark.parametrize("body", [b"\xff\xfe no json", b'{"a": 1}', b'[{"specversion":"0.1"}]'])
def test_a_body_that_is_no_event_is_parked_as_it_came(
    bus: ServiceProcess, amqp_uri: str, db: Db, body: bytes
) -> None:
    good = noted()
    for each in (body, good.to_json()):
        publish_raw(
            amqp_uri, [Message(topology.EXCHANGE, "org.foscao.noted.down.v1", each, CONTENT_TYPE)]
        )
    row = wait_for(lambda: db.parked.find_one())
    assert row["reason"] == "UNDECODABLE"
    assert bytes(row["body"]).strip(b"[]") == body.strip(b"[]")
    wait_for(lambda: applied(db, good.subject) == [1])


def test_an_event_delivered_twice_has_one_effect(
    bus: ServiceProcess, amqp_uri: str, db: Db
) -> None:
    event, last = noted(), noted()
    publish(amqp_uri, [event, event])
    publish(amqp_uri, [event])
    publish(amqp_uri, [last])
    wait_for(lambda: applied(db, last.subject) == [1])
    assert applied(db, event.subject) == [1]


def test_a_delta_that_comes_too_early_is_applied_after_the_one_it_builds_on(
    bus: ServiceProcess, amqp_uri: str, db: Db
) -> None:
    subject, other = new_id(), new_id()
    publish(amqp_uri, [counted(subject, 2), counted(other, 1)])
    wait_for(lambda: applied(db, other) == [1])
    assert applied(db, subject) == []
    publish(amqp_uri, [counted(subject, 1)])
    wait_for(lambda: applied(db, subject) == [1, 2])
    assert db.parked.count_documents({}) == 0


def test_a_hung_handler_is_broken_off_and_its_neighbours_go_on(
    service: Service, amqp_uri: str, db: Db
) -> None:
    service("bus", module=BUS, HANDLER_TIMEOUT_S="0.3", RETRY_DELAYS_S="0.1")
    slow, fine = noted(takes_s=60), noted()
    publish(amqp_uri, [slow, fine])
    wait_for(lambda: applied(db, fine.subject) == [1])
    row = wait_for(lambda: db.parked.find_one({"_id": slow.id}))
    assert (row["reason"], row["attempts"]) == ("HANDLER_TIMEOUT", 2)


def test_sigterm_lets_the_batch_in_hand_finish_and_leaves_the_rest_to_the_next(
    bus: ServiceProcess, amqp_uri: str, db: Db
) -> None:
    slow = noted(takes_s=3.0)
    publish(amqp_uri, [slow])
    wait_for(lambda: bus.metric("foscao_event_batch_size_count") == 1.0)
    rest = [noted() for _ in range(10)]
    publish(amqp_uri, rest)
    assert bus.stop() == 0
    assert applied(db, slow.subject) == [1]
    assert db.applied.count_documents({}) == 1
    wait_for(
        lambda: waiting(amqp_uri, "bus.events") == 1
    )  # the message of ten; the slow one was acked
    bus.start()
    wait_for(lambda: db.applied.count_documents({"times": 1}) == 11)


def test_a_replica_stands_by_and_takes_over(
    bus: ServiceProcess, service: Service, amqp_uri: str, db: Db
) -> None:
    standby = service("bus", module=BUS, **QUICK)
    first = [noted() for _ in range(5)]
    for each in first:
        publish(amqp_uri, [each])
    wait_for(lambda: db.applied.count_documents({"times": 1}) == 5)
    assert standby.metric("foscao_event_batch_size_count") == 0.0
    bus.kill()
    second = noted()
    publish(amqp_uri, [second])
    wait_for(lambda: applied(db, second.subject) == [1])


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


def test_the_retry_queues_dead_letter_at_least_once(bus: ServiceProcess, amqp_uri: str) -> None:
    """The broker refuses to declare a queue anew with any other argument."""
    connection = connect(amqp_uri, "test")
    channel = connection.channel()
    with pytest.raises(amqp.PreconditionFailed, match="strategy"):
        channel.queue_declare(
            "bus.retry.100",
            durable=True,
            auto_delete=False,
            arguments={
                "x-queue-type": "quorum",
                "x-message-ttl": 100,
                "x-dead-letter-exchange": "bus.retry",
                "x-dead-letter-routing-key": topology.AGAIN,
                "x-overflow": "reject-publish",
            },
        )
    connection.collect()


def test_an_unpublished_row_is_found_by_its_index(store: Store) -> None:
    emit(store, noted())
    plan = (
        store.outbox.collection.find({"published_at": None})
        .sort([("recorded_at", 1), ("sequence", 1)])
        .explain()
    )
    assert "'indexName': 'unpublished'" in str(plan["queryPlanner"]["winningPlan"])


def test_twins_that_insert_the_same_id_at_once_both_finish(store: Store) -> None:
    """The one that comes second finds what the first has written."""
    things = store.db["things"]
    store.create_collections("things")
    barrier = threading.Barrier(2, timeout=5)
    found: list[bool] = []

    def push(first_try: list[bool]) -> None:
        def work(tx: mongo.Tx) -> bool:
            present = things.find_one({"_id": "same"}, session=tx.session) is not None
            if not first_try:
                first_try.append(True)
                barrier.wait()
            if not present:
                things.insert_one({"_id": "same"}, session=tx.session)
            return present

        found.append(store.transact(work))

    threads = [threading.Thread(target=push, args=([],)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False, True]


def test_a_database_that_is_away_is_unavailable(config: Config) -> None:
    away = Config(
        service="testing",
        amqp_uri=config.amqp_uri,
        mongo_uri="mongodb://127.0.0.1:1/?replicaSet=none",
        database="x",
    )
    store = FreeStore(mongo.connect(away))
    with pytest.raises(Unavailable):
        store.transact(lambda tx: store.db.things.insert_one({}, session=tx.session), timeout_s=1)
    store.db.client.close()


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


def test_outbox_refuses_a_sequence_that_is_taken(store: Store) -> None:
    event = noted("subject-1", 1)
    emit(store, event)
    with pytest.raises(PyMongoError):
        emit(store, noted("subject-1", 1))
    assert isinstance(store.outbox, Outbox)
