"""Every version of a person and of a nomination is kept, sealed by the person's own key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import history, nominations, people
from services.participants.store import ParticipantStore
from shared.errors import Forbidden, NotFound, Refused, Unavailable
from shared.ids import new_id
from shared.store import vault
from tests.integration.services.participants.before_world import as_before
from tests.integration.services.participants.participants_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    opened,
    push,
    statuses,
)
from tests.walking import walk
from tests.world.items import nomination, person

Item = dict[str, Any]


@pytest.fixture
def key() -> bytes:
    return os.urandom(96)


@pytest.fixture
def store(db: Database[Item], mongo_uri: str, key: bytes) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri, key) as store:
        yield store


def asked(identifier: str, kind: str = "participant", caller: Any = MALI, **more: Any) -> Item:
    return {"caller": caller, "kind": kind, "id": identifier, **more}


@pytest.fixture
def her(store: ParticipantStore) -> str:
    """A person of five versions."""
    her = str(new_id())
    push(store, person(id=her, given_name="Awa", phone="79318624"))
    push(store, {"id": her, "given_name": "Fanta"}, caller=SECRETARIAT)
    push(store, {"id": her, "clear": ["phone"]})
    push(store, {"id": her, "reason": "asked for it"}, use=people.withdraw)
    push(store, {"id": her, "reason": "is back"}, use=people.reinstate)
    return her


def test_every_version_of_a_person_reads_as_it_was(store: ParticipantStore, her: str) -> None:
    told = history.history(asked(her), store)["items"]
    assert [(each["version"], each["kind"], each["actor"], each["reason"]) for each in told] == [
        (5, "reinstated", "key-of-mali", "is back"),
        (4, "withdrawn", "key-of-mali", "asked for it"),
        (3, "corrected", "key-of-mali", None),
        (2, "corrected", "key-of-the-secretariat", None),
        (1, "registered", "key-of-mali", None),
    ]
    read = [(each["record"]["given_name"], bool(each["record"]["phone"])) for each in told]
    assert read == [("Fanta", False)] * 3 + [("Fanta", True), ("Awa", True)]
    assert history.version(asked(her, version=1), store)["item"]["given_name"] == "Awa"
    found = history.compare({**asked(her), "from": 1, "to": 3}, store)["items"]
    assert [tuple(each.values()) for each in found] == [
        ("given_name", "Awa", "Fanta"),
        ("phone", "79318624", None),
    ]


def test_the_change_log_tells_what_changed_oldest_first(store: ParticipantStore, her: str) -> None:
    log = walk(lambda **page: history.changes(asked(her, **page), store), 2)
    assert [(each["version"], each["kind"]) for each in log] == [
        (1, "registered"),
        (2, "corrected"),
        (3, "corrected"),
        (4, "withdrawn"),
        (5, "reinstated"),
    ]
    assert log[1]["changed"] == {"given_name": {"before": "Awa", "after": "Fanta"}}
    assert set(log[2]["changed"]) == {"phone"}
    assert set(log[3]["changed"]) == {"status_reason", "withdrawn"}
    assert {"given_name", "consent.given_on"} <= set(log[0]["changed"])
    assert history.changes(asked(her, last=1), store)["items"] == log[-1:]


def test_versions_of_a_nomination_are_kept_with_the_reasons(
    store: ParticipantStore, her: str
) -> None:
    one = nomination(her, activity_id=new_id())
    push(store, one, use=nominations.nominate)
    decided = {"id": one["id"], "status": "selected", "reason": "speaks for all"}
    assert statuses(push(store, decided, use=nominations.nominate)) == ["UPDATED"]

    told = history.history(asked(one["id"], "nomination"), store)["items"]

    assert [(each["kind"], each["reason"], each["record"]["status"]) for each in told] == [
        ("decided", "speaks for all", "selected"),
        ("proposed", None, "proposed"),
    ]


def test_only_who_may_read_the_person_reads_their_versions(
    store: ParticipantStore, her: str
) -> None:
    for use, more in (
        (history.history, {}),
        (history.changes, {}),
        (history.version, {"version": 1}),
        (history.compare, {"from": 1, "to": 2}),
    ):
        assert use(asked(her, caller=SECRETARIAT) | more, store)
        with pytest.raises(NotFound):
            use(asked(her, caller=NIGER) | more, store)
        with pytest.raises(Forbidden):
            use(asked(her, caller={"role": "partner"}) | more, store)
        with pytest.raises(Refused, match="UNKNOWN_KIND"):
            use(asked(her, "activity") | more, store)
    with pytest.raises(NotFound):
        history.version(asked(her, version=6), store)


def test_without_the_persons_key_no_version_opens(store: ParticipantStore, her: str) -> None:
    vault.person_keys(vault.of(store.db)).delete_one({"_id": her})
    for version in range(1, 6):
        with pytest.raises(Refused, match="DAMAGED_RECORD"):
            history.version(asked(her, version=version), store)
    kept = list(store.db["versions"].find())
    assert len(kept) == 4
    for document in kept:
        bare = {**document, "_id": her}
        with pytest.raises(Unavailable, match="KEY_LOST"):
            store.people.decode_all([bare])


def test_a_version_lies_sealed_and_is_found_by_nothing(store: ParticipantStore, her: str) -> None:
    for document in store.db["versions"].find():
        assert document["_id"].startswith(f"{her}:")
        assert not document.keys() & {"names", "phone", "email", "alike"}
        assert not {"given_name", "phone", "status_reason"} & document["content"].keys()
    page = people.list_people({"caller": MALI, "filter": {"text": "awa"}}, store)
    assert page["items"] == []


def test_what_the_release_before_sealed_is_kept_under_the_persons_own_key(
    store: ParticipantStore, db: Database[Item], mongo_uri: str, key: bytes
) -> None:
    one = person(given_name="Awa")
    push(store, one)
    as_before(store, key)
    with opened(db, mongo_uri, key) as now:
        push(now, {"id": one["id"], "given_name": "Fanta"})
        told = history.history(asked(one["id"]), now)["items"]
        assert [each["record"]["given_name"] for each in told] == ["Fanta", "Awa"]
        kept = now.db["versions"].find_one() or {}
        assert kept["form"] == 2
