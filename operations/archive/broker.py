"""Owns what a restore asks of the broker: that the services are stopped, and that it forgets.

Messages of the time after the backup tell of things that the restored databases do not know. The
consumers' queues are therefore deleted; the services declare them anew when they start, and what
the restored outboxes hold for them is published again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Final

import amqp

from operations.failure import CannotRun
from shared import topology
from shared.access import SERVICES
from shared.bus.connection import LOST, connect
from shared.config import Config
from shared.subscriptions import PATTERNS

JUST_STOPPED_S: Final = 5.0  # for so long the broker may still list a process that has ended
_POLL_S: Final = 0.2
DELAYS_S: Final = Config("", "", "", "").retry_delays_s


def require_stopped(uri: str, patience_s: float = JUST_STOPPED_S) -> None:
    """Raises: CannotRun: a service takes calls or events, or the broker does not answer."""
    try:
        connection = connect(uri, "foscao restore")
        try:
            give_up_at = time.monotonic() + patience_s
            while running := [each for each in SERVICES if _runs(connection, each)]:
                if time.monotonic() > give_up_at:
                    raise CannotRun(
                        f"still running: {', '.join(running)}; stop the gateway and all services "
                        "first, and start them when the restore is done"
                    )
                time.sleep(_POLL_S)
        finally:
            connection.close()
    except LOST as error:
        raise CannotRun(f"the broker does not answer ({type(error).__name__})") from error


def forget_events(uri: str, delays_s: tuple[float, ...] = DELAYS_S) -> None:
    """Delete the consumers' queues with what is in them; queues that are not there are no matter.

    Args: delays_s: the delays of the services' retry tiers.
    Raises: CannotRun: the broker does not answer.
    """
    try:
        connection = connect(uri, "foscao restore")
        try:
            channel = connection.channel()
            for service, patterns in PATTERNS.items():
                # Its bindings go with a queue, and with them the sign that relays wait for.
                for name in _queues(topology.for_events(service, patterns, delays_s)):
                    channel.queue_delete(name)
        finally:
            connection.close()
    except LOST as error:
        raise CannotRun(f"the broker does not answer ({type(error).__name__})") from error


def _runs(connection: Any, service: str) -> bool:
    """Whether somebody takes calls for the service, or its events."""
    calls = _queues(topology.for_calls(service))
    queues = (*calls, topology.events_queue(service))
    return any(_consumers(connection, name) > 0 for name in queues)


def _queues(parts: Iterable[topology.Declaration]) -> list[str]:
    return [part.name for part in parts if isinstance(part, topology.Queue)]


def _consumers(connection: Any, queue: str) -> int:
    channel = connection.channel()
    try:
        count: int = channel.queue_declare(queue, passive=True).consumer_count
    except amqp.NotFound:
        return 0  # the broker has closed the channel
    channel.close()
    return count
