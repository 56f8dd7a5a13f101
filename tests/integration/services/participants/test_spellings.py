"""A person is one however the name is typed, composed or cut in words, and a blank says nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import people
from services.participants.store import ParticipantStore
from tests.integration.services.participants.participants_world import (
    MALI,
    emitted,
    found,
    opened,
    push,
    read,
    statuses,
)
from tests.world.items import person

UNSEEN = {
    "zero width space": "\u200b",
    "soft hyphen": "\u00ad",
    "left-to-right mark": "\u200e",
    "byte order mark": "\ufeff",
    "tags": "\U000e0041\U000e007f",
}
SPELLINGS = ("N Diaye", "N'Diaye", "N’Diaye", "NDiaye", "N. Diaye", "n ́diaye", "Nʼdiaye")


@pytest.fixture
def store(db: Database[dict[str, Any]], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


def duplicates(store: ParticipantStore) -> list[list[str]]:
    items = people.possible_duplicates({"caller": MALI}, store)["items"]
    return [sorted(each["ids"]) for each in items]


def test_a_blank_leaves_what_is_stored_and_blanks_about_a_code_do_not_matter(
    store: ParticipantStore,
) -> None:
    her = person(phone="76 12 34 56")
    push(store, her)
    blank = {"phone": "   ", "email": "\u200b", "given_name": "\u00a0", "sex": "female "}
    assert statuses(push(store, {"id": her["id"], **blank})) == ["UNCHANGED"]
    [kept] = read(store, her["id"])
    assert (kept["phone"], kept["sex"], kept["given_name"]) == ("+22376123456", "female", "Aminata")


@pytest.mark.parametrize("unseen", UNSEEN.values(), ids=UNSEEN)
def test_what_nobody_sees_in_a_name_makes_no_other_person(
    store: ParticipantStore, unseen: str
) -> None:
    her = person(given_name="Aminata", phone=None)
    twin = person(given_name=f"{unseen}Ami{unseen}nata{unseen}", phone=None)
    push(store, her, twin)
    assert {each["given_name"] for each in read(store, her["id"], twin["id"])} == {"Aminata"}
    again = {"id": her["id"], "given_name": f"Amin{unseen}ata"}
    assert statuses(push(store, again)) == ["UNCHANGED"]
    both = {her["id"], twin["id"]}
    assert found(store, text="aminata") == found(store, text=f"ami{unseen}nata") == both
    assert duplicates(store) == [sorted(both)]


def test_a_name_in_decomposed_form_is_the_same_name(store: ParticipantStore) -> None:
    her = person(given_name="Aïssé", family_name="Gonçalvès")
    push(store, her)
    apart = {n: unicodedata.normalize("NFD", her[n]) for n in ("given_name", "family_name")}
    assert apart["given_name"] != her["given_name"]
    assert statuses(push(store, {"id": her["id"], **apart})) == ["UNCHANGED"]
    assert len(emitted(store)) == 1
    assert found(store, text=unicodedata.normalize("NFD", "AÏSSÉ")) == {her["id"]}


@pytest.mark.parametrize("typed", SPELLINGS)
def test_a_name_with_a_prefix_is_found_however_the_prefix_is_set_off(
    store: ParticipantStore, typed: str
) -> None:
    all_of_them = [person(given_name="Awa", family_name=name) for name in SPELLINGS]
    push(store, *all_of_them, person(given_name="Awa", family_name="Diaye"))
    ids = {each["id"] for each in all_of_them}
    assert found(store, text=typed) == found(store, text=f"{typed} Awa") == ids


def test_an_initial_keeps_nobody_from_being_found(store: ParticipantStore) -> None:
    her = person(given_name="Awa B.", family_name="Traoré")
    push(store, her)
    for text in ("Traoré", "Awa Traoré", "B Traoré", "Traoré B Awa", "traore awa b"):
        assert found(store, text=text) == {her["id"]}, text
    assert found(store, text="Awa C Traoré") == set()
    assert found(store, text="traoré", place="ML.BOU") == {her["id"]}
