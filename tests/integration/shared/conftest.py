"""A consumer's process, and a producer's store and relays in this one."""

from collections.abc import Callable, Iterator

import pytest

from shared.bus.connection import Publisher
from shared.bus.relay import Relay
from shared.config import Config
from shared.store import mongo
from shared.store.lease import Lease
from shared.store.mongo import Store
from tests.integration.shared.anything import FreeStore
from tests.integration.shared.bus_world import BUS, QUICK, Service
from tests.stack import ServiceProcess


@pytest.fixture
def bus(service: Service) -> ServiceProcess:
    return service("bus", module=BUS, **QUICK)


@pytest.fixture
def store(config: Config) -> Iterator[Store]:
    """A producer's store, in the consumer's own database, with our guarantees on."""
    store = FreeStore(mongo.connect(config))
    store.ensure_indexes()
    yield store
    store.db.client.close()


@pytest.fixture
def relays(config: Config, store: Store) -> Iterator[Callable[..., Relay]]:
    started: list[Relay] = []

    def start(name: str = "relay", ttl_s: float = 10.0) -> Relay:
        publisher = Publisher(config.amqp_uri, name)
        relay = Relay(store.outbox, publisher, Lease(store.db, "relay", ttl_s), ())
        relay.start()
        started.append(relay)
        return relay

    yield start
    for relay in started:
        relay.stop()
