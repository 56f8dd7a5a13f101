"""At what a project or an activity works: whose code is taken, and what is said of its parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from services.activities.definitions import ACTIVITY, PROJECT
from shared.errors import Problem

PEACE, MEDIA, RAIL = "15220", "15153", "21030"
"""The last is the DAC's, but none that the hub lists."""


def told(problems: Iterable[Problem]) -> list[Any]:
    return [(each.code, each.path) for each in problems]


def sector(code: str, percentage: float | None = None, vocabulary: str | None = None) -> Any:
    said = {"code": code, "percentage": percentage, "vocabulary": vocabulary}
    return {name: value for name, value in said.items() if value is not None}


@pytest.mark.parametrize("definition", [ACTIVITY, PROJECT], ids=lambda each: each.name)
@pytest.mark.parametrize(
    ("sectors", "problems", "remarks"),
    [
        ([sector(PEACE)], [], []),
        ([sector(PEACE, 70.0), sector(MEDIA, 30.0)], [], []),
        ([sector(PEACE, 33.33), sector(MEDIA, 33.33), sector("15160", 33.33)], [], []),
        ([sector(RAIL)], [], [("SECTOR_NOT_LISTED", ("sectors", 0, "code"))]),
        ([sector("peace")], [("UNKNOWN_CODE", ("sectors", 0, "code"))], None),
        ([sector("16", vocabulary="sdg_goal")], [], []),
        (
            [sector(PEACE), sector(PEACE)],
            [("REPEATED_VALUE", ("sectors", 1, "code"))],
            [],
        ),
        ([sector(PEACE), sector(PEACE, vocabulary="other")], [], []),
        (
            [sector(PEACE), sector(MEDIA, 60.0), sector("16", 100.0, "sdg_goal")],
            [],
            [("SECTORS_NOT_WHOLE", ("sectors", 1, "percentage"))],
        ),
    ],
    ids=[
        "of the list", "parts of a whole", "thirds", "not of the list", "no purpose code",
        "another vocabulary", "twice", "the same of another vocabulary", "parts of no whole",
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_sector_is_refused_and_what_looks_so_is_told(
    definition: Any, sectors: list[Any], problems: list[Any], remarks: list[Any] | None
) -> None:
    content = {"sectors": sectors}
    assert told(definition.problems(content, None)) == problems
    if remarks is not None:
        assert told(definition.remarks(content)) == remarks


def test_a_code_of_a_sector_is_no_sentence() -> None:
    read = PROJECT.schema.validate({"sectors": [{"code": "people of Sikasso"}]}, partial=True)
    assert "INVALID_VALUE" in str(read["sectors"])


def test_events_do_not_tell_of_places_outside_the_gazetteer() -> None:
    assert "elsewhere" in ACTIVITY.private & PROJECT.private
