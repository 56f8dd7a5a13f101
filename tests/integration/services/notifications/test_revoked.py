"""Endpoints of a revoked key: closed for good, whatever is under way in that moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from services.notifications.handlers import endpoints
from services.notifications.rules import retries
from services.notifications.rules.model import State
from services.notifications.sealing import Sealer
from services.notifications.store.endpoint_queues import EndpointQueues
from services.notifications.store.feed import NotificationStore
from services.notifications.transports.posting import Poster
from services.notifications.transports.sender import Pace, Sender
from shared.errors import Conflict, Forbidden, Refused
from shared.ids import new_id
from tests.notified import OPERATOR, OTHER, PARTNER, grow
from tests.receiver import Receiver, Reply
from tests.stack import wait_for

URL = "https://partner.example/hook"
KEY = PARTNER["key_id"]


@pytest.fixture
def other() -> Iterator[Receiver]:
    """Of another key, which is never revoked."""
    with Receiver() as running:
        yield running


@pytest.fixture
def sender(store: NotificationStore, sealer: Sealer) -> Iterator[Sender]:
    made = Sender(store, Poster(allow_private=True), sealer, pace=Pace(concurrent=4, poll_s=0.05))
    yield made
    made.stop()


@pytest.fixture
def create(store: NotificationStore, sealer: Sealer) -> Callable[..., str]:
    """Creates an endpoint from the feed's beginning and returns its id."""

    def make(caller: dict[str, Any] = PARTNER, url: str = URL, identifier: str = "") -> str:
        request = {
            "caller": caller,
            "endpoint": {"id": identifier or new_id(), "url": url},
            "from": "beginning",
        }
        made = endpoints.create_endpoint(request, store, sealer, allow_private=True)
        return str(made["endpoint"]["id"])

    return make


def revoke(store: NotificationStore, *keys: str) -> int:
    request = {"caller": OPERATOR, "owners": list(keys or (KEY,))}
    closed: int = endpoints.revoke_owners(request, store)["closed"]
    return closed


def update(store: NotificationStore, caller: dict[str, Any], **fields: Any) -> None:
    endpoints.update_endpoint({"caller": caller, "endpoint": fields}, store, allow_private=True)


def states(store: NotificationStore) -> dict[str, str]:
    """As an operator sees them."""
    items = endpoints.list_endpoints({"caller": OPERATOR}, store)["items"]
    return {each["id"]: each["state"] for each in items}


def cursor(store: NotificationStore, endpoint_id: str) -> int:
    found = store.endpoint(endpoint_id, None)
    assert found is not None
    return found.last_position


def test_whatever_state_they_are_in_they_are_closed_and_the_operator_sees_why(
    store: NotificationStore, create: Callable[..., str]
) -> None:
    mine = {state: create() for state in State}
    for state, identifier in mine.items():
        store.endpoints.update_one({"_id": identifier}, {"$set": {"state": state}})
    deleted, already = mine.pop(State.DELETED), mine[State.REVOKED]
    theirs = create(OTHER)
    endpoints.resend({"caller": OTHER, "endpoint_id": theirs, "positions": [1]}, store)
    at = store.endpoint(theirs, None).created_at  # type: ignore[union-attr]
    store.transact(lambda tx: store.queue_resends(tx, already, [1], at))

    assert revoke(store) == len(mine) - 1

    assert states(store) == {**dict.fromkeys(mine.values(), "revoked"), theirs: "active"}
    kept = {each["_id"]: len(each["secrets"]) for each in store.endpoints.find()}
    assert {kept[each] for each in mine.values() if each != already} == {0}
    assert (kept[theirs], kept[deleted]) == (1, 1), "not touched"
    assert store.resends.count_documents({}) == 0


def test_revoked_twice_closes_nothing_more(
    store: NotificationStore, create: Callable[..., str]
) -> None:
    create()
    assert (revoke(store), revoke(store)) == (1, 0)


