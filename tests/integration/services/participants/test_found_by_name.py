"""People are found by each spelling of a name, by how it begins, and in spite of a slip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import people
from services.participants.layout import MARKED, MARKS
from services.participants.store import ParticipantStore
from services.participants.store.marking import renew
from services.participants.store.proof import prove
from tests.integration.services.participants.participants_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    found,
    opened,
    push,
)
from tests.world.items import person

SPELLINGS = {
    "Coulibaly": "Koulibaly",
    "Fatoumata": "Fatimata",
    "N'Diaye": "N Diaye",
    "Cissé": "Sissé",
    "Diallo": "Jallow",
}


@pytest.fixture
def store(db: Database[dict[str, Any]], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


@pytest.mark.parametrize(("written", "asked"), SPELLINGS.items(), ids=SPELLINGS)
def test_each_spelling_of_a_name_finds_the_other(
    store: ParticipantStore, written: str, asked: str
) -> None:
    one = person(given_name="Awa", family_name=written)
    other = person(given_name="Awa", family_name=asked)
    push(store, one, other, person(given_name="Awa", family_name="Togola"))
    both = {one["id"], other["id"]}
    assert found(store, text=asked) == found(store, text=f"{written.upper()} awa") == both


def test_a_name_is_found_by_how_it_begins(store: ParticipantStore) -> None:
    her = person(given_name="Aminata", family_name="Sangaré")
    push(store, her, person(given_name="Oumar", family_name="Keïta"))
    for text in ("ami", "sang", "Sangar", "amin san"):
        assert found(store, text=text) == {her["id"]}, text
    assert found(store, text="am") == found(store, text="ami kei") == set()


def test_a_slip_is_borne_with_where_nobody_is_found_without(store: ParticipantStore) -> None:
    her = person(given_name="Awa", family_name="Sangaré")
    him = person(given_name="Ali", family_name="Coulibaly")
    push(store, her, him)
    for text in ("Couliqaly", "Coulialy", "Coulibatly", "Ali Coulimaly"):
        assert found(store, text=text) == {him["id"]}, text
    slipped = person(given_name="Ali", family_name="Couligaly")
    push(store, slipped)
    assert found(store, text="Couligaly") == {slipped["id"]}
    page = {"caller": MALI, "filter": {"text": "Couligaly"}, "first": 1}
    [cursor] = people.list_people(page, store)["cursors"]
    assert people.list_people({**page, "after": cursor}, store)["items"] == []


def test_a_chapter_finds_its_own_people_alone_and_the_same_name_is_marked_otherwise_elsewhere(
    store: ParticipantStore,
) -> None:
    here, there = (person(given_name="Awa", family_name="Diallo", chapter=c) for c in ("ML", "NE"))
    push(store, here, there, caller=SECRETARIAT)
    assert found(store, text="Jallow") == {here["id"]}
    assert found(store, NIGER, text="Jallow") == {there["id"]}
    assert found(store, SECRETARIAT, text="Jallow") == {here["id"], there["id"]}
    one, other = store.people.collection.find()
    assert set(one["names"]).isdisjoint(other["names"])


def test_marks_of_the_release_before_are_renewed_and_people_are_found_meanwhile(
    store: ParticipantStore,
) -> None:
    her, him = person(family_name="Coulibaly"), person(given_name="Ali", family_name="Sy")
    push(store, her, him)
    as_now = {each["_id"]: each for each in store.people.collection.find()}
    mark = store.cipher.marks("ML")
    exact = [mark("name", word) for word in ("aminata", "coulibaly")]
    store.people.collection.update_one(
        {"_id": her["id"]}, {"$set": {"names": exact}, "$unset": {MARKED: True}}
    )
    assert found(store, text="Coulibaly") == {her["id"]}
    assert found(store, text="Koulibaly") == set()
    assert prove(store)["unreadable"] == []
    assert renew(store) == 1
    assert {each["_id"]: each for each in store.people.collection.find()} == as_now
    assert as_now[her["id"]][MARKED] == MARKS
    assert found(store, text="Koulibaly") == {her["id"]}
    assert renew(store) == 0
