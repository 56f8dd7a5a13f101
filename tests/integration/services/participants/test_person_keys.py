"""Each person is sealed by a key of their own: without it nothing of them opens, all else does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from operations.archive.keys import put_back
from operations.archive.taking import take
from operations.sealed import look, troubles
from services.participants.handlers import nominations, people
from services.participants.store import ParticipantStore
from services.participants.store.cipher import Unreadable
from services.participants.store.proof import prove
from shared.errors import Unavailable
from shared.ids import new_id
from shared.store import vault
from tests.integration.services.participants.participants_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    opened,
    push,
    read,
    statuses,
)
from tests.world.items import nomination, person

Item = dict[str, Any]


@pytest.fixture
def store(db: Database[Item], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri, os.urandom(96)) as store:
        yield store


def keys_of(store: ParticipantStore) -> Any:
    return vault.person_keys(vault.of(store.db))


def found(store: ParticipantStore, caller: Any = SECRETARIAT, **asked: Any) -> set[str]:
    page = people.list_people({"caller": caller, "filter": asked}, store)
    return {each["id"] for each in page["items"]}


def test_each_person_has_a_key_that_comes_and_stays_with_them(store: ParticipantStore) -> None:
    one, other = person(), person()
    push(store, one, other)
    before = {each["_id"]: each["keyMaterial"] for each in keys_of(store).find()}
    assert before.keys() == {one["id"], other["id"]}
    assert len(set(before.values())) == 2
    assert {len(each) for each in before.values()} == {60}

    push(store, {"id": one["id"], "given_name": "Fanta"})
    push(store, nomination(one["id"], activity_id=new_id()), use=nominations.nominate)

    assert {each["_id"]: each["keyMaterial"] for each in keys_of(store).find()} == before


def test_what_is_not_stored_leaves_no_key(store: ParticipantStore) -> None:
    push(store, person(), dry_run=True)
    push(store, person(), person(consent=None), mode="all_or_nothing")
    assert keys_of(store).count_documents({}) == 0


def test_without_their_key_nothing_of_a_person_opens_and_nobody_else_is_touched(
    store: ParticipantStore,
) -> None:
    gone, stays = person(), person()
    push(store, gone, stays)
    proposed = nomination(gone["id"], activity_id=new_id(), status="selected", reason="speaks")
    assert statuses(push(store, proposed, use=nominations.nominate)) == ["CREATED"]
    keys_of(store).delete_one({"_id": gone["id"]})

    listed = people.list_people({"caller": MALI, "filter": {}}, store)
    assert ([each["id"] for each in listed["items"]], list(listed["skipped"])) == (
        [stays["id"]],
        [gone["id"]],
    )
    found = people.get_many({"caller": MALI, "ids": [gone["id"], stays["id"]]}, store)
    assert ([each["id"] for each in found["items"]], found["damaged"]) == (
        [stays["id"]],
        [gone["id"]],
    )
    with pytest.raises(Unavailable, match="KEY_LOST"):
        push(store, {"id": gone["id"], "given_name": "Fanta"})
    page = nominations.list_nominations({"caller": MALI, "filter": {}}, store)
    assert (page["items"], list(page["skipped"])) == ([], [proposed["id"]])
    with pytest.raises(Unavailable, match="KEY_LOST"):
        push(store, nomination(gone["id"], project_id=new_id()), use=nominations.nominate)
    assert keys_of(store).count_documents({}) == 1, "and no other key takes its place"
    assert read(store, stays["id"])[0]["given_name"] == stays["given_name"]


def test_a_key_that_is_gone_or_damaged_is_seen_by_service_and_operators(
    store: ParticipantStore,
) -> None:
    met = [person() for _ in range(12)]
    push(store, *met)
    assert prove(store)["keyless_count"] == 0
    assert list(troubles(look(store.db))) == []

    key = keys_of(store).find_one_and_delete({"_id": met[3]["id"]})
    [told] = troubles(look(store.db))
    assert "the keys of 1 people are gone" in told.text
    assert told.ids == {"people": [met[3]["id"]]}
    proof = prove(store)
    assert (proof["keyless"], proof["keyless_count"]) == ([met[3]["id"]], 1)

    damaged = key["keyMaterial"][:-1] + bytes((key["keyMaterial"][-1] ^ 1,))
    keys_of(store).insert_one({**key, "keyMaterial": damaged})
    proof = prove(store)
    assert proof["keyless_count"] == 0
    assert proof["unreadable"] == [{"collection": "people", "id": met[3]["id"]}]
    keys_of(store).replace_one({"_id": key["_id"]}, key)
    assert prove(store)["unreadable_count"] == 0
    assert list(troubles(look(store.db))) == []


def test_a_backup_puts_back_the_keys_of_people_who_are_stored_and_of_nobody_else(
    store: ParticipantStore, tmp_path: Path, mongo_client: MongoClient[Item]
) -> None:
    lost, damaged, erased, well = (person() for _ in range(4))
    push(store, lost, damaged, erased, well)
    names = (store.db.name, f"{store.db.name}_keys")
    manifest = take(mongo_client, names, tmp_path / "b", lambda *_: None, lambda _: [])
    late = person()
    push(store, late)
    kept = {each["_id"]: each for each in keys_of(store).find()}
    keys_of(store).delete_many({"_id": {"$in": [lost["id"], erased["id"]]}})
    keys_of(store).update_one({"_id": damaged["id"]}, {"$set": {"keyMaterial": b"x" * 60}})
    store.people.collection.delete_one({"_id": erased["id"]})
    prove(store)

    put = put_back(mongo_client, manifest, tmp_path / "b", store.db.name)

    assert set(put) == {lost["id"], damaged["id"]}
    del kept[erased["id"]]
    assert {each["_id"]: each for each in keys_of(store).find()} == kept
    assert prove(store)["unreadable_count"] == 0
    assert list(troubles(look(store.db))) == []


def test_a_sealed_value_opens_at_its_place_alone(store: ParticipantStore) -> None:
    one, other = person(), person()
    push(store, one, other)
    stored = store.people.collection
    first = stored.find_one({"_id": one["id"]}) or {}
    push(store, {"id": one["id"], "given_name": "Fanta"})
    mine, theirs = (stored.find_one({"_id": each["id"]}) or {} for each in (one, other))

    for forged in (
        {**mine, "sealed": theirs["sealed"]},
        {**mine, "chapter": "NE"},
        {**mine, "sealed": first["sealed"]},  # of the version before
        {**mine, "version": 1},
        {**theirs, "_id": mine["_id"], "version": 2},
        {**mine, "sealed": b""},
        {**mine, "sealed": bytes((9,)) + mine["sealed"][1:]},
    ):
        with pytest.raises(Unreadable):
            store.people.decode_all([forged])
    assert store.people.decode_all([mine])[0].content["given_name"] == "Fanta"

    a, b = (each["keyMaterial"] for each in keys_of(store).find().sort("_id", 1))
    swapped = dict(zip(sorted((one["id"], other["id"])), (b, a), strict=True))
    for identifier, material in swapped.items():
        keys_of(store).update_one({"_id": identifier}, {"$set": {"keyMaterial": material}})
    with pytest.raises(Unavailable, match="KEY_LOST"):
        store.people.decode_all([mine])


def test_equal_names_have_other_marks_in_another_chapter_and_all_are_found(
    store: ParticipantStore,
) -> None:
    said = {"phone": "+22379318624", "email": "awa@example.org"}
    here, there = person(**said), person(**said, place="NE")
    push(store, here)
    push(store, there, caller=NIGER)

    a, b = store.people.collection.find()
    for name in ("names", "phone", "email"):
        assert a[name] != b[name]
    assert not {each["mark"] for each in a["alike"]} & {each["mark"] for each in b["alike"]}
    both = {here["id"], there["id"]}
    name = f"{here['family_name']} {here['given_name']}"
    for asked in ({"text": name}, {"phone": said["phone"]}, {"email": said["email"]}):
        assert found(store, **asked) == both
        assert found(store, MALI, **asked) == {here["id"]}
        assert found(store, **asked, chapter="NE") == {there["id"]}
    assert found(store, text="nobody") == found(store, text="-") == set()
