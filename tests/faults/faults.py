"""The faults: each is something that happens, lasts for a while, and is over.

`FAULTS` names them all. A fault is a context manager over a hub: entered it happens, left it is
over (what has been killed is started again by then, at the latest).
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from pymongo import MongoClient

from shared import topology
from shared.access import GATEWAY, SERVICES
from shared.bus.connection import Message
from shared.events import BATCH_CONTENT_TYPE
from shared.store.outbox import EventKind
from tests.faults.cluster import FAKETIME, Hub
from tests.stack import publish_raw

Fault = Callable[[Hub, random.Random], AbstractContextManager[None]]
REPEATED = 400  # events published again at once


def killed(name: str) -> Fault:
    """kill -9 of one process; the watcher starts it again."""

    @contextmanager
    def fault(hub: Hub, chance: random.Random) -> Iterator[None]:
        victim = hub.processes[name] if name == GATEWAY else chance.choice(hub.replicas(name))
        victim.signal(signal.SIGKILL)
        yield

    return fault


def both_killed(service: str) -> Fault:
    """kill -9 of both replicas of a service."""

    @contextmanager
    def fault(hub: Hub, chance: random.Random) -> Iterator[None]:
        for victim in hub.replicas(service):
            victim.signal(signal.SIGKILL)
        yield

    return fault


def stopped(name: str, for_s: float = 8.0) -> Fault:
    """One process hangs (SIGSTOP) and goes on later (SIGCONT) with whatever it was about."""

    @contextmanager
    def fault(hub: Hub, chance: random.Random) -> Iterator[None]:
        victim = hub.processes[name] if name == GATEWAY else chance.choice(hub.replicas(name))
        victim.signal(signal.SIGSTOP)
        time.sleep(for_s)
        victim.signal(signal.SIGCONT)
        yield

    return fault


@contextmanager
def broker_killed(hub: Hub, chance: random.Random) -> Iterator[None]:
    """All nodes of the broker die; they are started again after three seconds."""
    for node in hub.broker.nodes:
        node.kill()
    time.sleep(3)
    hub.broker.restart(hub.broker.nodes)
    yield


@contextmanager
def queue_leader_killed(hub: Hub, chance: random.Random) -> Iterator[None]:
    """The node that leads a queue of events dies; it is started again after three seconds."""
    service = chance.choice(("reporting", "activities", "notifications"))
    leader = hub.broker.leader(topology.events_queue(service))
    leader.kill()
    time.sleep(3)
    hub.broker.restart([leader])
    yield


@contextmanager
def primary_killed(hub: Hub, chance: random.Random) -> Iterator[None]:
    """The database's primary dies; it is started again once another has been elected."""
    primary = hub.mongo.primary()
    if primary is not None:
        primary.kill()
        end = time.monotonic() + 30
        while hub.mongo.primary() is None:
            assert time.monotonic() < end, "no other primary was elected within 30 s"
            time.sleep(0.2)
        primary.launch()
    yield


@contextmanager
def connections_cut(hub: Hub, chance: random.Random) -> Iterator[None]:
    """For some seconds answers are cut in the middle, then all connections at once."""
    for _ in range(10):
        hub.front.cut_answers(2)
        time.sleep(0.3)
    hub.front.cut_answers(0)
    hub.front.drop_all()
    yield


@contextmanager
def broker_connections_cut(hub: Hub, chance: random.Random) -> Iterator[None]:
    """Every connection to the broker is cut, whoever's."""
    hub.balancer.drop_all()
    yield


@contextmanager
def memory_alarm(hub: Hub, chance: random.Random) -> Iterator[None]:
    """The broker says that it has no memory left, and takes nothing from publishers."""
    node = hub.broker.nodes[0]
    node.ctl("set_vm_memory_high_watermark", "absolute", "1MB")
    try:
        time.sleep(5)
    finally:
        node.ctl("set_vm_memory_high_watermark", "0.4")
    yield


@contextmanager
def disk_alarm(hub: Hub, chance: random.Random) -> Iterator[None]:
    """Likewise for the disk."""
    node = hub.broker.nodes[0]
    node.ctl("set_disk_free_limit", "100000GB")
    try:
        time.sleep(5)
    finally:
        node.ctl("set_disk_free_limit", "50MB")
    yield


@contextmanager
def repeated_and_shuffled(hub: Hub, chance: random.Random) -> Iterator[None]:
    """Events of any age are published again, out of order."""
    with hub.client() as client:
        for producer in ("participants", "activities"):
            _publish_again(hub, client, producer, chance)
    yield


def clock_jumps(service: str) -> Fault:
    """The wall clock under one replica jumps some minutes and after a while back."""

    @contextmanager
    def fault(hub: Hub, chance: random.Random) -> Iterator[None]:
        hub.jump_clock(service, chance.choice((-1, 1)) * chance.randint(60, 240))
        try:
            time.sleep(5)
        finally:
            hub.jump_clock(service, 0)
        yield

    return fault


def _publish_again(
    hub: Hub, client: MongoClient[dict[str, Any]], producer: str, chance: random.Random
) -> None:
    sample: list[Mapping[str, object]] = [{"$sample": {"size": REPEATED}}]
    rows = list(client[producer].outbox.aggregate(sample))
    chance.shuffle(rows)
    messages = []
    for start in range(0, len(rows), 20):
        by_type: dict[str, list[bytes]] = {}
        for row in rows[start : start + 20]:
            kind = EventKind.of(row)
            key = topology.event_key(kind.type, kind.version, older=kind.older)
            by_type.setdefault(key, []).append(bytes(row["body"]))
        messages += [
            Message(topology.EXCHANGE, kind, b"[" + b",".join(bodies) + b"]", BATCH_CONTENT_TYPE)
            for kind, bodies in by_type.items()
        ]
    chance.shuffle(messages)
    if messages:
        publish_raw(hub.amqp_admin_uri(), messages)


FAULTS: dict[str, Fault] = {
    **{f"{name} killed": killed(name) for name in (*SERVICES, GATEWAY)},
    **{f"both {name} killed": both_killed(name) for name in SERVICES},
    **{f"{name} hangs 8 s": stopped(name) for name in (*SERVICES, GATEWAY)},
    # Longer than the broker and the leases wait for it: others have taken over when it goes on.
    **{f"{name} hangs 30 s": stopped(name, 30.0) for name in SERVICES},
    "broker killed": broker_killed,
    "queue leader killed": queue_leader_killed,
    "primary killed": primary_killed,
    "clients' connections cut": connections_cut,
    "broker's connections cut": broker_connections_cut,
    "broker's memory alarm": memory_alarm,
    "broker's disk alarm": disk_alarm,
    "events repeated, shuffled": repeated_and_shuffled,
    **({f"clock of {name} jumps": clock_jumps(name) for name in SERVICES} if FAKETIME else {}),
}
