"""What is taken as a phone number, and when two of them are one."""

from __future__ import annotations

from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.participants.rules import phones
from services.participants.rules.person import person_problems
from services.participants.schemas import PERSON, PERSON_FILTER
from shared.codes import code_list

CHAPTERS = tuple(code_list("country"))
DAY = "2026-12-01"


def found_as(typed: str, chapter: str) -> str | None:
    """The number that a person of the chapter is found by; None if what was typed is refused."""
    cleaned = phones.cleaned(typed)
    if cleaned is None or phones.fault(cleaned, chapter):
        return None
    return phones.e164(cleaned, chapter)


@pytest.mark.parametrize(
    ("typed", "chapter", "number"),
    [
        ("76 12 34 56", "ML", "+22376123456"),
        ("76/12/34/56", "ML", "+22376123456"),
        ("+223 76.12.34.56", "ML", "+22376123456"),
        ("+223 (0)76 12 34 56", "ML", "+22376123456"),
        ("00223 (0) 76 12 34 56", "ML", "+22376123456"),
        ("00223 76-12-34-56", "NE", "+22376123456"),
        ("22376123456", "ML", "+22376123456"),
        ("76123456.0", "ML", "+22376123456"),
        ("22376123456.0", "ML", "+22376123456"),
        ("(0803) 123 4567", "NG", "+2348031234567"),
        ("+234 (0)803 123 4567", "NG", "+2348031234567"),
        ("0701020304", "CI", "+2250701020304"),
        ("+225 (0)701020304", "CI", "+2250701020304"),
        ("0197123456", "BJ", "+2290197123456"),
        ("024 412 3456", "GH", "+233244123456"),
        ("+33 6 12 34 56 78", "ML", "+33612345678"),
    ],
)
def test_a_phone_is_the_same_however_it_is_written(typed: str, chapter: str, number: str) -> None:
    assert found_as(typed, chapter) == number


@pytest.mark.parametrize(
    "typed",
    ["97 12 34 56", "01 97 12 34 56", "+229 97 12 34 56", "+229 01 97 12 34 56", "229 97123456"],
)
def test_a_number_of_benin_is_one_from_before_its_two_more_digits_and_after(typed: str) -> None:
    assert found_as(typed, "BJ") == "+2290197123456"


def test_an_old_number_of_cote_d_ivoire_is_refused_as_nobody_knows_the_new_one_for_certain() -> (
    None
):
    for typed, chapter in (("07 12 34 56", "CI"), ("+225 07 12 34 56", "ML")):
        cleaned = phones.cleaned(typed)
        assert cleaned is not None
        assert phones.fault(cleaned, chapter) == "OUTDATED_PHONE"


@pytest.mark.parametrize(
    "typed",
    [
        "", "12345", "no phone", "+0123456789", "7612345678901234", "76ABC456", "76123456 ext 3",
        "7.6123456E7", "7.6E+07", "76123456.5", "7612345.6", "76123456,0", "76123456/65123456",
        "76 12 34 56 / 65 12 34 56", "76123456 ou 65123456", "76123456;65123456", "76123456/57",
        "76 12 34 56\n65 12 34 56", "٧٦١٢٣٤٥٦", "+22376123456+22365123456",
    ],
)  # fmt: skip
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_what_is_not_one_number_is_refused_and_taken_for_no_other(typed: str, chapter: str) -> None:
    assert found_as(typed, chapter) is None


@pytest.mark.parametrize(
    "typed", ["761234560", "7612345", "0761234567", "22997123456", "+999123456"]
)
def test_a_number_that_no_phone_of_the_country_has_is_refused(typed: str) -> None:
    assert found_as(typed, "ML") is None


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_spreadsheet_s_float_is_its_number_or_none(chapter: str) -> None:
    mobile = phonenumbers.PhoneNumberType.MOBILE
    example = phonenumbers.example_number_for_type(chapter, mobile)
    assert example is not None
    national = phonenumbers.national_significant_number(example)
    assert found_as(national, chapter) is not None
    assert found_as(f"{national}.0", chapter) == found_as(national, chapter)
    for cut in range(6, len(national)):
        assert found_as(f"{national[:cut]}.0", chapter) in (None, found_as(national[:cut], chapter))


@given(chapter=st.sampled_from(CHAPTERS), digits=st.text("0123456789", min_size=4, max_size=12))
def test_what_a_number_is_found_by_is_the_same_number_again(chapter: str, digits: str) -> None:
    number = found_as(digits, chapter)
    if number is not None:
        assert [found_as(number, each) for each in ("ML", "NG", "CI")] == [number] * 3


def problems(before: Any = None, chapter: str = "ML", **content: Any) -> list[tuple[str, Any]]:
    whole = {"given_name": "Awa", **content}
    return [(p.code, p.path) for p in person_problems(whole, before, chapter, DAY)]


def test_an_impossible_number_is_told_by_name_with_its_place_and_not_its_digits() -> None:
    [problem] = person_problems({"given_name": "Awa", "phone": "761234560"}, None, "ML", DAY)
    assert (problem.code, problem.path, problem.params) == ("INVALID_PHONE", ("phone",), {})
    assert problems(phone="+22507123456") == [("OUTDATED_PHONE", ("phone",))]


def test_a_number_stored_by_earlier_rules_keeps_no_correction_of_something_else_out() -> None:
    stored = {"given_name": "Awa", "phone": "761234560"}
    assert problems(stored, phone="761234560", language="bm") == []
    assert problems(stored, phone="761234561") == [("INVALID_PHONE", ("phone",))]


def test_a_number_stored_by_earlier_rules_is_still_found_by_its_digits() -> None:
    assert phones.e164("761234560", "ML") == phones.e164("+223761234560", "NE") == "+223761234560"


def test_the_number_is_stored_as_it_was_said() -> None:
    assert PERSON.load({"phone": "+229 97 12 34 56"}, partial=True) == {"phone": "+22997123456"}
    assert PERSON_FILTER.load({"phone": "97 12 34 56"}) == {"phone": "97123456"}