@pytest.mark.parametrize("caller", [PARTNER, OPERATOR], ids=["owner", "operator"])
def test_nobody_brings_one_back(
    store: NotificationStore, create: Callable[..., str], sealer: Sealer, caller: dict[str, Any]
) -> None:
    identifier = create()
    revoke(store)
    for attempt in (
        lambda: update(store, caller, id=identifier, paused=False),
        lambda: update(store, caller, id=identifier, url=f"{URL}/2"),
        lambda: endpoints.rotate_secret({"caller": caller, "id": identifier}, store, sealer),
        lambda: endpoints.resend(
            {"caller": caller, "endpoint_id": identifier, "positions": [1]}, store
        ),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.code == "KEY_REVOKED"
    assert states(store) == {identifier: "revoked"}
    endpoints.delete_endpoint({"caller": caller, "id": identifier}, store)
    assert states(store) == {}


def test_a_revoked_key_gets_no_new_one(
    store: NotificationStore, create: Callable[..., str]
) -> None:
    revoke(store, KEY, "key-without-webhooks")
    for caller in (PARTNER, {"role": "partner", "key_id": "key-without-webhooks"}):
        with pytest.raises(Refused) as refusal:
            create(caller)
        assert refusal.value.code == "KEY_REVOKED"
    assert store.endpoints.count_documents({}) == 0
    assert create(OTHER)


def test_one_that_is_being_made_meanwhile_is_closed_as_well(
    store: NotificationStore, create: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = store.count_endpoints
    revoking = threading.Thread(target=revoke, args=(store,))

    def revoked_meanwhile(*args: Any, **kwargs: Any) -> int:
        if not revoking.ident:
            revoking.start()
            revoking.join(0.5)  # if it could finish now, the endpoint would outlive it
        return counted(*args, **kwargs)

    monkeypatch.setattr(store, "count_endpoints", revoked_meanwhile)
    identifier = create()
    revoking.join(10)
    assert states(store) == {identifier: "revoked"}


def test_of_many_made_while_the_key_is_revoked_none_is_left_open(
    store: NotificationStore, create: Callable[..., str]
) -> None:
    refused: list[str] = []

    def keep_creating() -> None:
        try:
            while True:
                create(identifier=(identifier := new_id()))
                endpoints.delete_endpoint({"caller": PARTNER, "id": identifier}, store)
        except (Refused, Conflict) as refusal:
            refused.append(refusal.code)

    creating = [threading.Thread(target=keep_creating) for _ in range(4)]
    for each in creating:
        each.start()
    wait_for(lambda: store.endpoints.count_documents({}) > 8)
    revoke(store)
    for each in creating:
        each.join(20)
    assert len(refused) == 4, "each comes to an end"
    assert set(states(store).values()) <= {"revoked"}


def test_a_change_that_its_owner_had_begun_does_not_undo_it(
    store: NotificationStore, create: Callable[..., str]
) -> None:
    identifier = create()
    # Changed in this very millisecond, by a clock that goes before the database's.
    store.endpoints.update_one(
        {}, [{"$set": {"updated_at": {"$add": ["$$NOW", 60_000]}, "state": "paused"}}]
    )
    seen = store.endpoint(identifier, KEY)
    assert seen is not None
    revoke(store)
    with pytest.raises(Conflict):
        store.transact(lambda tx: endpoints._changed(store, tx, seen, {"state": State.ACTIVE}))
    assert states(store) == {identifier: "revoked"}


def test_its_receiver_gets_nothing_more_and_the_others_do(
    store: NotificationStore,
    receiver: Receiver,
    other: Receiver,
    sender: Sender,
    create: Callable[..., str],
) -> None:
    revoked, running = create(url=receiver.url), create(OTHER, url=other.url)
    grow(store, 1)
    sender.start()
    wait_for(lambda: cursor(store, revoked) == cursor(store, running) == 1)
    revoke(store)
    grow(store, 2)
    wait_for(lambda: cursor(store, running) == 3)
    assert receiver.cursors == [1]
    assert cursor(store, revoked) == 1


def test_a_lane_under_way_ends_after_the_post_it_is_about(
    store: NotificationStore,
    receiver: Receiver,
    other: Receiver,
    sender: Sender,
    create: Callable[..., str],
) -> None:
    def answer(_: object) -> Reply:
        return Reply(before=lambda: revoke(store))

    receiver.answer = answer
    create(url=receiver.url)
    running = create(OTHER, url=other.url)
    grow(store, 10)
    sender.start()
    wait_for(lambda: receiver.received)
    grow(store, 10)
    wait_for(lambda: cursor(store, running) == 20)
    sender.stop()
    assert receiver.cursors == [1]


def test_what_waits_for_its_next_try_is_not_tried(
    store: NotificationStore,
    receiver: Receiver,
    other: Receiver,
    sender: Sender,
    create: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retries, "BACKOFF_S", (0.5,) * 7)
    receiver.answer = lambda _: Reply(500)
    failing, running = create(url=receiver.url), create(OTHER, url=other.url)
    grow(store, 1)
    sender.start()
    wait_for(lambda: store.attempts.count_documents({"endpoint_id": failing}) == 1)
    revoke(store)
    tried = len(receiver.received)
    due = store.endpoints.find_one({"_id": failing}) or {}
    wait_for(
        lambda: store.endpoints.count_documents(
            {"_id": failing, "$expr": {"$lt": [due["next_attempt_at"], "$$NOW"]}}
        )
    )
    grow(store, 1)
    sender.wake()
    wait_for(lambda: cursor(store, running) == 2)
    assert len(receiver.received) == tried
    assert states(store)[failing] == "revoked"


def test_closed_in_the_moment_its_lane_was_taken_it_is_not_posted_to(
    store: NotificationStore, receiver: Receiver, sender: Sender, create: Callable[..., str]
) -> None:
    create(url=receiver.url)
    grow(store, 1)
    (taken,) = sender._queues.take((), 1)
    revoke(store)
    seen = store.endpoint(taken.id, None)
    assert seen is not None
    sender._serve(seen)
    assert receiver.received == []
    assert EndpointQueues(store, "another").take((), 1) == []
    sender.start()  # so that it can be stopped


@pytest.mark.parametrize(
    "owners", [None, "partner-1", [], [1], [None], ["k"] * 501], ids=lambda each: str(each)[:20]
)
def test_what_names_no_keys_is_refused(store: NotificationStore, owners: Any) -> None:
    with pytest.raises(Refused, match="MALFORMED"):
        endpoints.revoke_owners({"caller": OPERATOR, "owners": owners}, store)


def test_only_operators_close_other_keys_endpoints(
    store: NotificationStore, create: Callable[..., str]
) -> None:
    identifier = create()
    with pytest.raises(Forbidden):
        endpoints.revoke_owners({"caller": OTHER, "owners": [KEY]}, store)
    assert states(store) == {identifier: "active"}


def test_as_many_as_a_key_may_have_are_made_at_the_same_time_and_no_more(
    store: NotificationStore, create: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "ENDPOINTS_OF_ONE", 3)
    refused: list[str] = []

    def make() -> None:
        try:
            create()
        except Refused as refusal:
            refused.append(refusal.code)

    making = [threading.Thread(target=make) for _ in range(6)]
    for each in making:
        each.start()
    for each in making:
        each.join(20)
    assert refused == ["TOO_MANY_WEBHOOKS"] * 3
    assert len(states(store)) == 3
