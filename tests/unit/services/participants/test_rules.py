"""What is known of a person, and what follows from it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.participants.rules import person, resemblance
from services.participants.schemas import NOMINATION, PERSON, PERSON_FILTER
from shared.codes import code_list

ANSWERS = dict.fromkeys(person.WASHINGTON_DOMAINS, 1)
CONSENT = {"purpose": ["contact"], "given_on": "2021-05-20"}


def problems(**content: Any) -> dict[str, tuple[Any, ...]]:
    said = {"given_name": "Awa", "consent": CONSENT, **content}
    return {each.code: each.path for each in person.person_problems(said, None, "ML", "2026-01-01")}


def test_an_age_on_a_day_becomes_an_estimated_birth_year() -> None:
    facts = person.facts({"age": 30, "age_on": "2021-11-04"})
    assert facts["birth_year"] == 1991
    assert facts["birth_year_estimated"]


def test_an_exact_birth_year_outweighs_an_age() -> None:
    facts = person.facts({"age": 30, "age_on": "2021-11-04", "birth_year": 1989})
    assert facts["birth_year"] == 1989
    assert not facts["birth_year_estimated"]


def test_what_was_not_said_is_not_known() -> None:
    facts = person.facts({})
    assert facts.pop("groups") == []
    assert not facts.pop("birth_year_estimated")
    assert set(facts.values()) == {None}


def test_one_answer_beyond_the_cut_off_is_a_disability() -> None:
    for domain in ANSWERS:
        for level in (1, 2, 3, 4):
            said = {"washington_group": {**ANSWERS, domain: level}}
            expected = "with" if level >= 3 else "without"
            assert person.facts(said)["disability"] == expected


def test_answers_outweigh_a_statement_unless_they_leave_it_open() -> None:
    assert person.facts({"washington_group": ANSWERS, "disability": "with"})["disability"] == (
        "without"
    )
    some = {"seeing": 1}
    assert person.facts({"washington_group": some, "disability": "with"})["disability"] == "with"
    assert person.facts({"washington_group": some})["disability"] is None


def test_cut_off_and_domains_are_those_of_the_code_lists() -> None:
    counting = {
        int(answer.extra["level"])
        for answer in code_list("washington_group_answer").values()
        if answer.extra["counts_as_disability"] == "true"
    }
    assert counting == {level for level in (1, 2, 3, 4) if level >= person.DISABLING_LEVEL}
    assert set(person.WASHINGTON_DOMAINS) == set(code_list("washington_group_domain"))


def test_one_name_and_an_ordered_consent_are_needed() -> None:
    assert problems() == {}
    assert problems(given_name=None, family_name="Keïta") == {}
    assert problems(given_name=None) == {"NAME_REQUIRED": ("family_name",)}
    assert problems(consent={**CONSENT, "given_on": "2026-01-02"}) == {
        "IN_FUTURE": ("consent", "given_on")
    }
    assert problems(consent={**CONSENT, "withdrawn_on": "2021-05-19"}) == {
        "CONSENT_ENDS_BEFORE_IT_BEGINS": ("consent", "withdrawn_on")
    }


def test_an_age_needs_its_day_and_a_day_its_age() -> None:
    assert problems(age=30) == {"REQUIRED": ("age_on",)}
    assert problems(age_on="2021-01-01") == {"REQUIRED": ("age",)}
    assert problems(age=30, age_on="2026-01-02") == {"IN_FUTURE": ("age_on",)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Traoré", "TRAORE"),
        ("Keïta Awa-Marie", "awa marie keita"),
        ("N’Diaye", "N'DIAYE"),
        ("N’Diaye", "ndiaye"),
        ("Gonçalves", "GONCALVES"),
        ("Ba  Ousmane", "Ousmane Ba"),
    ],
)
def test_a_name_is_the_same_whatever_its_accents_case_hyphens_and_order(
    one: str, other: str
) -> None:
    assert person.name_words(one) == person.name_words(other) != frozenset()


@given(first=st.integers(1950, 2010), apart=st.integers(0, 5))
def test_birth_years_are_alike_if_they_are_at_most_one_apart(first: int, apart: int) -> None:
    def marks(year: int) -> set[tuple[str, str]]:
        content = {"given_name": "Awa", "family_name": "Ba", "birth_year": year}
        return set(resemblance.likenesses(content, None))

    assert bool(marks(first) & marks(first + apart)) is (apart <= 1)


def test_two_people_of_one_place_are_alike_whichever_of_its_ids_each_was_stored_by() -> None:
    name = {"given_name": "Awa", "family_name": "Traoré"}
    before, now = ({**name, "place": place} for place in ("ML.06.YAN", "ML.SIK.YAN"))
    assert list(resemblance.likenesses(before, None)) == list(resemblance.likenesses(now, None))


def test_a_single_name_makes_nobody_a_duplicate() -> None:
    content = {"family_name": "Traoré", "place": "ML.SIK", "birth_year": 1990}
    assert list(resemblance.likenesses(content, None)) == []


def test_what_lies_in_the_clear_is_nothing_that_names_a_person() -> None:
    ids = {"merged_into", "merged_ids", "guest_in", "guest_of"}  # and a chapter
    assert {*PERSON.fields, *ids} >= person.OPEN
    assert set(NOMINATION.fields) >= person.OPEN_NOMINATION
    assert not person.OPEN & {
        "given_name", "family_name", "phone", "email", "external_ref", "birth_year", "age",
        "disability", "washington_group", "consent", "language",
    }  # fmt: skip
    assert "reason" not in person.OPEN_NOMINATION


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("phone", "call me Fatoumata", "INVALID_PHONE"),
        ("email", "Fatoumata at home", "INVALID_EMAIL"),
        ("given_name", "Fatoumata" * 20, "TOO_LONG"),
        ("given_name", "Fatou\x00mata", "CONTROL_CHARACTER"),
        ("birth_year", 2999, "IN_FUTURE"),
    ],
)
def test_a_refused_value_is_told_by_its_code_and_never_repeated(
    field: str, value: Any, code: str
) -> None:
    errors = PERSON.validate({field: value}, partial=True)
    assert code in str(errors[field])
    assert "Fatou" not in str(errors)
    assert "Fatou" not in str(PERSON_FILTER.validate({"phone": value, "email": value}))
