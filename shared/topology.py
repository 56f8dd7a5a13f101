"""The bus on the broker: names and arguments of exchanges and queues, declared in one place.

Owns the topology around one consuming service:

    foscao.events --(types)--> <service>.events --> handler, then ack
                                    ^                  | fails, worth another attempt
    <service>.retry --(again)-------'                  v
       |   ^ `--(delay in ms)--> <service>.retry.<ms>: expires, dead-lettered with the key `again`
       |   '--------------------------'
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from shared.events import PREFIX, wire_type

EXCHANGE = "foscao.events"
RPC_EXCHANGE = "nameko-rpc"
REPLIES = "rpc.replies"  # apart from the calls: who may answer may not call
AGAIN = "again"
_OLDER: Final = ".older"
# A message that takes its consumer's process down comes back each time. After so many deaths it
# pauses on the last retry tier instead; without a number of ours, newer brokers drop it at 20.
DELIVERY_LIMIT = 100
# Calls that may wait in a service's queue; beyond, the broker refuses them: callers know at once.
CALLS_WAITING = 1_000


def events_queue(service: str) -> str:
    return f"{service}.events"


def event_key(event_type: str, version: int, *, older: bool) -> str:
    """The routing key of an event. `older` if the same event is published in a later version too:
    by that, whoever reads later versions leaves this one alone."""
    key = wire_type(event_type, version)
    return f"{key}{_OLDER}" if older else key


def event_keys(pattern: str) -> tuple[list[str], list[str]]:
    """What a reader is told of an event: it in the latest version that the reader knows, once.

    Args: pattern: types with the version that is read, `activity.*.v2`.
    Returns: the keys that it is bound by, and those that it was bound by when it read earlier
        versions, and no longer may be.
    """
    of_type, _, version = f"{PREFIX}{pattern}".rpartition(".v")
    own, earlier = int(version), [f"{of_type}.v{n}" for n in range(1, int(version))]
    mine = f"{of_type}.v{own}"
    return [*earlier, mine, f"{mine}{_OLDER}"], [f"{each}{_OLDER}" for each in earlier]


def version_read(patterns: Iterable[str], event_type: str) -> int:
    """The version in which events of the type are read; of a type that none of the patterns
    names, the first."""
    for pattern in patterns:
        of_type, _, version = pattern.rpartition(".v")
        if fnmatchcase(event_type, of_type):
            return int(version)
    return 1


def retry_exchange(service: str) -> str:
    return f"{service}.retry"


def presence_key(service: str) -> str:
    """Bound after all else a consumer needs, and by it alone: a message that finds a queue by this
    key proves that the bindings for events are there. No event's type looks like it."""
    return f"present.{service}"


def retry_key(delay_s: float) -> str:
    """The delay is part of the queue's name, as a queue's arguments cannot be changed later."""
    return str(int(delay_s * 1000))


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable exchange."""

    name: str
    type: str

    def declare(self, channel: Any) -> None:
        channel.exchange_declare(self.name, self.type, durable=True, auto_delete=False)

    def definition(self, vhost: str) -> dict[str, Any]:
        """The same exchange as an entry of a broker's definitions file."""
        return {
            "name": self.name,
            "vhost": vhost,
            "type": self.type,
            "durable": True,
            "auto_delete": False,
            "internal": False,
            "arguments": {},
        }


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable queue with its arguments."""

    name: str
    arguments: Mapping[str, Any]

    def declare(self, channel: Any) -> None:
        channel.queue_declare(
            self.name, durable=True, auto_delete=False, arguments=dict(self.arguments)
        )


@dataclass(frozen=True, slots=True)
class Binding:
    """What an exchange sends to a queue."""

    queue: str
    exchange: str
    key: str

    def declare(self, channel: Any) -> None:
        channel.queue_bind(self.queue, self.exchange, self.key)


@dataclass(frozen=True, slots=True)
class Unbinding:
    """What an exchange no longer sends to a queue; where it never did, nothing changes."""

    queue: str
    exchange: str
    key: str

    def declare(self, channel: Any) -> None:
        channel.queue_unbind(self.queue, self.exchange, self.key)


Declaration = Exchange | Queue | Binding | Unbinding

EVENTS: Final = Exchange(EXCHANGE, "topic")
CALLS: Final = Exchange(RPC_EXCHANGE, "topic")


def for_events(
    service: str, patterns: Iterable[str], retry_delays_s: Sequence[float]
) -> list[Declaration]:
    """What the service consumes events from, in the order in which it is to be declared.

    Args: patterns: types with the version that is read, `activity.*.v1`.
    """
    keys = [event_keys(pattern) for pattern in patterns]
    queue, retry = events_queue(service), retry_exchange(service)
    limited = retry_key(retry_delays_s[-1]) if retry_delays_s else AGAIN
    parts: list[Declaration] = [
        EVENTS,
        Queue(
            queue,
            {
                "x-queue-type": "quorum",
                "x-single-active-consumer": True,
                "x-delivery-limit": DELIVERY_LIMIT,
                **_dead_letter(retry, limited),
            },
        ),
        *(Binding(queue, EXCHANGE, key) for bound, _ in keys for key in bound),
        # Behind the bindings: an event that goes out in between comes twice, never not at all.
        *(Unbinding(queue, EXCHANGE, key) for _, former in keys for key in former),
        Exchange(retry, "direct"),
        Binding(queue, retry, AGAIN),
    ]
    for key in (retry_key(delay_s) for delay_s in retry_delays_s):
        waiting = {"x-message-ttl": int(key), **_dead_letter(retry, AGAIN)}
        parts += [
            Queue(f"{retry}.{key}", {"x-queue-type": "quorum", **waiting}),
            Binding(f"{retry}.{key}", retry, key),
        ]
    return [*parts, Binding(queue, EXCHANGE, presence_key(service))]


def for_calls(service: str) -> list[Declaration]:
    """What the service takes its RPC calls from, in the order in which it is to be declared."""
    queue = f"rpc-{service}"
    return [
        CALLS,
        Queue(queue, {"x-max-length": CALLS_WAITING, "x-overflow": "reject-publish"}),
        Binding(queue, RPC_EXCHANGE, f"{service}.*"),
    ]


def declare(channel: Any, parts: Iterable[Declaration]) -> None:
    """Declare all of it; changes nothing when repeated.

    Args: channel: of py-amqp.
    Raises: an amqp error, e.g. PreconditionFailed if a queue exists with other arguments.
    """
    for part in parts:
        part.declare(channel)


def _dead_letter(exchange: str, key: str) -> dict[str, Any]:
    """At least once: a quorum queue keeps a dead letter until its next queue has confirmed it.

    RabbitMQ documentation, "Quorum Queues", dead lettering: needs the overflow reject-publish.
    """
    return {
        "x-dead-letter-exchange": exchange,
        "x-dead-letter-routing-key": key,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
