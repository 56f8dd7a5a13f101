"""The broker as an ordinary connection sees it: version, alarms, exchanges, queues, consumers.

A queue's arguments are asked for by declaring it again with those it should have: the broker
refuses where one differs, and says which. Nothing is created: each is looked up first, and the
operator's user lacks what making one takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import amqp

from operations.doctor.finding import Finding, fault, ok, warning
from shared.access import SERVICES
from shared.bus.connection import LOST, connect
from shared.subscriptions import PATTERNS
from shared.topology import Declaration, Exchange, Queue, for_calls, for_events

OLDEST: Final = (3, 10)
BACKLOG: Final = 10_000
_ALARM_S: Final = 2.0
_DIFFERS: Final = re.compile(r"inequivalent arg '([^']+)'.*?: (received .*)$")

_RISKS: Final = {
    "x-queue-type": "a queue that is not replicated loses its messages with its node",
    "x-single-active-consumer": "replicas consume side by side: events of a subject out of order",
    "x-delivery-limit": "the broker drops an event that came back too often",
    "x-dead-letter-exchange": "a failed event is dropped, or goes where nobody tries it again",
    "x-dead-letter-routing-key": "a failed event is dropped, or goes where nobody tries it again",
    "x-dead-letter-strategy": "an event is lost if the broker stops while it moves it on",
    "x-overflow": "a full queue drops its oldest messages instead of refusing new ones",
    "x-message-ttl": "failed events are tried again too soon, or much too late",
    "x-max-length": "calls pile up without bound while a service is slow",
    "durable": "it is gone when the broker restarts, with what was in it",
    "type": "messages reach queues they are not for, or none",
}
_RISK: Final = "it does not do what the code relies on"


def expected(retry_delays_s: tuple[float, ...]) -> list[Declaration]:
    """All that the services declare, each once."""
    parts = [part for service in SERVICES for part in for_calls(service)]
    for service, patterns in PATTERNS.items():
        parts += for_events(service, patterns, retry_delays_s)
    return list({repr(part): part for part in parts}.values())


def check(uri: str, retry_delays_s: tuple[float, ...]) -> Iterator[Finding]:
    """All findings of one connection; one fault where there can be none."""
    alarms: list[str] = []
    try:
        connection = connect(uri, "foscao doctor")
        connection.on_blocked = alarms.append
    except LOST as error:
        yield fault(
            "broker",
            "broker",
            f"no connection ({type(error).__name__})",
            "pushes are refused; what was accepted waits safely in the outboxes",
            "start the broker; check OPERATOR_AMQP_URI",
        )
        return
    try:
        yield from _server(connection.server_properties)
        for part in expected(retry_delays_s):
            if isinstance(part, Exchange | Queue):
                yield from _part(connection, part)
        yield from _alarms(connection, alarms)  # last: an alarm stops this connection
    except LOST as error:
        yield fault(
            "broker",
            "broker",
            f"the connection broke off ({type(error).__name__})",
            "nothing, if it is well again",
            "run this again; see the broker's log",
        )
    finally:
        connection.collect()


def _server(properties: dict[str, Any]) -> Iterator[Finding]:
    version = tuple(int(part) for part in re.findall(r"\d+", properties["version"])[:2])
    if version < OLDEST:
        yield fault(
            "broker-version",
            "broker",
            f"RabbitMQ {properties['version']}",
            "it knows no dead-lettering at least once: failed events may be lost on their way",
            "upgrade to {}.{} or later".format(*OLDEST),
        )
    else:
        yield ok("broker-version", "broker", f"RabbitMQ {properties['version']}")
    for capability in ("publisher_confirms", "connection.blocked"):
        if not properties["capabilities"].get(capability):
            yield fault(
                "broker-capability",
                capability,
                f"the broker does not offer {capability}",
                "an event may count as published that the broker never took",
                "use RabbitMQ",
            )


def _part(connection: amqp.Connection, part: Exchange | Queue) -> Iterator[Finding]:
    kind = "queue" if isinstance(part, Queue) else "exchange"
    answer, error = _try(connection, lambda channel: _look_up(channel, part))
    if isinstance(error, amqp.NotFound):
        yield fault(
            kind,
            part.name,
            f"there is no {kind} {part.name}",
            "events for it wait in the outboxes; calls to it are refused",
            "start the service: it declares what it needs",
        )
        return
    if error is None:
        _, error = _try(connection, part.declare)
    if error is None:
        yield ok(kind, part.name, "as expected")
    elif isinstance(error, amqp.PreconditionFailed):
        differs = _DIFFERS.search(error.reply_text or "")
        yield fault(
            kind,
            part.name,
            f"{part.name}: {differs[1]} differs: {differs[2]}" if differs else error.reply_text,
            _RISKS.get(differs[1], _RISK) if differs else _RISK,
            f"stop the service, let the {kind} run empty, delete it (rabbitmqctl delete_queue), "
            "start the service; look for policies too",
        )
    elif isinstance(error, amqp.AccessRefused):
        yield warning(
            kind,
            part.name,
            f"the operator's user may not compare {part.name}",
            "its arguments are not checked",
            "give it the permissions of shared/access.py",
        )
    else:
        raise error
    if isinstance(part, Queue) and ".retry." not in part.name:
        yield from _consumed(part.name, answer.message_count, answer.consumer_count)


def _consumed(queue: str, messages: int, consumers: int) -> Iterator[Finding]:
    if not consumers:
        yield fault(
            "consumer",
            queue,
            f"nobody takes from {queue} ({messages} messages)",
            "nothing is lost; it waits, or callers are told to try later",
            "start the service, or see in its log why it does not consume",
        )
    elif messages > BACKLOG:
        yield warning(
            "backlog",
            queue,
            f"{messages} messages in {queue}",
            "nothing is lost; answers lag behind what was accepted",
            "see the log and the load of the service",
        )


def _alarms(connection: amqp.Connection, alarms: list[str]) -> Iterator[Finding]:
    """The broker says that it is blocked only to whoever publishes, so an empty message is sent
    that this user may not send: it is refused or, under an alarm, not even read."""
    channel = connection.channel()
    channel.basic_publish(amqp.Message(b""), exchange="", routing_key="")
    try:
        while not alarms:
            connection.drain_events(timeout=_ALARM_S)
    except (amqp.AccessRefused, TimeoutError):
        pass
    if alarms:
        yield fault(
            "alarm",
            "broker",
            "the broker is out of memory or disk and takes no messages",
            "pushes are refused; what was accepted waits safely in the outboxes",
            "free disk or memory on its machine; rabbitmq-diagnostics alarms says which",
        )
    else:
        yield ok("alarm", "broker", "none")


def _look_up(channel: Any, part: Exchange | Queue) -> Any:
    if isinstance(part, Queue):
        return channel.queue_declare(part.name, passive=True)
    return channel.exchange_declare(part.name, part.type, passive=True)


def _try(
    connection: amqp.Connection, ask: Callable[[Any], Any]
) -> tuple[Any, amqp.AMQPError | None]:
    """The answer or the refusal, on a channel of its own: a refusal closes it."""
    channel = connection.channel()
    try:
        answer = ask(channel)
    except (amqp.NotFound, amqp.PreconditionFailed, amqp.AccessRefused) as refusal:
        return None, refusal
    channel.close()
    return answer, None
