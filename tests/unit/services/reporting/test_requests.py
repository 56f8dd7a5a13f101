"""Which questions are taken, and which are refused with a code and the field."""

from typing import Any

import pytest

from services.reporting.rules.activities import ReportScope
from services.reporting.schemas import coverage_question, report_question
from shared.errors import Forbidden, Refused
from shared.messages import catalogue

SECRETARIAT = {"role": "secretariat"}


def test_partners_are_not_shown_reports() -> None:
    with pytest.raises(Forbidden):
        report_question({"caller": {"role": "partner"}})


@pytest.mark.parametrize(
    ("asked", "code", "path"),
    [
        ({"by": ["shoe_size"]}, "UNKNOWN_DIMENSION", ["by", 0]),
        ({"by": ["sex", "group", "age_band", "disability"]}, "TOO_MANY", ["by"]),
        ({"by": ["sex", "sex"]}, "REPEATED_VALUE", ["by", 1]),
        ({"rows_by": "week"}, "UNKNOWN_DIMENSION", ["rows_by"]),
        ({"filter": {"places": ["Nampala"]}}, "UNKNOWN_PLACE", ["filter", "places", 0]),
        ({"filter": {"from": "soon"}}, "INVALID_DATE", ["filter", "from"]),
        (
            {"filter": {"from": "2022-01-01", "to": "2021-12-31"}},
            "END_BEFORE_START",
            ["filter", "to"],
        ),
        ({"filter": {"chapter": "ML"}}, "UNKNOWN_FIELD", ["filter", "chapter"]),
        ({"filter": ["ML"]}, "NOT_AN_OBJECT", ["filter"]),
        ({"first": 201}, "PAGE_SIZE", None),
        ({"first": 0}, "PAGE_SIZE", None),
    ],
)
def test_a_question_it_cannot_answer_is_refused_with_a_code_and_the_field(
    asked: dict[str, Any], code: str, path: list[Any] | None
) -> None:
    with pytest.raises(Refused) as refused:
        report_question({"caller": SECRETARIAT, **asked})
    assert (refused.value.code, refused.value.params.get("path")) == (code, path)
    assert code in catalogue()


def test_a_chapter_that_asks_for_another_is_told_so_and_not_given_its_own_figures() -> None:
    mali = {"role": "chapter", "chapter": "ML"}
    with pytest.raises(Refused) as refused:
        report_question({"caller": mali, "filter": {"chapters": ["BJ"]}})
    assert refused.value.code == "CHAPTER_NOT_YOURS"
    assert refused.value.params["path"] == ["filter", "chapters"]
    asked = report_question({"caller": mali, "filter": {"chapters": ["BJ", "ML"]}})
    assert asked.scope.chapters == ["ML"]
    assert report_question({"caller": mali}).scope.chapters == ["ML"]


def test_an_empty_list_is_a_question_about_nothing_for_a_chapter_too() -> None:
    for caller in (SECRETARIAT, {"role": "chapter", "chapter": "ML"}):
        asked = report_question({"caller": caller, "filter": {"chapters": []}})
        assert asked.scope == ReportScope(chapters=[])
        assert asked.scope.nothing


@pytest.mark.parametrize("asked", [{}, {"of": None}, {"of": "religion"}])
def test_a_coverage_must_say_of_what(asked: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        coverage_question({"caller": SECRETARIAT, **asked})
    assert refused.value.params["path"] == ["of"]


def test_a_chapter_is_held_to_its_own_chapter_and_the_rest_of_its_filter() -> None:
    caller = {"role": "chapter", "chapter": "NE"}
    asked = {"filter": {"chapters": ["ML", "NE"], "types": ["publication"]}}
    scope = report_question({"caller": caller, **asked}).scope
    assert (scope.chapters, scope.types) == (["NE"], ["publication"])


def test_blank_is_as_good_as_absent() -> None:
    scope: dict[str, Any] = {"from": " ", "to": None, "types": None}
    blank = {"by": None, "rows_by": None, "first": None, "filter": scope}
    asked = report_question({"caller": SECRETARIAT, **blank})
    assert (asked.by, asked.rows_by, asked.page.size, asked.scope) == ((), None, 50, ReportScope())
