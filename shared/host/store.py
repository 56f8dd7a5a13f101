"""The component of a process that is its database: the service's store, and the relay of its
outbox."""

from __future__ import annotations

import logging
import time
from typing import Any, TypeVar

from shared.bus.connection import Publisher
from shared.bus.relay import Relay
from shared.errors import Unavailable
from shared.host.component import Component
from shared.layout import RELAY
from shared.store import mongo
from shared.store.lease import Lease
from shared.store.mongo import Factory, Store
from shared.telemetry import describe, watch_outbox

log = logging.getLogger(__name__)

RETRY_DATABASE_S = 1.0

S = TypeVar("S", bound=Store)


class StoreProvider(Component):
    """Builds the service's store once and hands it over: `store = StoreProvider(ActivityStore)`.

    Also runs the relay that publishes the store's outbox. The database may come up after the
    service: until then it waits.
    """

    def __init__(self, factory: Factory = Store) -> None:
        self.factory = factory
        self.store: Store

    def setup(self) -> None:
        self.store = self.factory(mongo.connect(self.config))
        while True:
            try:
                self.store.prepare()
                break
            except Unavailable as error:
                log.warning("waiting for the database: %s", describe(error.__cause__ or error))
                time.sleep(RETRY_DATABASE_S)
        watch_outbox(self.store.outbox.unpublished, self.store.outbox.oldest_s)
        self._relay = Relay(
            self.store.outbox,
            Publisher(self.config.amqp_uri, f"{self.config.service} relay"),
            Lease(self.store.db, RELAY),
            self.config.event_consumers,
        )

    def start(self) -> None:
        self._relay.start()

    def stop(self) -> None:
        self._relay.stop()

    def handed(self) -> Store:
        return self.store

    def ready(self) -> bool:
        """Whether the database answers and the relay publishes or stands by."""
        try:
            self.store.ping()
        except Unavailable:
            return False
        return self._relay.ready()


def store_of(container: Any, kind: type[S]) -> S:
    """The store of this kind that the container's service works with; it is there once every
    component is set up. Raises: LookupError: it has none."""
    for each in container.dependencies:
        if isinstance(each, StoreProvider) and isinstance(each.store, kind):
            return each.store
    raise LookupError(f"the service has no {kind.__name__}")
