"""A relay holds its events back until every expected consumer is bound, and asks no more than that.

A topic exchange forgets what nobody is bound for, and `mandatory` tells only of messages that no
queue at all took: with one of two consumers there, the other would miss events without a sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import amqp
import pytest

from shared import topology
from shared.bus.connection import Publisher, connect
from shared.bus.relay import Relay
from shared.config import Config
from shared.events import Event
from shared.ids import new_id
from shared.store.lease import Lease
from shared.store.mongo import Store
from tests.integration.shared.bus_world import BUS, Db
from tests.stack import ServiceProcess, delete_queues, wait_for, waiting

# AMQP 0-9-1: exchange.declare, basic.publish; the classes whose methods name an object.
DECLARE, PUBLISH = (40, 10), (60, 40)
NAMING = {40: "exchange", 50: "queue", 60: "basic"}


@pytest.fixture
def relay(config: Config, store: Store) -> Iterator[Callable[..., Relay]]:
    """Starts a relay of the store's outbox that waits for these consumers."""
    started: list[Relay] = []

    def start(*consumers: str) -> Relay:
        publisher = Publisher(config.amqp_uri, "relay")
        relay = Relay(store.outbox, publisher, Lease(store.db, "relay"), consumers)
        relay.start()
        started.append(relay)
        return relay

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def channel(amqp_uri: str) -> Iterator[amqp.Channel]:
    connection = connect(amqp_uri, "test")
    yield connection.channel()
    connection.close()
    delete_queues(amqp_uri, ["early.events", "late.events"])


def emit(store: Store) -> Event:
    event = Event.new("noted.down", "/testing", new_id(), 1, {})
    store.transact(lambda tx: tx.emit([event]))
    return event


def unpublished(store: Store) -> int:
    return store.outbox.collection.count_documents({"published_at": None})


def declare(channel: amqp.Channel, *consumers: str) -> None:
    for each in consumers:
        topology.declare(channel, topology.for_events(each, ["noted.*.v1"], ()))


def test_events_wait_until_every_expected_consumer_is_bound(
    store: Store,
    relay: Callable[..., Relay],
    service: Callable[..., ServiceProcess],
    db: Db,
) -> None:
    early_db = db.client[f"{db.name}_early"]
    service("early", module=BUS, BUS_NAME="early", FOSCAO_DB=early_db.name)
    event = emit(store)
    wait_for(relay("early", "late").ready)
    assert unpublished(store) == 1
    service("late", module=BUS, BUS_NAME="late", FOSCAO_DB=db.name)
    told = {"_id": event.subject, "times": 1}
    for each in (db, early_db):
        wait_for(partial(each.applied.find_one, told))
        # What the relay asked by was taken for no event: nothing of it is left anywhere.
        assert each.inbox.count_documents({}) == 1
        assert each.parked.count_documents({}) == 0
    db.client.drop_database(early_db.name)


def test_a_consumer_whose_queue_was_deleted_is_waited_for_whatever_else_is_left_of_it(
    store: Store, relay: Callable[..., Relay], channel: amqp.Channel, amqp_uri: str
) -> None:
    declare(channel, "early", "late")
    channel.queue_delete("late.events")
    emit(store)
    wait_for(relay("early", "late").ready)
    assert unpublished(store) == 1
    declare(channel, "late")
    wait_for(lambda: unpublished(store) == 0)
    both = ("early.events", "late.events")
    wait_for(lambda: all(waiting(amqp_uri, each) == 2 for each in both))  # the question, the event


def test_a_consumer_that_has_bound_only_some_of_its_keys_is_waited_for(
    store: Store, relay: Callable[..., Relay], channel: amqp.Channel
) -> None:
    """It may die anywhere between its first declaration and its last."""
    parts = topology.for_events("late", ["noted.*.v1"], ())
    topology.declare(channel, parts[:-1])
    emit(store)
    wait_for(relay("late").ready)
    assert unpublished(store) == 1
    topology.declare(channel, parts)
    wait_for(lambda: unpublished(store) == 0)


def test_a_relay_names_nothing_on_the_broker_but_the_exchange_of_events(
    store: Store,
    relay: Callable[..., Relay],
    channel: amqp.Channel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its user has no permission on another service's queues and exchanges, and newer brokers
    (4.2.6) refuse even to say whether something exists on which one has none."""
    declare(channel, "early", "late")
    emit(store)
    named: set[tuple[tuple[int, int], str]] = set()
    send = amqp.Channel.send_method

    def recorded(channel: amqp.Channel, method: Any, *rest: Any, **options: Any) -> Any:
        name = channel.connection.client_properties["connection_name"]
        if name == "relay" and method[0] in NAMING:
            named.add((tuple(method), rest[1][1]))  # after the format: a reserved field, the name
        return send(channel, method, *rest, **options)

    monkeypatch.setattr(amqp.Channel, "send_method", recorded)
    relay("early", "late")
    wait_for(lambda: unpublished(store) == 0)
    assert named == {(DECLARE, "foscao.events"), (PUBLISH, "foscao.events")}
