"""Where an activity stands, on which day: in its chapter's country."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.codes import code_list
from shared.codes.countries import today
from shared.codes.states import state_on

LATE = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
EARLY = datetime(2026, 12, 31, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("country", "late", "early"),
    [
        ("NE", "2027-01-01", "2026-12-31"),
        ("NG", "2027-01-01", "2026-12-31"),
        ("BJ", "2027-01-01", "2026-12-31"),
        ("ML", "2026-12-31", "2026-12-31"),
        ("GH", "2026-12-31", "2026-12-31"),
        ("CV", "2026-12-31", "2026-12-30"),
        ("FR", "2026-12-31", "2026-12-31"),  # no chapter: the day of UTC
    ],
)
def test_today_is_the_day_in_the_chapters_country(country: str, late: str, early: str) -> None:
    assert (today(country, LATE), today(country, EARLY)) == (late, early)


def test_of_every_country_the_clock_is_known() -> None:
    ahead = {code: row.extra["utc_offset_h"] for code, row in code_list("country").items()}
    assert ahead == {
        **dict.fromkeys(("BF", "CI", "GM", "GH", "GN", "GW", "LR", "ML", "SN", "SL", "TG"), "0"),
        **dict.fromkeys(("BJ", "NE", "NG"), "1"),
        "CV": "-1",
    }


@pytest.mark.parametrize(
    ("stated", "starts_on", "state"),
    [
        (None, "2026-12-30", "held"),
        (None, "2026-12-31", "held"),  # on its own day
        (None, "2027-01-01", "planned"),
        ("planned", "2026-12-30", "planned"),
        ("cancelled", "2026-12-30", "cancelled"),
        ("validated", "2026-12-31", "validated"),
    ],
)
def test_what_is_stated_holds_and_the_calendar_tells_the_rest(
    stated: str | None, starts_on: str, state: str
) -> None:
    assert state_on("2026-12-31", stated, starts_on) == state
