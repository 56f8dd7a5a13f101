"""Webhooks against a real database and real receivers: in order, signed, until they arrive."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.notifications.handlers import endpoints
from services.notifications.rules import model
from services.notifications.sealing import Sealer
from services.notifications.store.feed import ATTEMPTS_KEPT_S, NotificationStore
from services.notifications.store.lanes import Lanes
from services.notifications.transports.posting import Poster
from services.notifications.transports.sender import Pace, Sender
from shared.ids import new_id
from shared.store.mongo import Document
from tests.notified import PARTNER, activity, grow
from tests.receiver import Received, Receiver, Reply
from tests.stack import wait_for

StartSender = Callable[..., Sender]


@pytest.fixture
def store(db: Database[Document]) -> NotificationStore:
    made = NotificationStore(db)
    made.ensure_indexes()
    return made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(b"k" * 32)


@pytest.fixture
def start_sender(store: NotificationStore, sealer: Sealer) -> Iterator[StartSender]:
    senders: list[Sender] = []

    def start(*, timeout_s: float = 5.0, lanes: int = 8) -> Sender:
        poster = Poster(allow_private=True, total_timeout_s=timeout_s)
        sender = Sender(store, poster, sealer, pace=Pace(lanes=lanes, turn_s=1.0, poll_s=0.05))
        sender.start()
        senders.append(sender)
        return sender

    yield start
    for sender in senders:
        sender.stop()


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "BACKOFF_S", (0.1,) * 7)


@pytest.fixture
def endpoint(store: NotificationStore, sealer: Sealer) -> Callable[..., str]:
    """Creates an endpoint at a receiver and returns its id."""

    def create(at: Receiver, start: object = "beginning", **fields: Any) -> str:
        made = endpoints.create_endpoint(
            {
                "caller": PARTNER,
                "endpoint": {"id": new_id(), "url": at.url, **fields},
                "from": start,
            },
            store,
            sealer,
            allow_private=True,
        )
        at.secrets = [made["secret"]]
        return str(made["endpoint"]["id"])

    return create


def update(store: NotificationStore, **fields: Any) -> dict[str, Any]:
    request = {"caller": PARTNER, "endpoint": fields}
    changed = endpoints.update_endpoint(request, store, allow_private=True)
    endpoint: dict[str, Any] = changed["endpoint"]
    return endpoint


def attempts(store: NotificationStore, endpoint_id: str) -> list[dict[str, Any]]:
    """Oldest first."""
    request = {"caller": PARTNER, "endpoint_id": endpoint_id, "first": 200}
    items: list[dict[str, Any]] = endpoints.list_attempts(request, store)["items"]
    return items[::-1]


def state_of(store: NotificationStore, endpoint_id: str) -> model.Endpoint:
    found = store.endpoint(endpoint_id, None)
    assert found is not None
    return found


def test_items_arrive_signed_in_order_and_once(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
) -> None:
    events = grow(store, 60)
    identifier = endpoint(receiver)
    start_sender()
    wait_for(lambda: state_of(store, identifier).cursor == 60)

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
    corrected = activity(wanted.subject, 2, "corrected", "SN")
    endpoints.record_events([activity(), wanted, activity(), corrected, activity()], store)
    identifier = endpoint(receiver, filter={"chapters": ["SN"], "types": ["activity.recorded"]})
    start_sender()
    wait_for(lambda: state_of(store, identifier).cursor == 5)

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
    wait_for(lambda: state_of(store, identifier).cursor == 3)

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
        start_sender(timeout_s=4.0, lanes=4)
        started = time.monotonic()
        wait_for(lambda: state_of(store, healthy).cursor == 20)

        assert time.monotonic() - started < 4.0
        assert [state_of(store, each).cursor for each in hanging] == [0, 0, 0]
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
        start_sender(timeout_s=0.5, lanes=2)
        wait_for(lambda: state_of(store, healthy).cursor == 5)


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
    assert state_of(store, identifier).cursor == 0

    receiver.answer = lambda _: Reply()
    wait_for(lambda: state_of(store, identifier).cursor == 3)
    assert state_of(store, identifier).state is model.State.ACTIVE
    assert state_of(store, identifier).failures == 0


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
    wait_for(lambda: state_of(store, identifier).cursor == 4)
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
        wait_for(lambda: state_of(store, running).cursor == 3)
        assert receiver.received == []

        update(store, id=paused, paused=False)
        wait_for(lambda: state_of(store, paused).cursor == 3)
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
        wait_for(lambda: state_of(store, identifier).cursor == 2, deadline_s=3)
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
        wait_for(lambda: state_of(store, deleted).cursor == 1)
        endpoints.delete_endpoint({"caller": PARTNER, "id": deleted}, store)
        grow(store, 2)
        wait_for(lambda: state_of(store, running).cursor == 3)

    assert receiver.cursors == [1]
    assert len(attempts(store, deleted)) == 1
    assert state_of(store, deleted).secrets == ()


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
    wait_for(lambda: state_of(store, identifier).cursor == 150)

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
        wait_for(lambda: state_of(store, one).cursor == state_of(store, two).cursor == 40)

        assert receiver.cursors == second.cursors == list(range(1, 41))


def test_a_lane_whose_holder_died_is_taken_over_when_its_lease_ends(
    store: NotificationStore, receiver: Receiver, endpoint: Callable[..., str]
) -> None:
    grow(store, 2)
    endpoint(receiver)
    dead, heir = Lanes(store, "dead", lease_s=1), Lanes(store, "heir")
    (held,) = dead.take((), 5)
    assert heir.take((), 5) == []

    taken: list[model.Endpoint] = []

    def takes() -> bool:
        taken.extend(heir.take((), 5))
        return bool(taken)

    wait_for(takes)

    assert [each.id for each in taken] == [held.id]
    assert dead.moved(held, 1) is None, "who lost the lease moves no cursor"
    assert state_of(store, held.id).cursor == 0


def test_what_a_new_filter_wants_is_not_skipped_by_the_old_one(
    store: NotificationStore, receiver: Receiver, endpoint: Callable[..., str]
) -> None:
    grow(store, 2)
    identifier = endpoint(receiver, filter={"types": ["concern.recorded"]})
    lanes = Lanes(store, "sender")
    (as_read,) = lanes.take((), 5)
    update(store, id=identifier, filter={"types": ["activity.recorded"]})

    now = lanes.skipped(as_read, 2)

    assert now is not None, "the lease is still held"
    assert (now.cursor, now.filter.types) == (0, ("activity.recorded",))
    passed = lanes.skipped(now, 2)
    assert passed is not None
    assert passed.cursor == 2


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
        broken.setattr(Lanes, "moved", crash)
        sender = start_sender()
        wait_for(lambda: receiver.received)
        sender.stop()
    store.endpoints.update_one({}, [{"$set": {"lease_until": "$$NOW"}}])  # its lease has ended
    start_sender()
    wait_for(lambda: state_of(store, identifier).cursor == 2)

    assert receiver.cursors == [1, 1, 2]
    assert receiver.received[0].id == receiver.received[1].id


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
    wait_for(lambda: state_of(store, identifier).cursor == 5)
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
    assert state_of(store, identifier).cursor == 5
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
    monkeypatch.setattr(model, "BACKOFF_S", (0.05,) * 3)
    grow(store, 1)
    identifier = endpoint(receiver)
    start_sender()
    wait_for(lambda: state_of(store, identifier).cursor == 1)
    receiver.answer = lambda _: Reply(500)
    endpoints.resend({"caller": PARTNER, "endpoint_id": identifier, "positions": [1]}, store)
    wait_for(lambda: receiver.cursors == [1, 1, 1, 1])
    wait_for(lambda: store.resends.count_documents({}) == 0)

    assert attempts(store, identifier)[-1]["next_attempt_at"] is None
    assert state_of(store, identifier).state is model.State.ACTIVE


def test_for_a_day_both_secrets_sign_and_then_only_the_new_one(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
    sealer: Sealer,
) -> None:
    identifier = endpoint(receiver)
    (old,) = receiver.secrets
    rotated = endpoints.rotate_secret({"caller": PARTNER, "id": identifier}, store, sealer)
    new = rotated["secret"]
    receiver.secrets = [old, new]
    grow(store, 1)
    sender = start_sender()
    wait_for(lambda: len(receiver.received) == 1)
    assert receiver.received[0].genuine, "each of the two verifies it"
    assert rotated["endpoint"]["previous_secret_until"] is not None

    store.endpoints.update_one({}, [{"$set": {"secrets.expires_at": "$created_at"}}])
    kept = store.endpoints.find_one({})
    assert kept is not None
    kept["secrets"][0]["expires_at"] = None
    store.endpoints.update_one({}, {"$set": {"secrets": kept["secrets"]}})
    grow(store, 1)
    sender.wake()
    wait_for(lambda: len(receiver.received) == 2)
    last: Received = receiver.received[1]
    assert len(last.headers["webhook-signature"].split()) == 1
    receiver.secrets = [new]
    assert receiver._genuine(last.headers, last.body)
    receiver.secrets = [old]
    assert not receiver._genuine(last.headers, last.body)


def test_secrets_are_neither_in_the_database_nor_in_the_logs(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.answer = lambda _: Reply(500)
    grow(store, 1)
    identifier = endpoint(receiver, description="ours")
    secret = receiver.secrets[0]
    start_sender()
    wait_for(lambda: state_of(store, identifier).failures == 1)

    raw = "".join(
        str(document)
        for name in store.db.list_collection_names()
        for document in store.db[name].find()
    )
    plain = secret.removeprefix("whsec_")
    assert "ours" in raw
    assert plain not in raw
    assert plain not in caplog.text
    assert "localhost" not in "".join(
        each.getMessage()
        for each in caplog.records
        if each.name.startswith(("httpcore", "services"))
    )


def test_a_secret_that_cannot_be_opened_is_a_failure_like_another(
    store: NotificationStore, receiver: Receiver, endpoint: Callable[..., str]
) -> None:
    grow(store, 1)
    identifier = endpoint(receiver)
    sender = Sender(store, Poster(allow_private=True), Sealer(b"x" * 32), pace=Pace(poll_s=0.05))
    sender.start()
    try:
        wait_for(lambda: state_of(store, identifier).failures == 1)
    finally:
        sender.stop()

    assert receiver.received == []
    assert state_of(store, identifier).last_error == "SECRET_UNREADABLE"


def test_attempts_are_kept_for_thirty_days(store: NotificationStore) -> None:
    indexes = store.attempts.index_information().values()

    assert ATTEMPTS_KEPT_S == 30 * 86400
    assert [
        each["key"] for each in indexes if each.get("expireAfterSeconds") == ATTEMPTS_KEPT_S
    ] == [[("at", 1)]]
