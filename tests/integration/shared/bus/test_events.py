"""Events from a committed transaction to their effect at a consumer, through real parts."""

import amqp
import pytest

from shared import topology
from shared.bus.connection import Message, connect
from shared.events import CONTENT_TYPE, Event
from shared.ids import new_id
from tests.integration.shared.bus_world import BUS, QUICK, Db, Service, applied, counted, noted
from tests.stack import ServiceProcess, publish, publish_raw, wait_for, waiting


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
