"""People who may be one and the same are shown to their chapter, with what they share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import people
from services.participants.store import ParticipantStore
from tests.integration.services.participants.participants_world import (
    MALI,
    SECRETARIAT,
    opened,
    push,
    statuses,
)
from tests.walking import walk
from tests.world.items import person


@pytest.fixture
def store(db: Database[dict[str, Any]], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


def duplicates(store: ParticipantStore, *sizes: int, **request: Any) -> list[dict[str, Any]]:
    def ask(**page: Any) -> dict[str, Any]:
        return people.possible_duplicates({"caller": MALI, **request, **page}, store)

    return walk(ask, *sizes)


def test_people_who_may_be_the_same_are_told_with_the_reasons(store: ParticipantStore) -> None:
    twins = [
        person(given_name="Awa", family_name="Ba", phone="76 11 11 11", birth_year=1980),
        person(given_name="BA", family_name="Awa", phone="+22376111111", birth_year=1981),
    ]
    same_mail = [
        person(given_name=name, family_name="Sow", email="Sow@example.org", birth_year=None)
        for name in ("Ali", "Binta")
    ]
    neighbours = [
        person(given_name="Oumar", family_name="Sy", birth_year=year) for year in (1950, 1990)
    ]
    strangers = [
        person(given_name="Ami", family_name="Dia", birth_year=1980, place="ML.06"),
        person(given_name="Ami", family_name="Dia", birth_year=1982, place="ML.01"),
    ]
    elsewhere = person(given_name="Awa", family_name="Ba", phone="+22376111111", birth_year=1980)
    people = [*twins, *same_mail, *neighbours, *strangers, elsewhere | {"chapter": "NE"}]
    receipts = push(store, *({"chapter": "ML"} | each for each in people), caller=SECRETARIAT)
    assert set(statuses(receipts)) == {"CREATED"}
    groups = {tuple(each["ids"]): each["reasons"] for each in duplicates(store, 1)}
    assert groups == {
        ids_of(twins): ["same_name_and_birth_year", "same_name_and_place", "same_phone"],
        ids_of(same_mail): ["same_email"],
        ids_of(neighbours): ["same_name_and_place"],
    }


def test_a_withdrawn_twin_is_no_duplicate_any_more(store: ParticipantStore) -> None:
    twins = [person(), person()]
    push(store, *twins)
    assert [group["count"] for group in duplicates(store)] == [2]
    push(store, {"id": twins[0]["id"], "reason": "twin"}, use=people.withdraw)
    assert duplicates(store) == []


def ids_of(people: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(sorted(each["id"] for each in people))
