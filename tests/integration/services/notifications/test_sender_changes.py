"""What an owner changes about a webhook holds at once, from its cursor on."""

from __future__ import annotations

from collections.abc import Callable

from services.notifications.handlers import endpoints
from services.notifications.rules import model
from services.notifications.store.endpoint_queues import EndpointQueues
from services.notifications.store.feed import NotificationStore
from tests.integration.services.notifications.webhooks_world import (
    StartSender,
    attempts,
    state_of,
    update,
)
from tests.notified import PARTNER, grow
from tests.receiver import Receiver, Reply
from tests.stack import wait_for


def test_gone_disables_the_endpoint_until_its_owner_resumes_it_from_the_cursor(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
) -> None:
    receiver.answer = lambda got: Reply(410 if got.event["cursor"] == "2" else 204)
    grow(store, 4)
    identifier = endpoint(receiver)
    sender = start_sender()
    wait_for(lambda: state_of(store, identifier).state is model.State.DISABLED)
    assert receiver.cursors == [1, 2]
    assert attempts(store, identifier)[-1]["next_attempt_at"] is None

    receiver.answer = lambda _: Reply()
    assert update(store, id=identifier, paused=False)["state"] == "active"
    sender.wake()
    wait_for(lambda: state_of(store, identifier).last_position == 4)
    assert receiver.cursors == [1, 2, 2, 3, 4]


def test_a_paused_endpoint_gets_nothing_and_resumes_where_it_stopped(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
) -> None:
    with Receiver() as other:
        paused, running = endpoint(receiver), endpoint(other)
        assert update(store, id=paused, paused=True)["state"] == "paused"
        grow(store, 3)
        start_sender()
        wait_for(lambda: state_of(store, running).last_position == 3)
        assert receiver.received == []

        update(store, id=paused, paused=False)
        wait_for(lambda: state_of(store, paused).last_position == 3)
        assert receiver.cursors == [1, 2, 3]


def test_a_new_url_is_tried_at_once(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
) -> None:
    grow(store, 2)
    with Receiver() as old:
        old.answer = lambda _: Reply(500)
        identifier = endpoint(old)
        start_sender()
        wait_for(lambda: state_of(store, identifier).failures == 1)

        update(store, id=identifier, url=receiver.url)
        wait_for(lambda: state_of(store, identifier).last_position == 2, deadline_s=3)
        assert receiver.cursors == [1, 2]


def test_a_deleted_endpoint_gets_nothing_more_and_keeps_its_attempts(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
) -> None:
    grow(store, 1)
    with Receiver() as other:
        deleted, running = endpoint(receiver), endpoint(other)
        start_sender()
        wait_for(lambda: state_of(store, deleted).last_position == 1)
        endpoints.delete_endpoint({"caller": PARTNER, "id": deleted}, store)
        grow(store, 2)
        wait_for(lambda: state_of(store, running).last_position == 3)

    assert receiver.cursors == [1]
    assert len(attempts(store, deleted)) == 1
    assert state_of(store, deleted).secrets == ()


def test_what_a_new_filter_wants_is_not_skipped_by_the_old_one(
    store: NotificationStore, receiver: Receiver, endpoint: Callable[..., str]
) -> None:
    grow(store, 2)
    identifier = endpoint(receiver, filter={"types": ["concern.recorded"]})
    queues = EndpointQueues(store, "sender")
    (as_read,) = queues.take((), 5)
    update(store, id=identifier, filter={"types": ["activity.recorded"]})

    now = queues.skipped(as_read, 2)

    assert now is not None, "the lease is still held"
    assert (now.last_position, now.filter.types) == (0, ("activity.recorded",))
    passed = queues.skipped(now, 2)
    assert passed is not None
    assert passed.last_position == 2
