"""What the release before sealed is read, found and corrected, and sealed anew meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from operations.doctor.encryption import check
from operations.sealed import look, troubles
from services.participants.handlers import nominations, people
from services.participants.store import ParticipantStore
from services.participants.store.keys import KeyLost
from services.participants.store.proof import prove
from services.participants.store.resealing import count_left, reseal
from shared.ids import new_id
from shared.store import vault
from tests.integration.services.participants.before_world import as_before
from tests.integration.services.participants.participants_world import (
    MALI,
    opened,
    push,
    read,
    statuses,
)
from tests.world.items import nomination, person

Item = dict[str, Any]
SAID = {"phone": "79 31 86 24", "email": "awa@example.org", "washington_group": {"seeing": 2}}


@pytest.fixture
def key() -> bytes:
    return os.urandom(96)


@pytest.fixture
def met() -> list[Item]:
    return [person(**SAID) for _ in range(5)]


@pytest.fixture
def store(
    db: Database[Item], mongo_uri: str, key: bytes, met: list[Item]
) -> Iterator[ParticipantStore]:
    """One that was written by the release before, and opened by this one."""
    with opened(db, mongo_uri, key) as first:
        push(first, *met)
        proposed = nomination(met[0]["id"], activity_id=new_id(), status="selected", reason="x")
        push(first, proposed, use=nominations.nominate)
        as_before(first, key)
        with opened(db, mongo_uri, key) as store:
            yield store


def shown(store: ParticipantStore) -> list[Any]:
    asked = {"caller": MALI, "filter": {}}
    listed = (people.list_people(asked, store), nominations.list_nominations(asked, store))
    return [page["items"] for page in listed]


def finish(store: ParticipantStore) -> int:
    passed_over = set[str]()
    while reseal(store, passed_over):
        pass
    return count_left(store)


def found(store: ParticipantStore, **asked: Any) -> int:
    return len(people.list_people({"caller": MALI, "filter": asked}, store)["items"])


def test_all_is_read_and_found_before_during_and_after(
    store: ParticipantStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.participants.store.resealing.PART", 2)
    before = shown(store)
    assert len(before[0]) == 5
    assert before[1][0]["reason"] == "x"

    for step in range(5):
        assert shown(store) == before, step
        for asked in ({"text": "aminata"}, {"phone": "79318624"}, {"email": SAID["email"]}):
            assert found(store, **asked) == 5, (step, asked)
        assert prove(store)["opened"] == 6
        assert list(troubles(look(store.db))) == []
        reseal(store, set())

    assert finish(store) == 0
    assert not store.cipher.needs_before
    assert store.people.collection.count_documents({"form": 2, "version": 1}) == 5
    assert vault.person_keys(vault.of(store.db)).count_documents({}) == 5
    vault.of(store.db).delete_one({"keyAltNames": "personal"})
    store.cipher.check()
    assert not store.cipher.lost
    assert shown(store) == before


def test_sealing_anew_may_be_repeated_and_says_nothing_to_anybody(store: ParticipantStore) -> None:
    events = store.outbox.collection.count_documents({})
    finish(store)
    whole = list(store.people.collection.find())
    finish(store)
    assert list(store.people.collection.find()) == whole
    assert store.outbox.collection.count_documents({}) == events


def test_a_correction_seals_under_the_persons_own_key(
    store: ParticipantStore, met: list[Item]
) -> None:
    assert statuses(push(store, {"id": met[1]["id"], "given_name": "Fanta"})) == ["UPDATED"]
    proposed = nomination(met[2]["id"], project_id=new_id())
    assert statuses(push(store, proposed, use=nominations.nominate)) == ["CREATED"]
    assert read(store, met[1]["id"])[0]["given_name"] == "Fanta"
    assert (store.people.collection.find_one({"_id": met[1]["id"]}) or {})["form"] == 2
    assert finish(store) == 0
    assert prove(store)["keyless_count"] == 0


def test_the_doctor_tells_until_it_is_done(
    store: ParticipantStore, mongo_client: MongoClient[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.doctor.encryption.SERVICE", store.db.name)
    prove(store)
    count_left(store)
    [finding, _] = check(mongo_client)
    assert "6 records are still sealed" in finding.found
    finish(store)
    [finding] = check(mongo_client)
    assert "opened" in finding.found


def test_what_cannot_be_opened_keeps_nobody_else_and_is_told(
    store: ParticipantStore, met: list[Item]
) -> None:
    broken = store.people.collection.find_one({"_id": met[2]["id"]}) or {}
    cut = type(broken["sealed"])(bytes(broken["sealed"])[:-4] + bytes(4), 6)
    store.people.collection.update_one({"_id": broken["_id"]}, {"$set": {"sealed": cut}})
    assert finish(store) == 1
    assert store.cipher.needs_before
    assert [each["id"] for each in prove(store)["unreadable"]] == [broken["_id"]]


def test_the_key_of_the_release_before_is_missed_as_long_as_it_is_needed(
    store: ParticipantStore, db: Database[Item], mongo_uri: str, key: bytes
) -> None:
    held = vault.of(store.db).find_one_and_delete({"keyAltNames": "personal"})
    store.cipher.check()
    assert store.cipher.lost
    with pytest.raises(KeyLost, match="restore the vault"):
        store.ensure_indexes()
    assert held
    vault.of(store.db).insert_one(held)
    store.cipher.check()
    assert not store.cipher.lost
