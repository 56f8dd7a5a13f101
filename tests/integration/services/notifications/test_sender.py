"""Webhooks against a real database and real receivers: in order, signed, until they arrive."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.notifications.handlers import endpoints, feed
from services.notifications.rules import model, retries
from services.notifications.sealing import Sealer
from services.notifications.store.feed import NotificationStore
from services.notifications.transports.posting import Poster
from services.notifications.transports.sender import Pace, Sender
from tests.integration.services.notifications.webhooks_world import StartSender, attempts, state_of
from tests.notified import PARTNER, grow
from tests.receiver import Receiver, Reply
from tests.stack import wait_for
from tests.world.events import activity


def test_items_arrive_signed_in_order_and_once(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
) -> None:
    events = grow(store, 60)
    identifier = endpoint(receiver)
    start_sender()
    wait_for(lambda: state_of(store, identifier).last_position == 60)

    assert receiver.cursors == list(range(1, 61))
    assert all(each.genuine for each in receiver.received)
    assert [each.id for each in receiver.received] == [event.id for event in events]
    assert [each.event["id"] for each in receiver.received] == [event.id for event in events]
    tried = attempts(store, identifier)
    assert [each["position"] for each in tried] == list(range(1, 61))
    assert {(each["status"], each["error"], each["number"]) for each in tried} == {(204, None, 1)}


def test_a_growing_feed_is_sent_at_once_when_woken(
    store: NotificationStore,
    receiver: Receiver,
    endpoint: Callable[..., str],
    sealer: Sealer,
) -> None:
    endpoint(receiver, start="now")
    sender = Sender(store, Poster(allow_private=True), sealer, pace=Pace(poll_s=60))
    sender.start()
    try:
        grow(store, 1)
        sender.wake()
        wait_for(lambda: receiver.received, deadline_s=5)
    finally:
        sender.stop()


def test_what_is_not_wanted_is_passed_over(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
) -> None:
    wanted = activity(chapter="SN")
    corrected = activity(wanted.subject, 2, "corrected", chapter="SN")
    feed.record_events([activity(), wanted, activity(), corrected, activity()], store)
    identifier = endpoint(receiver, filter={"chapters": ["SN"], "types": ["activity.recorded"]})
    start_sender()
    wait_for(lambda: state_of(store, identifier).last_position == 5)

    assert [each.id for each in receiver.received] == [wanted.id]


@pytest.mark.parametrize(("start", "first"), [("beginning", 1), ("now", 4), ("2", 3)])
def test_an_endpoint_starts_where_its_owner_says(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
    start: str,
    first: int,
) -> None:
    grow(store, 3)
    endpoint(receiver, start=start)
    grow(store, 1)
    start_sender()
    wait_for(lambda: 4 in receiver.cursors)

    assert receiver.cursors == list(range(first, 5))


def test_items_are_sent_again_on_request_under_their_first_id(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
    quick_retries: None,
) -> None:
    grow(store, 5)
    identifier = endpoint(receiver)
    sender = start_sender()
    wait_for(lambda: state_of(store, identifier).last_position == 5)
    first_ids = {each.event["cursor"]: each.id for each in receiver.received}
    receiver.received.clear()
    replies = iter([500])
    receiver.answer = lambda _: Reply(next(replies, 204))

    asked = {"caller": PARTNER, "endpoint_id": identifier}
    assert endpoints.resend({**asked, "from": 2, "to": 3}, store) == {"queued": 2}
    assert endpoints.resend({**asked, "positions": [5, 99]}, store) == {"queued": 1}
    sender.wake()
    wait_for(lambda: store.resends.count_documents({}) == 0)

    assert receiver.cursors == [2, 3, 5, 2], "the failed one comes later, and delays nobody"
    assert all(first_ids[each.event["cursor"]] == each.id for each in receiver.received)
    again = [each for each in attempts(store, identifier) if each["resend"]]
    assert [(each["position"], each["error"]) for each in again] == [
        (2, "STATUS"),
        (3, None),
        (5, None),
        (2, None),
    ]
    assert state_of(store, identifier).last_position == 5
    assert state_of(store, identifier).failures == 0


def test_a_resend_does_not_hurry_what_has_to_wait(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
) -> None:
    receiver.answer = lambda got: Reply(500 if got.event["cursor"] == "2" else 204)
    grow(store, 2)
    identifier = endpoint(receiver)
    sender = start_sender()
    wait_for(lambda: state_of(store, identifier).failures == 1)
    endpoints.resend({"caller": PARTNER, "endpoint_id": identifier, "positions": [1]}, store)
    sender.wake()
    wait_for(lambda: store.resends.count_documents({}) == 0)
    sender.stop()

    assert receiver.cursors == [1, 2, 1]


def test_a_resend_is_given_up_after_the_schedule(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retries, "BACKOFF_S", (0.05,) * 3)
    grow(store, 1)
    identifier = endpoint(receiver)
    start_sender()
    wait_for(lambda: state_of(store, identifier).last_position == 1)
    receiver.answer = lambda _: Reply(500)
    endpoints.resend({"caller": PARTNER, "endpoint_id": identifier, "positions": [1]}, store)
    wait_for(lambda: receiver.cursors == [1, 1, 1, 1])
    wait_for(lambda: store.resends.count_documents({}) == 0)

    assert attempts(store, identifier)[-1]["next_attempt_at"] is None
    assert state_of(store, identifier).state is model.State.ACTIVE
