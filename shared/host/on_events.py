"""The nameko entrypoint `@on_events`: a service's method receives its events in batches.

Owns the contract between a service's method and the consumer (shared/bus/consumer.py), and ties the
consumer to the life of nameko's container.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from eventlet.event import Event as Signal
from nameko.exceptions import ConfigurationError, ContainerBeingKilled
from nameko.extensions import Entrypoint, register_entrypoint

from shared.bus.consumer import Consumer
from shared.errors import Unavailable
from shared.events import Event
from shared.host.store import store_of
from shared.host.workers import bounded, spawn
from shared.store.mongo import Store

Handler = Callable[..., Sequence[Event] | None]


def on_events(*patterns: str) -> Callable[[Handler], Handler]:
    """Let a service's method receive the events whose short types match `patterns`.

    `activity.*` matches `activity.recorded`; `*.*` matches all. One method of a service carries
    it. The method gets at most 500 events, of one or many subjects, in the order of the queue, and
    may get one again: its transaction claims them (`Tx.claim`). It returns None, or those of the
    events that came too early (unclaimed), which are tried again after each retry tier's delay.

    What it raises: `Unavailable` or a failure of the database: the whole batch is tried again until
    it succeeds. Anything else, and a method that takes longer than HANDLER_TIMEOUT_S: the batch is
    halved until the culprit is alone; if its error is a final `HubError` it is parked, else tried
    again after each delay of the retry tiers and parked in the end.
    """

    def decorate(method: Handler) -> Handler:
        method = bounded(method)
        register_entrypoint(method, _OnEvents(patterns))
        return method

    return decorate


class _OnEvents(Entrypoint):
    """Started with the container; stopped before its workers and its store."""

    def __init__(self, patterns: tuple[str, ...] = (), **options: Any) -> None:
        self.patterns = patterns
        self._consumer: Consumer | None = None
        super().__init__(**options)

    def start(self) -> None:
        rivals = [each for each in self.container.entrypoints if isinstance(each, _OnEvents)]
        if len(rivals) != 1:
            raise ConfigurationError("one method of a service carries @on_events")
        store = store_of(self.container, Store)
        self._consumer = Consumer(self.container.config["hub"], self.patterns, store, self._call)
        self._consumer.start()

    def stop(self) -> None:
        if self._consumer is not None:
            self._consumer.stop()

    def ready(self) -> bool:
        return self._consumer is not None and self._consumer.ready()

    def _call(self, events: list[Event]) -> Sequence[Event] | None:
        """Run the method in a worker of the container and wait for its result."""
        outcome: Signal = Signal()
        timeout_s = self.container.config["hub"].handler_timeout_s
        try:
            spawn(self, (events,), {}, lambda *both: outcome.send(both), timeout_s)
        except ContainerBeingKilled:
            raise Unavailable from None
        early, error = outcome.wait()
        if error is not None:
            raise error
        return cast(Sequence[Event] | None, early)
