"""A receipt tells all that is wrong with a person or a nomination at once, and repeats nothing that
names somebody."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as from_
from pymongo import MongoClient

from services.participants.handlers import nominations, people
from services.participants.schemas import NOMINATION, PERSON
from services.participants.store import ParticipantStore
from shared.ids import new_id
from tests.integration.services.participants.participants_world import (
    NIGER,
    SECRETARIAT,
    opened,
    problems,
    push,
    statuses,
)
from tests.world.faulty import (
    Fault,
    Item,
    expected,
    fault,
    given,
    in_order,
    mended,
    missing,
    several,
    speaks,
    spoilt,
    told,
)
from tests.world.items import CONSENT, nomination, person

THEIRS, NOBODY = new_id(), new_id()
ENGINE = ("id", "chapter", "expected_version", "clear")
tried = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def store(mongo_client: MongoClient[Item], mongo_uri: str) -> Iterator[ParticipantStore]:
    name = f"test_{os.urandom(6).hex()}"
    with opened(mongo_client[name], mongo_uri) as store:
        assert statuses(push(store, person(id=THEIRS), caller=NIGER)) == ["CREATED"]
        yield store
    mongo_client.drop_database(name)


ANY_RECORD = [
    given("id", "first", "INVALID_ID", also="expected_version"),
    given("chapter", "NE", "CHAPTER_NOT_YOURS"),
    given("chapter", "Mali", "UNKNOWN_CODE"),
    given("expected_version", "1", "NOT_A_NUMBER"),
    given("expected_version", 7, "VERSION_CONFLICT", also="id"),
    given("clear", ["names"], "UNKNOWN_FIELD", 0),
    given("colour", "red", "UNKNOWN_FIELD"),
]
AGE = {"age": 30, "age_on": "2021-11-04"}


def _beside_age(spoiled: Fault) -> Fault:
    """An age and its day go together: the one that is right stands by."""

    def spoil(item: Item) -> None:
        item |= AGE
        spoiled.spoil(item)

    return fault(" ".join(spoiled.touches), spoil, *spoiled.problems)


SECRET = "Fatoumata"  # what must not come back
PEOPLE = [
    *ANY_RECORD,
    fault(
        "given_name family_name",
        lambda item: item.update(given_name=None, family_name=None),
        ("NAME_REQUIRED", ("family_name",)),
    ),
    given("given_name", SECRET * 20, "TOO_LONG"),
    given("family_name", f"{SECRET}\x00", "CONTROL_CHARACTER"),
    given("phone", f"ask {SECRET}", "INVALID_PHONE"),
    given("email", f"{SECRET} at home", "INVALID_EMAIL"),
    given("external_ref", SECRET * 20, "TOO_LONG"),
    given("sex", "femlae", "UNKNOWN_CODE"),
    given("birth_year", 2999, "IN_FUTURE"),
    given("birth_year", SECRET, "NOT_A_NUMBER"),
    given("age", 30, "REQUIRED", also="age_on", at="age_on"),
    _beside_age(given("age", 130, "OUT_OF_RANGE", also="age_on")),
    _beside_age(given("age_on", "2199-01-01", "IN_FUTURE", also="age")),
    _beside_age(given("age_on", "then", "INVALID_DATE", also="age")),
    given("groups", ["youth", "elders"], "UNKNOWN_CODE", 1),
    given("washington_group", {"seeing": 5}, "OUT_OF_RANGE", "seeing"),
    given("place", "Nampala", "UNKNOWN_PLACE"),
    given("organisation_id", SECRET, "INVALID_ID"),
    missing("consent"),
    given("consent.purpose", [], "REQUIRED"),
    given("consent.given_on", "2199-01-01", "IN_FUTURE", also="consent.withdrawn_on"),
    given("consent.given_on", None, "REQUIRED", also="consent.withdrawn_on"),
    given(
        "consent.withdrawn_on",
        "2021-01-01",
        "CONSENT_ENDS_BEFORE_IT_BEGINS",
        also="consent.given_on",
    ),
    given("consent.by", SECRET.lower(), "UNKNOWN_CODE"),
]


@from_(faults=several(PEOPLE))
@tried
def test_all_faults_of_a_person_are_told_in_one_round(
    store: ParticipantStore, faults: list[Fault]
) -> None:
    good = person(consent=dict(CONSENT))
    item = spoilt(good, faults)

    [receipt] = push(store, item)

    assert told(receipt) == expected(faults)
    assert speaks(receipt)
    assert in_order(receipt, [*ENGINE, *PERSON.fields])
    again = mended(item, good, receipt)
    if {"age", "age_on"} & again.keys():
        again |= AGE
    assert statuses(push(store, again)) == ["CREATED"]


def test_no_receipt_repeats_a_name_a_number_or_an_address(store: ParticipantStore) -> None:
    faults = [each for each in PEOPLE if "consent.by" not in each.touches]  # a code, no text
    receipts = push(store, *(spoilt(person(phone="76123456"), [each]) for each in faults))
    said = orjson.dumps(receipts)
    assert set(statuses(receipts)) == {"REJECTED"}
    for secret in (SECRET, "Aminata", "Traor", "76123456"):
        assert secret.encode() not in said


NOMINATIONS = [
    *ANY_RECORD,
    missing("participant_id"),
    given("participant_id", "Awa", "INVALID_ID"),
    given("participant_id", NOBODY, "UNKNOWN_PARTICIPANT", also="chapter"),
    given("participant_id", THEIRS, "UNKNOWN_PARTICIPANT", also="chapter"),
    given("activity_id", None, "ACTIVITY_OR_PROJECT", also="project_id"),
    given("activity_id", "ours", "INVALID_ID"),
    given("project_id", NOBODY, "ACTIVITY_OR_PROJECT", also="activity_id", at="activity_id"),
    missing("proposer_group"),
    given("proposer_group", "elders", "UNKNOWN_CODE"),
    given("proposed_on", "then", "INVALID_DATE"),
    given("status", "asleep", "UNKNOWN_CODE", also="reason"),
    given("status", "selected", "REQUIRED", also="reason", at="reason"),
    given("reason", "x" * 501, "TOO_LONG", also="status"),
]


def nominate(store: ParticipantStore, *items: Item, **how: Any) -> list[Item]:
    return push(store, *items, use=nominations.nominate, **how)


@from_(faults=several(NOMINATIONS))
@tried
def test_all_faults_of_a_nomination_are_told_in_one_round(
    store: ParticipantStore, faults: list[Fault]
) -> None:
    who = person()
    push(store, who)
    good = nomination(who["id"], activity_id=new_id())
    item = spoilt(good, faults)

    [receipt] = nominate(store, item)

    assert told(receipt) == expected(faults)
    assert speaks(receipt)
    assert in_order(receipt, [*ENGINE, *NOMINATION.fields])
    again = mended(item, good, receipt)
    again = {name: value for name, value in again.items() if name != "project_id"}
    if "status" in again:
        again["reason"] = "agreed"
    assert statuses(nominate(store, again)) == ["CREATED"]


def test_each_fault_of_a_person_or_a_nomination_is_told(store: ParticipantStore) -> None:
    who = person()
    push(store, who)
    kinds: list[tuple[Any, list[Fault], Callable[[], Item]]] = [
        (people.register, PEOPLE, lambda: person(consent=dict(CONSENT))),
        (nominations.nominate, NOMINATIONS, lambda: nomination(who["id"], activity_id=new_id())),
    ]
    for use, faults, make in kinds:
        receipts = push(store, *(spoilt(make(), [each]) for each in faults), use=use)
        assert [told(receipt) for receipt in receipts] == [expected([each]) for each in faults]


def test_of_somebody_elsewhere_a_nomination_tells_no_more_than_of_nobody(
    store: ParticipantStore,
) -> None:
    activity = new_id()
    theirs = nomination(THEIRS, activity_id=activity)
    assert statuses(nominate(store, theirs, caller=NIGER)) == ["CREATED"]
    for chapter in ({}, {"chapter": "NE"}, {"chapter": "ML"}):
        known, nobody = (
            nominate(store, nomination(each, activity_id=activity, **chapter))
            for each in (THEIRS, NOBODY)
        )
        assert problems(known[0]) == problems(nobody[0])
        assert "UNKNOWN_PARTICIPANT" in problems(known[0])


def test_the_secretariat_is_told_of_nobody_and_not_to_name_a_chapter(
    store: ParticipantStore,
) -> None:
    item = nomination(NOBODY, activity_id=new_id())
    assert problems(nominate(store, item, caller=SECRETARIAT)[0]) == {
        "UNKNOWN_PARTICIPANT": ["participant_id"]
    }


def test_who_is_nominated_already_is_told_with_that_nomination(store: ParticipantStore) -> None:
    who = person()
    push(store, who)
    first, second = (nomination(who["id"], activity_id=NOBODY) for _ in range(2))
    [_, receipt] = nominate(store, first, second)
    [problem] = receipt["problems"]
    assert (problem["code"], problem["params"]) == ("ALREADY_NOMINATED", {"id": first["id"]})


def test_of_another_chapters_person_nothing_is_told_but_that_the_id_is_taken(
    store: ParticipantStore,
) -> None:
    wrong = {"id": THEIRS, "sex": "femlae", "expected_version": 9}
    [receipt] = push(store, wrong)
    assert receipt["problems"] == [{"code": "ID_TAKEN", "path": ["id"], "params": {}}]


def test_a_withdrawal_is_told_all_at_once_too(store: ParticipantStore) -> None:
    [receipt] = push(store, {"id": NOBODY, "reason": " "}, use=people.withdraw)
    assert problems(receipt) == {"NOT_FOUND": ["id"], "REQUIRED": ["reason"]}
