"""A queue, binding, policy or alarm that would lose events is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import amqp

from deploy.local.stack import Stack
from operations.doctor.finding import Severity
from operations.doctor.queues import expected
from shared.access import VHOST
from shared.topology import Binding, Queue
from tests.integration.operations.doctor.doctor_world import DELAYS_S, faults, findings
from tests.stack import wait_for

PARTS: dict[str, Queue] = {
    each.name: each for each in expected(DELAYS_S) if isinstance(each, Queue)
}


@contextmanager
def without(channel: amqp.Channel, name: str) -> Iterator[None]:
    """Take a queue away that is declared at a service's start only; put it back."""
    channel.queue_delete(name)
    try:
        yield
    finally:
        channel.queue_delete(name)
        PARTS[name].declare(channel)
        for each in expected(DELAYS_S):
            if isinstance(each, Binding) and each.queue == name:
                each.declare(channel)


def test_a_classic_queue_in_place_of_a_quorum_queue_is_found(
    stack: Stack, channel: amqp.Channel
) -> None:
    name = "reporting.retry.1000"
    arguments = dict(PARTS[name].arguments)
    for quorum in ("x-queue-type", "x-dead-letter-strategy"):
        del arguments[quorum]
    with without(channel, name):
        channel.queue_declare(name, durable=True, auto_delete=False, arguments=arguments)
        assert faults(stack) == {("queue", name)}


def test_dead_lettering_that_may_lose_is_found_with_what_it_may_lose(
    stack: Stack, channel: amqp.Channel
) -> None:
    name = "reporting.retry.1000"
    arguments = {**PARTS[name].arguments, "x-dead-letter-strategy": "at-most-once"}
    with without(channel, name):
        channel.queue_declare(name, durable=True, auto_delete=False, arguments=arguments)
        found = [each for each in findings(stack) if each.severity is Severity.FAULT]
    assert [each.subject for each in found] == [name]
    assert "x-dead-letter-strategy" in found[0].found
    assert "lost if the broker stops" in found[0].risk


def test_a_missing_queue_is_found_and_not_made(stack: Stack, channel: amqp.Channel) -> None:
    name = "notifications.retry.5000"
    with without(channel, name):
        assert faults(stack) == {("queue", name)}
        assert faults(stack) == {("queue", name)}


def test_a_lost_binding_is_found(stack: Stack, channel: amqp.Channel) -> None:
    bound = Binding("reporting.events", "foscao.events", "org.foscao.concern.*.v1")
    channel.queue_unbind(bound.queue, bound.exchange, bound.key)
    try:
        assert faults(stack, tools=True) == {("binding", "reporting.events")}
    finally:
        bound.declare(channel)


def test_a_policy_is_found(stack: Stack, rabbitmqctl: Callable[..., None]) -> None:
    rabbitmqctl("set_policy", "-p", VHOST, "short", "events$", '{"max-length": 10}')
    try:
        assert faults(stack, tools=True) == {("policy", "short")}
    finally:
        rabbitmqctl("clear_policy", "-p", VHOST, "short")


def test_a_memory_alarm_is_found(stack: Stack, rabbitmqctl: Callable[..., None]) -> None:
    rabbitmqctl("set_vm_memory_high_watermark", "absolute", "1000000")
    try:
        assert wait_for(lambda: faults(stack), 30) == {("alarm", "broker")}
    finally:
        rabbitmqctl("set_vm_memory_high_watermark", "0.4")
    wait_for(lambda: not faults(stack), 30)
