"""A receiver that fails is tried again, delays nobody else, and loses nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

from services.notifications.rules import model
from services.notifications.store.feed import ATTEMPTS_KEPT_S, NotificationStore
from tests.integration.services.notifications.webhooks_world import StartSender, attempts, state_of
from tests.notified import grow
from tests.receiver import Receiver, Reply
from tests.stack import wait_for


def test_a_failed_item_is_tried_again_before_any_later_one(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
    quick_retries: None,
) -> None:
    replies = iter([204, 500, 429, 302])
    receiver.answer = lambda _: Reply(next(replies, 204))
    grow(store, 3)
    identifier = endpoint(receiver)
    start_sender()
    wait_for(lambda: state_of(store, identifier).last_position == 3)

    assert receiver.cursors == [1, 2, 2, 2, 2, 3]
    assert len({each.id for each in receiver.received}) == 3
    assert len({each.body for each in receiver.received}) == 3
    tried = attempts(store, identifier)
    assert [(each["position"], each["number"], each["error"]) for each in tried] == [
        (1, 1, None),
        (2, 1, "STATUS"),
        (2, 2, "STATUS"),
        (2, 3, "REDIRECT"),
        (2, 4, None),
        (3, 1, None),
    ]
    assert [each["next_attempt_at"] is None for each in tried] == [
        each["error"] is None for each in tried
    ]
    assert state_of(store, identifier).last_error is None


def test_the_first_retry_waits_some_seconds_or_as_long_as_the_receiver_asks(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
) -> None:
    receiver.answer = lambda _: Reply(503, {"retry-after": "600"})
    grow(store, 1)
    identifier = endpoint(receiver)
    start_sender()
    wait_for(lambda: state_of(store, identifier).failures == 1)

    waits_s = (
        state_of(store, identifier).next_attempt_at - state_of(store, identifier).created_at
    ).total_seconds()
    assert 595 < waits_s < 615


def test_endpoints_that_hang_delay_nobody_else(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
) -> None:
    grow(store, 20)
    with Receiver() as dead:
        dead.answer = lambda _: dead.hang()
        hanging = [endpoint(dead) for _ in range(3)]
        healthy = endpoint(receiver)
        start_sender(timeout_s=4.0, concurrent=4)
        started = time.monotonic()
        wait_for(lambda: state_of(store, healthy).last_position == 20)

        assert time.monotonic() - started < 4.0
        assert [state_of(store, each).last_position for each in hanging] == [0, 0, 0]
        assert len(dead.received) == 3


def test_more_dead_endpoints_than_lanes_make_room_as_they_back_off(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
) -> None:
    grow(store, 5)
    with Receiver() as dead:
        dead.answer = lambda _: dead.hang()
        for _ in range(6):
            endpoint(dead)
        healthy = endpoint(receiver)
        start_sender(timeout_s=0.5, concurrent=2)
        wait_for(lambda: state_of(store, healthy).last_position == 5)


def test_an_endpoint_that_stays_down_is_failing_but_nothing_is_dropped(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
    quick_retries: None,
) -> None:
    receiver.answer = lambda _: Reply(500)
    grow(store, 3)
    identifier = endpoint(receiver)
    start_sender()
    wait_for(lambda: state_of(store, identifier).state is model.State.FAILING)
    assert state_of(store, identifier).last_position == 0

    receiver.answer = lambda _: Reply()
    wait_for(lambda: state_of(store, identifier).last_position == 3)
    assert state_of(store, identifier).state is model.State.ACTIVE
    assert state_of(store, identifier).failures == 0


def test_attempts_are_kept_for_thirty_days(store: NotificationStore) -> None:
    indexes = store.attempts.index_information().values()

    assert ATTEMPTS_KEPT_S == 30 * 86400
    assert [
        each["key"] for each in indexes if each.get("expireAfterSeconds") == ATTEMPTS_KEPT_S
    ] == [[("at", 1)]]
