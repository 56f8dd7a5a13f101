"""Pages of a report's rows: from either end, in whatever pieces, each row once and in order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.answers import page_of_rows
from services.reporting.rules.activities import Activity, ReportScope, row_key
from services.reporting.schemas import ReportQuestion
from shared.cursors import encode_cursor
from shared.errors import Refused
from shared.paging import Asked
from tests.walking import Ask, walk

ACTIVITIES = st.lists(
    st.builds(
        Activity,
        id=st.uuids().map(str),
        chapter=st.sampled_from(["ML", "NE", "GH"]),
        type=st.just("technical_training"),
        status=st.just("held"),
        starts_on=st.sampled_from(["2021-06-01", "2021-07-01", "2022-06-01", "2021-W01-1"]),
        project_id=st.sampled_from(["p1", "p2", None]),
    ),
    max_size=12,
)
ROWS_BY = st.sampled_from(["activity", "chapter", "month", "year", "project"])


def rows(activities: list[Activity], rows_by: str) -> Ask:
    def ask(**page: Any) -> dict[str, Any]:
        asked = ReportQuestion(ReportScope(), rows_by=rows_by, page=Asked.of(page))
        parted = ((each, row_key(each, rows_by), each) for each in activities)
        return page_of_rows(parted, asked).answer(
            lambda row: (row[0], sorted(each.id for each in row[1]))
        )

    return ask


@given(
    activities=ACTIVITIES,
    rows_by=ROWS_BY,
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=3),
)
def test_rows_read_backwards_as_forwards(
    activities: list[Activity], rows_by: str, sizes: list[int]
) -> None:
    ask = rows(activities, rows_by)
    whole = ask()
    assert sorted(key for _, ids in whole["items"] for key in ids) == sorted(
        each.id for each in activities
    )
    assert whole["total_count"] == len(whole["items"]) == len({key for key, _ in whole["items"]})
    assert walk(ask, *sizes) == walk(ask, *sizes, backwards=True) == whole["items"]


@given(activities=ACTIVITIES.filter(bool), rows_by=ROWS_BY, size=st.integers(1, 5), data=st.data())
def test_a_range_of_rows_is_that_of_all_rows(
    activities: list[Activity], rows_by: str, size: int, data: st.DataObject
) -> None:
    ask = rows(activities, rows_by)
    whole = ask()
    begin, end = (data.draw(st.integers(0, len(whole["items"]) - 1)) for _ in range(2))
    bounds = {"after": whole["cursors"][begin], "before": whole["cursors"][end]}
    inside = whole["items"][begin + 1 : end]
    first, last = ask(first=size, **bounds), ask(last=size, **bounds)
    assert (first["items"], last["items"]) == (inside[:size], inside[-size:])
    assert first["has_next"] is last["has_previous"] is (len(inside) > size)
    assert first["has_previous"] is last["has_next"] is True


@pytest.mark.parametrize("values", [["x", "", ""], [0, 1, ""], [0, "", None], [0, ""]])
def test_a_cursor_that_is_none_of_a_reports_rows_is_refused(values: list[Any]) -> None:
    with pytest.raises(Refused, match="BAD_CURSOR"):
        rows([], "year")(after=encode_cursor(values))
