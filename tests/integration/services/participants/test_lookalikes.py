"""Whoever is pushed and looks like somebody of the same chapter is stored, and it is said whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import distinct, merging, people
from services.participants.store import ParticipantStore
from services.participants.store.marking import renew
from tests.integration.services.participants.participants_world import (
    MALI,
    SECRETARIAT,
    Item,
    opened,
    push,
    statuses,
)
from tests.world.items import person


@pytest.fixture
def store(db: Database[dict[str, Any]], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


def alike(receipts: list[Item]) -> list[list[str]]:
    """Of each row, whom it is told to be alike to."""
    return [
        [
            each
            for problem in receipt["problems"]
            if problem["code"] == "POSSIBLE_DUPLICATE"
            for each in problem["params"]["ids"]
        ]
        for receipt in receipts
    ]


def fatoumata(**otherwise: Any) -> Item:
    said = {"given_name": "Fatoumata", "family_name": "Coulibaly", "birth_year": 1988}
    return person(**{**said, "phone": None, "place": "ML.SIK", **otherwise})


def test_a_person_pushed_again_under_another_spelling_is_stored_and_the_first_is_named(
    store: ParticipantStore,
) -> None:
    her = fatoumata()
    assert alike(push(store, her)) == [[]]
    again = fatoumata(given_name="Koulibali", family_name="FATIMATA", birth_year=1989)
    dry = push(store, again, dry_run=True)
    receipts = push(store, again, fatoumata(given_name="Oumou", family_name="Sangaré"))
    assert statuses(receipts) == ["CREATED", "CREATED"]
    assert alike(receipts) == [[her["id"]], []]
    assert alike(dry) == [[her["id"]]]
    assert alike(push(store, again)) == [[]]  # it was so already


def test_the_same_phone_is_enough(store: ParticipantStore) -> None:
    her = fatoumata(phone="76 11 11 11")
    push(store, her)
    him = person(given_name="Ali", family_name="Sy", phone="+22376111111")
    assert alike(push(store, him)) == [[her["id"]]]


def test_those_of_one_push_are_told_of_each_other(store: ParticipantStore) -> None:
    her, again = fatoumata(), fatoumata(family_name="Koulibaly")
    assert alike(push(store, her, again)) == [[again["id"]], [her["id"]]]


def test_one_who_is_not_stored_is_named_to_nobody_else(store: ParticipantStore) -> None:
    tried, her = fatoumata(), fatoumata(family_name="Koulibaly")
    both = [
        {"caller": MALI, "items": [tried], "dry_run": True},
        {"caller": MALI, "items": [her]},
    ]
    answer = people.register({"pushes": both}, store)
    assert [alike(each["receipts"]) for each in answer["pushes"]] == [[[her["id"]]], [[]]]


def test_a_correction_tells_only_if_it_changes_whom_a_person_looks_like(
    store: ParticipantStore,
) -> None:
    her, other = fatoumata(), fatoumata(given_name="Oumou", family_name="Sangaré")
    push(store, her, other)
    same = {"id": other["id"], "given_name": "Fatimata", "family_name": "Koulibaly"}
    assert alike(push(store, same)) == [[her["id"]]]
    assert alike(push(store, {"id": other["id"], "language": "bm"})) == [[]]


def test_nobody_is_told_of_another_chapters_people(store: ParticipantStore) -> None:
    here, there = fatoumata(chapter="ML"), fatoumata(chapter="NE")
    receipts = push(store, here, there, caller=SECRETARIAT)
    assert statuses(receipts) == ["CREATED", "CREATED"]
    assert alike(receipts) == [[], []]
    one, other = ({each["mark"] for each in p["alike"]} for p in store.people.collection.find())
    assert one.isdisjoint(other)


def test_who_is_withdrawn_or_known_not_to_be_the_same_is_not_named(
    store: ParticipantStore,
) -> None:
    her, again, third = fatoumata(), fatoumata(), fatoumata()
    push(store, her, again, third)
    push(store, {"id": third["id"], "reason": "a double"}, use=people.withdraw)
    distinct.decide({"caller": MALI, "ids": [her["id"], again["id"]]}, store)
    correction = {"id": her["id"], "birth_year": 1987}
    assert alike(push(store, correction)) == [[]]
    distinct.take_back({"caller": MALI, "ids": [her["id"], again["id"]]}, store)
    assert alike(push(store, {"id": her["id"], "birth_year": 1988})) == [[again["id"]]]


def test_a_name_that_many_of_a_place_have_is_said_of_those_alone_who_are_of_one_age(
    store: ParticipantStore,
) -> None:
    many = [fatoumata(birth_year=None if year == 1950 else year) for year in range(1950, 1995, 9)]
    push(store, *many)
    assert alike(push(store, fatoumata(birth_year=None))) == [[]]
    assert alike(push(store, fatoumata(birth_year=1969))) == [[many[2]["id"]]]


def test_what_speaks_against_it_outweighs_what_is_alike(store: ParticipantStore) -> None:
    her = fatoumata(sex="female")
    push(store, her)
    others = ({"sex": "male"}, {"birth_year": 1991}, {"place": "ML.MOP"}, {"family_name": "Diarra"})
    for each in others:
        one = fatoumata(**{"sex": "female", **each})
        assert alike(push(store, one, dry_run=True)) == [[]], each


def test_the_remark_is_on_the_row_that_was_said_under_a_former_id(store: ParticipantStore) -> None:
    her, loser, other = fatoumata(), fatoumata(family_name="Sangaré"), fatoumata(given_name="Oumou")
    push(store, her, loser, other)
    request = {"caller": MALI, "winner": her["id"], "losers": [loser["id"]], "reason": "one"}
    merging.merge(request, store)
    receipts = push(store, {"id": loser["id"], "given_name": "Umu", "family_name": "Koulibaly"})
    assert alike(receipts) == [[other["id"]]]
    assert alike(push(store, fatoumata(family_name="Sangaré"))) == [[]]


def test_possible_duplicates_tell_whether_names_are_the_same_or_spelt_otherwise(
    store: ParticipantStore,
) -> None:
    same = [fatoumata(), fatoumata(given_name="FATOUMATA")]
    otherwise = [fatoumata(given_name=name, family_name="Diallo") for name in ("Awa", "Hawa")]
    otherwise[1]["family_name"] = "Jallow"
    push(store, *same, *otherwise)
    groups = people.possible_duplicates({"caller": MALI}, store)["items"]
    assert {tuple(each["ids"]): each["reasons"] for each in groups} == {
        tuple(sorted(each["id"] for each in same)): [
            "same_name_and_birth_year", "same_name_and_place",
        ],
        tuple(sorted(each["id"] for each in otherwise)): [
            "like_name_and_birth_year", "like_name_and_place",
        ],
    }  # fmt: skip


def test_who_is_marked_by_the_release_before_is_named_once_marks_are_renewed(
    store: ParticipantStore,
) -> None:
    her = fatoumata()
    push(store, her)
    old = [{"by": "same_name_and_place", "mark": b"of the release before"}]
    before = {"$set": {"marked": 1, "alike": old}}
    store.people.collection.update_one({"_id": her["id"]}, before)
    again = fatoumata(family_name="Koulibaly")
    assert alike(push(store, again, dry_run=True)) == [[]]
    assert renew(store) == 1
    assert alike(push(store, again)) == [[her["id"]]]


def test_a_likeness_that_very_many_share_tells_nobody_apart(store: ParticipantStore) -> None:
    crowd = [fatoumata() for _ in range(26)]
    assert alike(push(store, *crowd)) == [[]] * 26
    few = [fatoumata(family_name="Sangaré") for _ in range(3)]
    assert all(alike(push(store, *few)))
