"""A service's process: container, health server and signals; and the store it works with.

Owns start and end of the process. A `__main__.py` is `import eventlet`, `eventlet.monkey_patch()`,
then `run(TheService)`.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

import eventlet
from nameko.containers import ServiceContainer
from nameko.extensions import DependencyProvider
from pymongo.database import Database
from pymongo.errors import PyMongoError

from shared.bus.connection import Publisher
from shared.bus.relay import Relay
from shared.config import Config, ConfigError
from shared.host.health import HealthServer
from shared.store import mongo
from shared.store.lease import Lease
from shared.store.mongo import Document, Store
from shared.telemetry import describe, set_up_logging, trace, watch_outbox

log = logging.getLogger(__name__)

S = TypeVar("S", bound=Store)

GRACE_S = 30.0
RETRY_DATABASE_S = 1.0


class StoreProvider(DependencyProvider):
    """Builds the service's store once and injects it: `store = StoreProvider(ActivityStore)`.

    Also runs the relay that publishes the store's outbox. The database may come up after the
    service: until then it waits.
    """

    def __init__(self, factory: Callable[[Database[Document]], Store] = Store) -> None:
        self._factory = factory
        self.store: Store

    def setup(self) -> None:
        config: Config = self.container.config["hub"]
        self.store = self._factory(mongo.connect(config))
        while True:
            try:
                self.store.ensure_indexes()
                break
            except PyMongoError as error:
                if mongo.as_hub_error(error) is None:
                    raise
                log.warning("waiting for the database: %s", describe(error))
                eventlet.sleep(RETRY_DATABASE_S)
        watch_outbox(self.store.outbox.unpublished, self.store.outbox.oldest_s)
        self._relay = Relay(
            self.store.outbox,
            Publisher(config.amqp_uri, f"{config.service} relay"),
            Lease(self.store.db, "relay"),
            config.event_consumers,
        )

    def start(self) -> None:
        self._relay.start()

    def stop(self) -> None:
        self._relay.stop()

    def get_dependency(self, worker_ctx: Any) -> Store:  # noqa: ARG002 - nameko's signature
        return self.store

    def ready(self) -> bool:
        """Whether the database answers and the relay publishes or stands by."""
        try:
            self.store.ping()
        except PyMongoError:
            return False
        return self._relay.ready()


def store_of(container: ServiceContainer, kind: type[S]) -> S:
    """The store of this kind that the container's service works with; it is there once every
    extension is set up. Raises LookupError: it has none."""
    for each in container.extensions:
        if isinstance(each, StoreProvider) and isinstance(each.store, kind):
            return each.store
    raise LookupError(f"the service has no {kind.__name__}")


def run(service: type[Any]) -> None:
    """Run the service until SIGTERM or SIGINT; exits the process.

    Status 0 after a graceful end: no new work taken, what runs finished and acknowledged, the
    outbox published, all within GRACE_S. Status 1 if that took longer or the service failed;
    2, with one line, if the environment lacks something.
    """
    try:
        config = Config.from_env(service.name)
    except ConfigError as error:
        print(f"{service.name}: {error}", file=sys.stderr)
        sys.exit(2)
    set_up_logging(config.service, config.log_level)
    try:
        _run(service, config)
    except ConfigError as error:
        print(f"{service.name}: {error}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:  # noqa: BLE001 - the supervisor starts the process anew
        log.critical("ended by\n%s", trace(error))
        sys.exit(1)


def _run(service: type[Any], config: Config) -> None:
    # The events' consumer takes one worker; no call shall wait for it.
    settings = {"hub": config, "max_workers": config.max_workers + 1}
    container = ServiceContainer(service, settings)
    health = HealthServer(config, container)
    health.start()

    running = stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        if not running:
            os._exit(0)  # still waiting for the database: nothing was taken yet
        if not stopping:
            stopping = True
            # A signal's handler may not wait for anything green: let a greenlet do it.
            eventlet.spawn_n(container.stop)
            eventlet.spawn_after(GRACE_S, _give_up)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    container.start()
    running = True
    log.info("started")
    container.wait()
    log.info("stopped")


def _give_up() -> None:
    log.critical("did not end within %.0f s", GRACE_S)
    os._exit(1)
