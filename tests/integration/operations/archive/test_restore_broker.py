"""What a restore asks of the broker: no service at work, and nothing kept of the time after."""

from __future__ import annotations

import amqp
import pytest

from operations.archive import broker
from operations.failure import CannotRun
from shared import topology
from shared.bus.connection import connect
from shared.subscriptions import PATTERNS
from tests.stack import delete_queues


@pytest.mark.parametrize("queue", ["rpc-participants", "reporting.events"])
def test_a_service_at_work_is_named_until_it_has_stopped(amqp_uri: str, queue: str) -> None:
    service = connect(amqp_uri, "service")
    channel = service.channel()
    channel.queue_declare(queue, durable=True, auto_delete=False)
    channel.basic_consume(queue)
    try:
        with pytest.raises(CannotRun, match=r"still running: (participants|reporting);"):
            broker.require_stopped(amqp_uri, patience_s=0.5)
    finally:
        service.close()
    broker.require_stopped(amqp_uri)
    delete_queues(amqp_uri, [queue])


def test_events_of_the_time_after_the_backup_are_forgotten(amqp_uri: str) -> None:
    connection = connect(amqp_uri, "service")
    channel = connection.channel()
    for service, patterns in PATTERNS.items():
        topology.declare(channel, topology.for_events(service, patterns, (1.0, 5.0)))
    kept = [topology.events_queue("reporting"), f"{topology.retry_exchange('reporting')}.5000"]
    channel.confirm_select()
    for queue in kept:
        channel.basic_publish_confirm(amqp.Message(b"[]"), routing_key=queue)

    broker.forget_events(amqp_uri, (1.0, 5.0))

    for queue in kept:
        with pytest.raises(amqp.NotFound):
            connection.channel().queue_declare(queue, passive=True)
    broker.forget_events(amqp_uri, (1.0, 5.0))  # what is not there is no matter
    connection.close()


def test_a_broker_that_does_not_answer_stops_the_restore() -> None:
    with pytest.raises(CannotRun, match="broker does not answer"):
        broker.require_stopped("amqp://nobody:nothing@127.0.0.1:1/none")
