"""Partners manage their webhooks: each its own, secrets shown once, mistakes named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from services.notifications.handlers import endpoints
from services.notifications.rules.model import Attempt
from services.notifications.sealing import Sealer
from services.notifications.store.feed import NotificationStore, from_attempt
from shared.errors import Conflict, Forbidden, NotFound, Refused
from shared.ids import new_id
from tests.notified import CHAPTER, OPERATOR, OTHER, PARTNER, grow
from tests.walking import plans, walk

URL = "https://partner.example/hook"


def create(
    store: NotificationStore,
    sealer: Sealer,
    caller: dict[str, Any] | None = None,
    start: object = None,
    **fields: Any,
) -> dict[str, Any]:
    return endpoints.create_endpoint(
        {
            "caller": caller or PARTNER,
            "endpoint": {"id": new_id(), "url": URL, **fields},
            "from": start,
        },
        store,
        sealer,
        allow_private=False,
    )


def update(store: NotificationStore, caller: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return endpoints.update_endpoint(
        {"caller": caller, "endpoint": fields}, store, allow_private=False
    )


def test_a_new_endpoint_starts_at_the_feeds_end_and_shows_its_secret_once(
    store: NotificationStore, sealer: Sealer
) -> None:
    grow(store, 3)
    made = create(store, sealer, description="ours", filter={"chapters": ["ML"]})
    (listed,) = endpoints.list_endpoints({"caller": PARTNER}, store)["items"]

    assert made["secret"].startswith("whsec_")
    assert listed["id"] == made["endpoint"]["id"]
    assert (listed["cursor"], listed["behind"], listed["state"]) == ("3", 0, "active")
    assert listed["filter"] == {"types": [], "chapters": ["ML"], "schema_version": 1}
    assert not any("secret" in name and listed[name] for name in listed)


def test_a_key_has_a_bounded_number_of_endpoints(
    store: NotificationStore, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "ENDPOINTS_OF_ONE", 2)
    first, second = (create(store, sealer)["endpoint"]["id"] for _ in range(2))
    with pytest.raises(Refused, match="TOO_MANY_WEBHOOKS"):
        create(store, sealer)
    assert create(store, sealer, id=second)["secret"] is None, "made before, asked again"
    assert create(store, sealer, OTHER)["secret"], "another key's are its own"
    endpoints.delete_endpoint({"caller": PARTNER, "id": first}, store)
    assert create(store, sealer)["secret"]


def test_creating_the_same_endpoint_twice_makes_one_and_tells_no_secret(
    store: NotificationStore, sealer: Sealer
) -> None:
    identifier = new_id()
    create(store, sealer, id=identifier)
    again = create(store, sealer, id=identifier)

    assert again["secret"] is None
    assert len(endpoints.list_endpoints({"caller": PARTNER}, store)["items"]) == 1
    with pytest.raises(Refused) as refusal:
        create(store, sealer, OTHER, id=identifier)
    assert refusal.value.code == "ID_TAKEN"


def test_an_owner_sees_its_own_endpoints_and_an_operator_all(
    store: NotificationStore, sealer: Sealer
) -> None:
    mine = create(store, sealer)["endpoint"]["id"]
    theirs = create(store, sealer, OTHER)["endpoint"]["id"]

    def listed(caller: dict[str, Any]) -> set[str]:
        items = endpoints.list_endpoints({"caller": caller}, store)["items"]
        return {each["id"] for each in items}

    assert listed(PARTNER) == {mine}
    assert listed(OTHER) == {theirs}
    assert listed(OPERATOR) == {mine, theirs}
    attempts: tuple[Callable[[], Any], ...] = (
        lambda: update(store, PARTNER, id=theirs, paused=True),
        lambda: endpoints.delete_endpoint({"caller": PARTNER, "id": theirs}, store),
        lambda: endpoints.rotate_secret({"caller": PARTNER, "id": theirs}, store, sealer),
        lambda: endpoints.list_attempts({"caller": PARTNER, "endpoint_id": theirs}, store),
        lambda: endpoints.resend(
            {"caller": PARTNER, "endpoint_id": theirs, "positions": [1]}, store
        ),
    )
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()


def test_the_list_comes_in_pages(store: NotificationStore, sealer: Sealer) -> None:
    made = {create(store, sealer)["endpoint"]["id"] for _ in range(3)}

    def ask(**page: Any) -> dict[str, Any]:
        return endpoints.list_endpoints({"caller": PARTNER, **page}, store)

    assert [each["id"] for each in walk(ask, 2)] == sorted(made, reverse=True)
    assert walk(ask, 2, backwards=True) == walk(ask, 2)


def test_the_list_is_counted_and_narrowed_to_ids_of_which_strangers_are_not_there(
    store: NotificationStore, sealer: Sealer
) -> None:
    made = sorted((create(store, sealer)["endpoint"]["id"] for _ in range(3)), reverse=True)
    theirs = create(store, sealer, OTHER)["endpoint"]["id"]

    def ask(**asked: Any) -> dict[str, Any]:
        return endpoints.list_endpoints({"caller": PARTNER, **asked}, store)

    page = ask(last=1, count=True)
    assert ([each["id"] for each in page["items"]], page["total_count"]) == ([made[2]], 3)
    some = ask(ids=[made[2], theirs, made[0], new_id()], count=True)
    assert [each["id"] for each in some["items"]] == [made[0], made[2]]
    assert some["total_count"] == 2
    assert ask(ids=[])["items"] == []
    with pytest.raises(Refused) as refused:
        ask(ids=[made[0], "mine"])
    assert (refused.value.code, refused.value.params) == ("INVALID_ID", {"path": ["ids", 1]})


def test_attempts_are_read_from_either_end_by_their_index(
    store: NotificationStore, sealer: Sealer
) -> None:
    identifier = create(store, sealer)["endpoint"]["id"]
    at = datetime.now(UTC)
    for position in range(7):
        for endpoint in (identifier, *[new_id()] * 20):  # those of another lie between
            made = Attempt(endpoint, position, new_id(), 1, False, 204, None, 5, at, None)
            store.attempts.insert_one(from_attempt(made))

    def ask(**page: Any) -> dict[str, Any]:
        asked = {"caller": PARTNER, "endpoint_id": identifier}
        return endpoints.list_attempts({**asked, **page}, store)

    forwards = walk(ask, 3)
    assert {each["position"] for each in forwards} == set(range(7))
    assert walk(ask, 3, backwards=True) == forwards
    assert ask(first=1, count=True)["total_count"] == 7
    pages: list[dict[str, Any]] = [
        {"first": 2},
        {"last": 2},
        {"last": 2, "before": ask()["cursors"][4]},
    ]
    for page in pages:
        read = plans(store.db, "attempts", ask, **page)
        assert read == ["IXSCAN { endpoint_id: 1, _id: -1 }"]


def test_a_deleted_endpoint_is_gone_for_good(store: NotificationStore, sealer: Sealer) -> None:
    identifier = create(store, sealer)["endpoint"]["id"]

    assert endpoints.delete_endpoint({"caller": PARTNER, "id": identifier}, store) == {
        "id": identifier
    }

    assert endpoints.list_endpoints({"caller": PARTNER}, store)["items"] == []
    with pytest.raises(NotFound):
        update(store, PARTNER, id=identifier, paused=False)
    with pytest.raises(Refused):
        create(store, sealer, id=identifier)


def test_fields_that_are_not_given_stay(store: NotificationStore, sealer: Sealer) -> None:
    made = create(store, sealer, description="ours", filter={"types": ["activity.recorded"]})
    identifier = made["endpoint"]["id"]

    changed = update(store, PARTNER, id=identifier, url=f"{URL}/2")["endpoint"]

    assert changed["url"] == f"{URL}/2"
    assert changed["description"] == "ours"
    assert changed["filter"] == {
        "types": ["activity.recorded"],
        "chapters": [],
        "schema_version": 1,
    }


def test_two_changes_at_once_do_not_overwrite_each_other(
    store: NotificationStore, sealer: Sealer
) -> None:
    identifier = create(store, sealer)["endpoint"]["id"]
    seen = store.endpoint(identifier, None)
    assert seen is not None
    update(store, PARTNER, id=identifier, description="first")

    with pytest.raises(Conflict):
        store.transact(lambda tx: endpoints._changed(store, tx, seen, {"description": "second"}))


def test_a_late_retry_does_not_set_back_what_was_changed_since(
    store: NotificationStore, sealer: Sealer
) -> None:
    identifier, push_id = create(store, sealer)["endpoint"]["id"], new_id()

    def say(description: str, push_id: str | None = None) -> str:
        endpoint = {"id": identifier, "description": description}
        asked = {"caller": PARTNER, "endpoint": endpoint, "push_id": push_id}
        told = endpoints.update_endpoint(asked, store, allow_private=False)
        return str(told["endpoint"]["description"])

    assert [say("first", push_id), say("second"), say("first", push_id)] == [
        "first",
        "second",
        "second",
    ]


def test_a_retried_rotation_makes_no_second_secret(
    store: NotificationStore, sealer: Sealer
) -> None:
    made = create(store, sealer)
    asked = {"caller": PARTNER, "id": made["endpoint"]["id"], "push_id": new_id()}
    first = endpoints.rotate_secret(asked, store, sealer)["secret"]
    assert endpoints.rotate_secret(asked, store, sealer)["secret"] is None
    stored = store.endpoint(made["endpoint"]["id"], None)
    assert stored is not None
    opened = [sealer.open(each.sealed, stored.id) for each in stored.secrets]
    assert opened == [first, made["secret"]]


def test_a_retried_deletion_is_told_done(store: NotificationStore, sealer: Sealer) -> None:
    asked = {"caller": PARTNER, "id": create(store, sealer)["endpoint"]["id"], "push_id": new_id()}
    told = [endpoints.delete_endpoint(asked, store) for _ in range(2)]
    assert told == [{"id": asked["id"]}] * 2
    with pytest.raises(NotFound):
        endpoints.delete_endpoint({**asked, "push_id": new_id()}, store)


def test_a_retried_resend_posts_nothing_twice(store: NotificationStore, sealer: Sealer) -> None:
    identifier = create(store, sealer, start="beginning")["endpoint"]["id"]
    grow(store, 2)
    store.endpoints.update_one({"_id": identifier}, {"$set": {"cursor": 2}})
    asked = {"caller": PARTNER, "endpoint_id": identifier, "from": 1, "to": 2}
    asked["push_id"] = new_id()
    assert endpoints.resend(asked, store) == {"queued": 2}
    store.drop_resends([identifier])  # they are sent
    assert endpoints.resend(asked, store) == {"queued": 0}
    assert store.resends.count_documents({}) == 0


def test_a_second_rotation_ends_the_oldest_secret(store: NotificationStore, sealer: Sealer) -> None:
    made = create(store, sealer)
    request = {"caller": PARTNER, "id": made["endpoint"]["id"]}
    secrets = [
        made["secret"],
        endpoints.rotate_secret(request, store, sealer)["secret"],
        endpoints.rotate_secret(request, store, sealer)["secret"],
    ]

    stored = store.endpoint(made["endpoint"]["id"], None)
    assert stored is not None
    opened = [sealer.open(each.sealed, stored.id) for each in stored.secrets]
    assert opened == [secrets[2], secrets[1]]
    assert [each.expires_at is None for each in stored.secrets] == [True, False]


def test_a_chapters_webhook_carries_its_own_items_alone(
    store: NotificationStore, sealer: Sealer
) -> None:
    made = create(store, sealer, CHAPTER, filter={"chapters": ["SN", "ML"]})["endpoint"]

    assert made["filter"]["chapters"] == ["ML"]


def test_who_has_no_key_has_no_endpoints(store: NotificationStore, sealer: Sealer) -> None:
    with pytest.raises(Forbidden):
        create(store, sealer, {"role": "partner"})


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"url": "http://partner.example/"}, ["url"], "URL_NOT_HTTPS"),
        ({"url": "https://127.0.0.1/"}, ["url"], "ADDRESS_NOT_PUBLIC"),
        ({"url": "hook"}, ["url"], "INVALID_URL"),
        ({"url": None}, ["url"], "REQUIRED"),
        ({"id": "1"}, ["id"], "INVALID_ID"),
        ({"filter": {"types": ["activity.lost"]}}, ["filter", "types", 0], "UNKNOWN_CODE"),
        ({"filter": {"chapters": ["ML", "ML"]}}, ["filter", "chapters", 1], "REPEATED_VALUE"),
        ({"description": "x" * 201}, ["description"], "TOO_LONG"),
        ({"secret": "mine"}, ["secret"], "UNKNOWN_FIELD"),
        ({"filter": {"types": []}}, ["filter", "types"], "EMPTY_FILTER"),
        ({"filter": {"chapters": []}}, ["filter", "chapters"], "EMPTY_FILTER"),
    ],
)
def test_mistakes_are_named_by_field_and_code(
    store: NotificationStore,
    sealer: Sealer,
    fields: dict[str, Any],
    path: list[object],
    code: str,
) -> None:
    with pytest.raises(Refused) as refusal:
        create(store, sealer, **fields)

    assert refusal.value.code == "INVALID_INPUT"
    (problem,) = refusal.value.params["problems"]
    assert (problem["path"], problem["code"]) == (path, code)
    assert store.endpoints.count_documents({}) == 0


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"from": 5, "to": 4},
        {"from": 1, "to": 501},
        {"positions": list(range(1, 502))},
        {"positions": [0]},
    ],
)
def test_a_resend_says_what_and_not_too_much(
    store: NotificationStore, sealer: Sealer, asked: dict[str, Any]
) -> None:
    identifier = create(store, sealer)["endpoint"]["id"]

    with pytest.raises(Refused) as refusal:
        endpoints.resend({"caller": PARTNER, "endpoint_id": identifier, **asked}, store)
    assert refusal.value.code == "INVALID_INPUT"


def test_a_resend_leaves_out_what_the_endpoint_does_not_want(
    store: NotificationStore, sealer: Sealer
) -> None:
    identifier = create(store, sealer, start="beginning", filter={"chapters": ["SN"]})["endpoint"][
        "id"
    ]
    grow(store, 2)  # of Mali
    store.endpoints.update_one({"_id": identifier}, {"$set": {"cursor": 2}})

    assert endpoints.resend(
        {"caller": PARTNER, "endpoint_id": identifier, "from": 1, "to": 2}, store
    ) == {"queued": 0}
