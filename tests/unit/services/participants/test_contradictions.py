"""What of a person cannot all be true is refused by the names of the fields; what is only doubtful
is stored with a remark."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.participants.rules.person import person_problems, person_remarks
from services.participants.schemas import PERSON
from shared.caller import Caller
from shared.ids import new_id
from shared.records import engine
from shared.records.pushes import Push, Record, Status

DAY = "2026-12-01"


def problems(consent: Any = (), before: Any = None, **said: Any) -> dict[str, tuple[Any, ...]]:
    whole = {"given_name": "Awa", **said, **({"consent": dict(consent)} if consent else {})}
    return {each.code: each.path for each in person_problems(whole, before, "ML", DAY)}


@pytest.mark.parametrize(
    ("age", "age_on", "contradicts"),
    [
        (30, "2020-06-01", False), (29, "2020-06-01", False), (31, "2020-06-01", False),
        (32, "2020-06-01", True), (28, "2020-06-01", True), (70, "2020-06-01", True),
    ],
)  # fmt: skip
def test_an_age_may_differ_from_the_birth_year_by_one_year(
    age: int, age_on: str, contradicts: bool
) -> None:
    told = problems(birth_year=1990, age=age, age_on=age_on)
    assert told == ({"AGE_CONTRADICTS_BIRTH_YEAR": ("age",)} if contradicts else {})


@pytest.mark.parametrize(
    ("born", "given_on", "by", "told"),
    [
        ({"birth_year": 2003}, "2021-01-01", "self", {}),
        ({"birth_year": 2004}, "2021-12-31", "self", {"CHILD_CONSENTS_ALONE": ("consent", "by")}),
        ({"birth_year": 2004}, "2021-12-31", "guardian", {}),
        ({"birth_year": 2004}, "2021-12-31", None, {}),
        (
            {"birth_year": 2022}, "2021-12-31", "guardian",
            {"CONSENT_BEFORE_BIRTH": ("consent", "given_on")},
        ),
        ({"birth_year": 2021}, "2021-01-01", "guardian", {}),
        (
            {"age": 17, "age_on": "2021-06-01"}, "2021-06-01", "self",
            {"CHILD_CONSENTS_ALONE": ("consent", "by")},
        ),
        ({"age": 17, "age_on": "2021-06-01"}, "2021-06-02", "self", {}),
        ({"age": 18, "age_on": "2021-06-01"}, "2021-06-01", "self", {}),
        (
            {"age": 10, "age_on": "2021-06-01"}, "2009-12-31", "guardian",
            {"CONSENT_BEFORE_BIRTH": ("consent", "given_on")},
        ),
        ({"age": 10, "age_on": "2021-06-01"}, "2010-06-02", "guardian", {}),
    ],
)  # fmt: skip
def test_a_consent_is_given_by_who_was_born_and_of_age(
    born: dict[str, Any], given_on: str, by: str | None, told: dict[str, Any]
) -> None:
    consent = {"given_on": given_on, **({"by": by} if by else {})}
    assert problems(consent, **born) == told


@given(
    born=st.dates(min_value=date(1950, 1, 1)),
    told_on=st.dates(),
    given_on=st.dates(),
)
def test_nobody_who_was_of_age_is_told_to_be_a_child(
    born: Any, told_on: Any, given_on: Any
) -> None:
    def full_years(day: Any) -> int:
        return int(day.year - born.year - ((day.month, day.day) < (born.month, born.day)))

    consent = {"given_on": given_on.isoformat(), "by": "self"}
    for said in (
        {"birth_year": born.year},
        {"age": full_years(told_on), "age_on": told_on.isoformat()},
    ):
        if said.get("age", 0) < 0 or given_on < born or "IN_FUTURE" in problems(consent, **said):
            continue
        assert "CONSENT_BEFORE_BIRTH" not in problems(consent, **said)
        if full_years(given_on) >= 18:
            assert "CHILD_CONSENTS_ALONE" not in problems(consent, **said)


def test_no_message_repeats_what_was_said() -> None:
    said = {
        "given_name": "Awa", "birth_year": 2015, "age": 40, "age_on": "2020-01-01",
        "consent": {"given_on": "2020-01-01", "by": "self"},
    }  # fmt: skip
    found = list(person_problems(said, None, "ML", DAY))
    assert [each.code for each in found] == ["AGE_CONTRADICTS_BIRTH_YEAR", "CHILD_CONSENTS_ALONE"]
    assert [each.params for each in found] == [{}, {}]


@pytest.mark.parametrize(
    ("later", "code"),
    [
        ({"birth_year": 2010}, "CHILD_CONSENTS_ALONE"),
        ({"age": 60, "age_on": "2020-01-01"}, "AGE_CONTRADICTS_BIRTH_YEAR"),
        ({"consent": {"given_on": "1989-01-01"}}, "CONSENT_BEFORE_BIRTH"),
        ({"consent": {"withdrawn_on": "2001-01-01"}}, "CONSENT_ENDS_BEFORE_IT_BEGINS"),
    ],
)
def test_a_later_push_that_names_one_of_two_contradicting_fields_is_refused_too(
    later: dict[str, Any], code: str
) -> None:
    caller, identifier = Caller("chapter", "ML"), new_id()
    consent = {"purpose": ["programme_records"], "given_on": "2021-05-20", "by": "self"}
    first = {"id": identifier, "given_name": "Awa", "birth_year": 1990, "consent": consent}

    def push(item: dict[str, Any], stored: dict[str, Record]) -> Any:
        def check(_: Caller, after: Record, before: Record | None) -> Any:
            old = before.content if before else None
            return person_problems(after.content, old, after.chapter, DAY)

        return engine.push([Push(caller=caller, items=[item])], PERSON, stored, check)

    [write] = push(first, {}).writes
    [[receipt]] = push({"id": identifier, **later}, {identifier: write.after}).receipts
    assert receipt.status is Status.REJECTED
    assert [each.code for each in receipt.problems] == [code]


def test_what_was_stored_by_earlier_rules_keeps_no_other_correction_out() -> None:
    consent = {"given_on": "2020-01-01", "by": "self"}
    stored = {"given_name": "Awa", "birth_year": 2015, "consent": consent}
    assert problems(consent, stored, birth_year=2015, language="bm") == {}
    assert "CHILD_CONSENTS_ALONE" in problems(consent, stored, birth_year=2014)


@pytest.mark.parametrize(
    ("answers", "stated", "remarked"),
    [
        ({"seeing": 4}, "without", True),
        ({"seeing": 4}, "with", False),
        ({"seeing": 1}, "with", False),  # which does not settle it
        ({}, "with", False),
    ],
)
def test_a_statement_that_conclusive_answers_outweigh_is_remarked(
    answers: dict[str, int], stated: str, remarked: bool
) -> None:
    content = {"given_name": "Awa", "disability": stated, "washington_group": answers}
    assert problems(disability=stated, washington_group=answers) == {}
    told = [(each.code, each.path, each.params) for each in person_remarks(content)]
    assert told == ([("ANSWERS_OUTWEIGH_DISABILITY", ("disability",), {})] if remarked else [])
