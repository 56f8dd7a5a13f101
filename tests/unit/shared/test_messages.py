"""Every code that a user can meet has a text in each language, with the same slots."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from shared.messages import catalogue, message

ROOT = Path(__file__).parents[3]
RAISED = re.compile(
    r"""(?:code=|fail\(|Problem\(|(?:Refused|NotFound|Forbidden|Conflict|Unavailable|TimedOut|"""
    r"""OutOfOrder|Internal)\()\s*"([A-Z][A-Z0-9_]{2,})\""""
)


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_a_code_speaks_three_languages_with_the_same_slots(code: str) -> None:
    texts = catalogue()[code]
    assert set(texts) == {"en", "fr", "pt"}
    assert all(text and text.strip() == text for text in texts.values())
    assert slots(texts["en"]) == slots(texts["fr"]) == slots(texts["pt"])


def test_every_code_that_the_source_names_has_a_text() -> None:
    named = {
        (code, path.relative_to(ROOT).as_posix())
        for folder in ("shared", "services", "gateway")
        for path in (ROOT / folder).rglob("*.py")
        for code in RAISED.findall(path.read_text(encoding="utf-8"))
    }
    assert {(c, p) for c, p in named if c not in catalogue()} == set()


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("ALREADY_NOMINATED", {"id"}),
        ("BAD_TRANSITION", {"before", "after", "possible"}),
        ("CHAPTER_FIXED", {"chapter"}),
        ("CHAPTER_NOT_YOURS", {"chapter"}),
        ("END_BEFORE_START", {"starts_on", "ends_on"}),
        ("IDENTIFIER_TAKEN", {"id"}),
        ("ID_TAKEN", set()),
        ("IN_FUTURE", {"value", "latest"}),
        ("MORE_PROBLEMS", {"count"}),
        ("MORE_THAN_PRINTED", {"printed"}),
        ("NOT_A_NUMBER", {"low", "high"}),
        ("NOT_A_WHOLE_NUMBER", {"low", "high"}),
        ("OUT_OF_RANGE", {"low", "high"}),
        ("SECTION_NOT_FOR_TYPE", {"type", "types"}),
        ("SESSION_HAS_ATTENDANCE", {"session_ids"}),
        ("SESSION_OUTSIDE_ACTIVITY", {"starts_on", "ends_on"}),
        ("TOO_LONG", {"limit"}),
        ("TOO_MANY", {"limit"}),
        ("UNKNOWN_CODE", {"value", "list", "codes"}),
        ("UNKNOWN_DIMENSION", {"codes"}),
        ("UNKNOWN_FIELD", {"fields"}),
        ("UNKNOWN_KIND", {"value", "kinds"}),
        ("UNKNOWN_LIST", {"list", "lists"}),
        ("UNKNOWN_PLACE", {"value", "places"}),
        ("VERSION_CONFLICT", {"version"}),
    ],
)
def test_a_text_names_what_would_have_been_right(code: str, names: set[str]) -> None:
    assert all(slots(text) == names for text in catalogue()[code].values())


def test_a_list_in_a_text_is_parted_by_commas() -> None:
    params = {"value": "x", "list": "sex", "codes": ["female", "male"]}
    assert message("UNKNOWN_CODE", "en", params).endswith("Possible: female, male")


def test_the_catalogue_is_sorted_so_that_two_hands_do_not_add_the_same_code() -> None:
    assert list(catalogue()) == sorted(catalogue())


def test_a_text_with_a_missing_value_is_still_a_text() -> None:
    assert "…" in message("TOO_LONG", "fr")
    assert message("NO_SUCH_CODE", "pt") == message("INTERNAL", "pt")
    assert message("TOO_LONG", "de", {"limit": 3}) == message("TOO_LONG", "en", {"limit": 3})
