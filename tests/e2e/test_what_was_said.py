"""What an officer says is what the hub keeps: corrections, repetitions, gaps, odd values."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from deploy.local.stack import Stack
from shared.ids import new_id
from tests.e2e.client import Client
from tests.e2e.officer import Officer, codes
from tests.stack import wait_for
from tests.world import graphql
from tests.world.graphql import session


@pytest.fixture(scope="module")
def mali(stack: Stack) -> Officer:
    key = Client(stack.hub_url, stack.admin_key).key("chapter", "ML")
    return Officer(Client(stack.hub_url, key))


@pytest.fixture
def person(mali: Officer) -> str:
    key: str = mali.person()["id"]
    return key


@pytest.fixture
def training(mali: Officer) -> tuple[str, str, str]:
    """An activity and the sessions of its two days."""
    first, second = session(), session(on="2021-09-07")
    held = mali.activity(sessions=[first, second])
    return held["id"], first["id"], second["id"]


# Repetition and correction


def test_to_set_a_value_back_is_a_correction(mali: Officer, person: str) -> None:
    said = [mali.person(id=person, sex=sex)["status"] for sex in ("male", "female")]
    assert said == ["UPDATED", "UPDATED"]
    assert mali.reads("participant", person, "sex { code }") == {"sex": {"code": "female"}}


def test_a_headcount_goes_back_to_what_it_was(mali: Officer) -> None:
    held = mali.activity(announced={"total": 45})["id"]
    for total in (40, 45):
        assert mali.activity(id=held, announced={"total": total})["status"] == "UPDATED"
    assert mali.reads("activity", held, "announced { total }") == {"announced": {"total": 45}}


def test_who_was_taken_off_a_sheet_can_be_put_back(
    mali: Officer, person: str, training: tuple[str, str, str]
) -> None:
    held, day, _ = training
    mali.attends(day, person)
    mali.attends(day, person, status="removed")
    assert mali.attends(day, person)["status"] == "UPDATED"
    wait_for(lambda: mali.client.figures(activityIds=[held])["personSessions"][()] == 1)


def test_who_was_moved_can_be_entered_on_the_first_sheet_again(
    mali: Officer, person: str, training: tuple[str, str, str]
) -> None:
    held, day, other = training
    mali.attends(day, person)
    [moved] = mali.moves(day, other, person)
    assert moved["status"] == "UPDATED"
    assert mali.attends(day, person)["status"] == "UPDATED"
    wait_for(lambda: mali.client.figures(activityIds=[held])["personSessions"][()] == 2)


def test_a_late_retry_changes_nothing_however_many_corrections_came_between(
    mali: Officer, person: str
) -> None:
    push_id = new_id()
    assert mali.person(id=person, sex="male", push_id=push_id)["status"] == "UPDATED"
    for number in range(9):
        mali.person(id=person, sex=("female", "other")[number % 2], phone=f"7612345{number}")
    late = mali.person(id=person, sex="male", push_id=push_id)
    assert (late["status"], codes(late)) == ("UNCHANGED", ["ALREADY_APPLIED"])
    assert mali.reads("participant", person, "sex { code }") == {"sex": {"code": "female"}}


def test_one_id_for_two_people_in_one_push_is_refused(mali: Officer) -> None:
    one = graphql.person(givenName="Awa")
    first, second = mali.say("registerParticipants", one, {**one, "givenName": "Fanta"})
    assert (first["status"], codes(second)) == ("CREATED", ["DUPLICATE_ROW"])


@pytest.mark.parametrize("digit", ["0", "f"])
def test_an_id_that_stands_for_nothing_is_refused(mali: Officer, digit: str) -> None:
    nothing = "-".join(digit * length for length in (8, 4, 4, 4, 12))
    assert "INVALID_ID" in codes(mali.person(**graphql.person(id=nothing)))


# Absent, null, empty

LEFT_AS_IT_IS: list[tuple[str, dict[str, Any], dict[str, Any], str, dict[str, Any]]] = [
    (
        "a language",
        {"title": {"fr": "Formation", "en": "Training"}},
        {"title": {"fr": "Formation technique"}},
        "title { fr en }",
        {"title": {"fr": "Formation technique", "en": "Training"}},
    ),
    (
        "the cells of a headcount",
        {"announced": {"total": 9, "cells": [{"sex": "female", "count": 3}]}},
        {"announced": {"total": 10}},
        "announced { total cells { sex { code } count } }",
        {"announced": {"total": 10, "cells": [{"sex": {"code": "female"}, "count": 3}]}},
    ),
    (
        "what media there were",
        {
            "type": "media_intervention",
            "media": {"channels": ["community_radio"], "broadcasts": 3, "audienceEstimate": 900},
        },
        {"media": {"broadcasts": 4}},
        "media { channels { code } broadcasts audienceEstimate }",
        {
            "media": {
                "channels": [{"code": "community_radio"}],
                "broadcasts": 4,
                "audienceEstimate": 900,
            }
        },
    ),
]


@pytest.mark.parametrize(
    ("before", "said", "fields", "after"),
    [case[1:] for case in LEFT_AS_IT_IS],
    ids=[case[0] for case in LEFT_AS_IT_IS],
)
def test_what_is_not_named_stays(
    mali: Officer, before: dict[str, Any], said: dict[str, Any], fields: str, after: dict[str, Any]
) -> None:
    held = mali.activity(**before)["id"]
    assert mali.activity(id=held, **said)["status"] == "UPDATED"
    assert mali.reads("activity", held, fields) == after


def test_a_recommendation_that_is_not_named_stays_and_keeps_what_is_not_said(
    mali: Officer,
) -> None:
    first, second = new_id(), new_id()
    whole = {"id": first, "text": "Publish the permits", "addressee": "Ministry"}
    dialogue = {
        "recommendations": [{**whole, "dueOn": "2022-03-01"}, {"id": second, "text": "Pay"}]
    }
    held = mali.activity(type="policy_dialogue", dialogue=dialogue)["id"]
    told = {"recommendations": [{"id": first, "followUp": "asked again"}]}
    assert mali.activity(id=held, dialogue=told)["status"] == "UPDATED"
    fields = "dialogue { recommendations { id text addressee dueOn followUp } }"
    kept = mali.reads("activity", held, fields)["dialogue"]["recommendations"]
    assert kept[0] == {**whole, "dueOn": "2022-03-01", "followUp": "asked again"}
    assert [each["id"] for each in kept] == [first, second]


def test_an_answer_on_sight_leaves_that_on_hearing(mali: Officer) -> None:
    answers = dict.fromkeys(("seeing", "walking", "remembering", "selfCare", "communicating"), 1)
    found = mali.person(disability=None, washingtonGroup={**answers, "hearing": 4})["id"]
    mali.person(id=found, washingtonGroup={"seeing": 2})
    assert mali.reads(
        "participant", found, "disability { code } washingtonGroup { seeing hearing }"
    ) == {
        "disability": {"code": "with"},
        "washingtonGroup": {"seeing": 2, "hearing": 4},
    }


def test_the_day_of_a_session_leaves_its_title_hours_and_topics(mali: Officer) -> None:
    first = session(title="Le code minier", hours=3, topics=["human_rights"])
    held = mali.activity(sessions=[first])["id"]
    mali.activity(id=held, sessions=[{"id": first["id"], "on": "2021-09-07"}])
    fields = "sessions { on title hours topics { code } }"
    assert mali.reads("activity", held, fields)["sessions"] == [
        {
            "on": "2021-09-07",
            "title": "Le code minier",
            "hours": 3,
            "topics": [{"code": "human_rights"}],
        }
    ]


def test_to_take_back_a_consent_leaves_what_it_was_for(mali: Officer, person: str) -> None:
    taken_back = mali.person(id=person, consent={"withdrawnOn": "2022-01-31"})
    assert taken_back["status"] == "UPDATED"
    fields = "consent { purpose { code } givenOn withdrawnOn by { code } }"
    assert mali.reads("participant", person, fields)["consent"] == {
        "purpose": [{"code": "programme_records"}],
        "givenOn": "2021-05-20",
        "withdrawnOn": "2022-01-31",
        "by": {"code": "self"},
    }


def test_a_question_about_no_project_counts_nothing(mali: Officer) -> None:
    mali.activity(announced={"total": 7})
    assert mali.client.figures(projectIds=[])["announced"] == {(): 0}


@pytest.mark.parametrize(
    "document",
    [
        "{ report(by: null, filter: null, rowsBy: null, withZeros: null) { adds: addsUp } }",
        '{ places(search: "kal", first: null, under: null) { id } }',
        "mutation { registerParticipants(items: [], dryRun: null, mode: null) { created } }",
        "{ activities(filter: { from: null, types: null }, first: null) { nodes { id } } }",
    ],
)
def test_null_is_as_if_it_were_not_there(mali: Officer, document: str) -> None:
    answer = mali.client.answer(document)
    assert "errors" not in answer
    without = document.replace(": null", ": NULL")
    assert "NULL" in without  # the sentence above says something


def test_blanks_are_nothing_said_and_are_trimmed(mali: Officer) -> None:
    found = mali.person(phone="76123456", sex="female ", familyName=" Traoré\u00a0")["id"]
    assert mali.person(id=found, phone="   ", sex="female ")["status"] == "UNCHANGED"
    assert mali.reads("participant", found, "phone sex { code } familyName") == {
        "phone": "+22376123456",
        "sex": {"code": "female"},
        "familyName": "Traoré",
    }


# Values


@pytest.mark.parametrize("phone", ["7612345.6", "+223 76 12 34", "76 12 34 56 / 66 12 34 56"])
def test_what_is_no_number_is_refused_and_not_guessed(mali: Officer, phone: str) -> None:
    assert codes(mali.person(phone=phone)) == ["INVALID_PHONE"]


@pytest.mark.parametrize("phone", ["+223 (0)76 12 34 56", "76123456.0"])
def test_a_trunk_zero_and_a_spreadsheets_point_are_understood(mali: Officer, phone: str) -> None:
    said = mali.person(phone=phone)
    assert mali.reads("participant", said["id"], "phone") == {"phone": "+22376123456"}


def test_benins_old_and_new_numbers_are_one(stack: Stack) -> None:
    key = Client(stack.hub_url, stack.admin_key).key("chapter", "BJ")
    benin = Officer(Client(stack.hub_url, key))
    first = benin.person(phone="97 12 34 56")["id"]
    second = benin.person(phone="01 97 12 34 56")["id"]
    document = "query($p: String) { participants(filter: { phone: $p }) { nodes { id phone } } }"
    for asked in ("97123456", "0197123456", "+229 01 97 12 34 56"):
        found = benin.client.ask(document, p=asked)["nodes"]
        assert {each["id"] for each in found} == {first, second}, asked
        assert len({each["phone"] for each in found}) == 1


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (
            {"birthYear": 2001, "age": 60, "ageOn": "2021-06-01"},
            "AGE_CONTRADICTS_BIRTH_YEAR",
        ),
        ({"birthYear": 2022}, "CONSENT_BEFORE_BIRTH"),
        ({"birthYear": 2015}, "CHILD_CONSENTS_ALONE"),
    ],
    ids=["age", "consent before birth", "a child alone"],
)
def test_what_contradicts_itself_is_refused_by_name(
    mali: Officer, said: dict[str, Any], code: str
) -> None:
    refused = mali.person(**said)
    assert (refused["status"], codes(refused)) == ("REJECTED", [code])


INVISIBLE = ["\u200b", "\u00ad", "\u200e", "\U000e0061", "\u2060", "\ufeff"]


@pytest.mark.parametrize("mark", INVISIBLE, ids=[f"U+{ord(each):04X}" for each in INVISIBLE])
def test_what_nobody_sees_in_a_name_is_no_part_of_it(mali: Officer, mark: str) -> None:
    found = mali.person(familyName="Keïta")["id"]
    assert mali.person(id=found, familyName=f"Ke{mark}ïta{mark}")["status"] == "UNCHANGED"


def test_a_name_in_another_composition_is_the_same_name(mali: Officer) -> None:
    found = mali.person(givenName="Zénaïde", familyName="Cissé")["id"]
    apart = unicodedata.normalize("NFD", "Zénaïde")
    assert mali.person(id=found, givenName=apart)["status"] == "UNCHANGED"


def test_the_spellings_of_ndiaye_find_each_other(mali: Officer) -> None:
    spellings = ("N Diaye", "N'Diaye", "N\u2019Diaye", "Ndiaye")
    people = {mali.person(familyName=each)["id"] for each in spellings}
    document = "query($t: String) { participants(filter: { text: $t }) { nodes { id } } }"
    for asked in spellings:
        found = {each["id"] for each in mali.client.ask(document, t=asked)["nodes"]}
        assert people <= found, asked


def test_a_score_may_be_decimal(mali: Officer, person: str, training: tuple[str, str, str]) -> None:
    _, day, _ = training
    assert mali.attends(day, person, preScore=57.5)["status"] == "CREATED"
    document = "query($s: ID!) { attendance(sessionId: $s) { nodes { preScore } } }"
    assert mali.client.ask(document, s=day)["nodes"] == [{"preScore": 57.5}]
