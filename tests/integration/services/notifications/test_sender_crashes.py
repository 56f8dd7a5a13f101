"""Senders that end, die or share the work miss nothing and lose no order."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from services.notifications.rules import model
from services.notifications.store.endpoint_queues import EndpointQueues
from services.notifications.store.feed import NotificationStore
from tests.integration.services.notifications.webhooks_world import StartSender, state_of
from tests.notified import grow
from tests.receiver import Receiver
from tests.stack import wait_for


def test_nothing_is_missed_over_restarts(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
) -> None:
    identifier = endpoint(receiver)
    growing = threading.Thread(target=lambda: [grow(store, 5) for _ in range(30)])
    growing.start()
    for round_ in range(1, 6):
        sender = start_sender()
        reached = round_ * 20
        wait_for(lambda reached=reached: len(receiver.received) >= reached)  # type: ignore[misc]
        sender.stop()
    growing.join()
    start_sender()
    wait_for(lambda: state_of(store, identifier).last_position == 150)

    assert receiver.cursors == list(range(1, 151))


def test_two_replicas_share_the_endpoints_without_sending_twice(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
) -> None:
    with Receiver() as second:
        one, two = endpoint(receiver), endpoint(second)
        senders = [start_sender(), start_sender()]
        for _ in range(10):
            grow(store, 4)
            for sender in senders:
                sender.wake()
        wait_for(
            lambda: state_of(store, one).last_position == state_of(store, two).last_position == 40
        )

        assert receiver.cursors == second.cursors == list(range(1, 41))


def test_a_lane_whose_holder_died_is_taken_over_when_its_lease_ends(
    store: NotificationStore, receiver: Receiver, endpoint: Callable[..., str]
) -> None:
    grow(store, 2)
    endpoint(receiver)
    dead, heir = EndpointQueues(store, "dead", lease_s=1), EndpointQueues(store, "heir")
    (held,) = dead.take((), 5)
    assert heir.take((), 5) == []

    taken: list[model.Endpoint] = []

    def takes() -> bool:
        taken.extend(heir.take((), 5))
        return bool(taken)

    wait_for(takes)

    assert [each.id for each in taken] == [held.id]
    assert dead.moved(held, 1) is None, "who lost the lease moves no cursor"
    assert state_of(store, held.id).last_position == 0


def test_an_item_whose_delivery_was_not_noted_is_sent_again_under_its_id(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Crash(Exception):
        pass

    def crash(*_: object) -> None:
        raise Crash

    grow(store, 2)
    identifier = endpoint(receiver)
    with monkeypatch.context() as broken:
        broken.setattr(EndpointQueues, "moved", crash)
        sender = start_sender()
        wait_for(lambda: receiver.received)
        sender.stop()
    store.endpoints.update_one({}, [{"$set": {"lease_until": "$$NOW"}}])  # its lease has ended
    start_sender()
    wait_for(lambda: state_of(store, identifier).last_position == 2)

    assert receiver.cursors == [1, 1, 2]
    assert receiver.received[0].id == receiver.received[1].id
