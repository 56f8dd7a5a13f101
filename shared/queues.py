"""The bus on the broker: names and arguments of exchanges and queues, declared in one place.

Owns the topology around one consuming service:

    foscao.events --(types)--> <service>.events --> handler, then ack
                                    ^                  | fails, worth another attempt
    <service>.retry --(again)-------'                  v
       |   ^ `--(delay in ms)--> <service>.retry.<ms>: expires, dead-lettered with the key `again`
       |   '--------------------------'
"""

from __future__ import annotations

from typing import Any

from shared.events import PREFIX, VERSION

EXCHANGE = "foscao.events"
AGAIN = "again"
# A message that takes its consumer's process down comes back each time. After so many deaths it
# pauses on the ladder's last rung instead; without a number of ours, newer brokers drop it at 20.
DELIVERY_LIMIT = 100


def events_queue(service: str) -> str:
    return f"{service}.events"


def retry_exchange(service: str) -> str:
    """Declared after all else a consumer needs: who finds it knows that the bindings are there."""
    return f"{service}.retry"


def retry_key(delay_s: float) -> str:
    """The delay is part of the queue's name, as a queue's arguments cannot be changed later."""
    return str(int(delay_s * 1000))


def declare(
    channel: Any, service: str, patterns: tuple[str, ...], retry_delays_s: tuple[float, ...]
) -> None:
    """Declare what the service consumes from; changes nothing when repeated.

    Args: channel: of py-amqp. patterns: short types, `activity.*`.
    Raises: an amqp error, e.g. PreconditionFailed if a queue exists with other arguments.
    """
    queue, retry = events_queue(service), retry_exchange(service)
    channel.exchange_declare(EXCHANGE, "topic", durable=True, auto_delete=False)
    limited = retry_key(retry_delays_s[-1]) if retry_delays_s else AGAIN
    _declare_queue(
        channel,
        queue,
        {
            "x-single-active-consumer": True,
            "x-delivery-limit": DELIVERY_LIMIT,
            **_dead_letter(retry, limited),
        },
    )
    for pattern in patterns:
        channel.queue_bind(queue, EXCHANGE, f"{PREFIX}{pattern}{VERSION}")
    channel.exchange_declare(retry, "direct", durable=True, auto_delete=False)
    channel.queue_bind(queue, retry, AGAIN)
    for delay_s in retry_delays_s:
        key = retry_key(delay_s)
        _declare_queue(
            channel,
            f"{retry}.{key}",
            {"x-message-ttl": int(key), **_dead_letter(retry, AGAIN)},
        )
        channel.queue_bind(f"{retry}.{key}", retry, key)


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


def _declare_queue(channel: Any, name: str, arguments: dict[str, Any]) -> None:
    channel.queue_declare(
        name,
        durable=True,
        auto_delete=False,
        arguments={"x-queue-type": "quorum", **arguments},
    )
