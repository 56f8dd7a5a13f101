"""What of an activity falls into a period: owns by which day each figure goes.

Who came goes by the day of the session; what is told of an activity as a whole (the headcount
announced, that it is one activity) by its first day. So periods do not overlap, and each row of a
report is the report of that row asked alone.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from pyroaring import BitMap

from services.reporting.rules.activities import Activity, Announced, ReportScope, row_key
from services.reporting.rules.figures import Counted

CALENDAR: Final = frozenset({"month", "quarter", "year"})
"""Rows in which an activity may stand in part."""
EVERYTHING: Final = ""
"""The row of a report that has none."""

Sheets = Mapping[str, BitMap]
"""Who was present, by session."""


def days_matter(scope: ReportScope, rows_by: str | None) -> bool:
    """Whether what is asked may part an activity, so that the days of its sessions are needed."""
    return scope.bounded or rows_by in CALENDAR


def parts(
    activity: Activity, sheets: Sheets, scope: ReportScope, rows_by: str | None = None
) -> Iterator[tuple[str, Counted]]:
    """What of an activity is in the period asked for, by the key of its row.

    A row is there for the activity's beginning and for each day that has a sheet.
    """
    if not days_matter(scope, rows_by):
        key = row_key(activity, rows_by) if rows_by else EVERYTHING
        yield key, Counted(activity.year, activity.announced, list(sheets.values()))
        return
    found: dict[str, list[BitMap]] = {}
    first = None
    if scope.has(activity.starts_on):
        first = row_key(activity, rows_by) if rows_by else EVERYTHING
        found[first] = []
    for session_id, present in within(activity, sheets, scope):
        day = activity.day_of(session_id)
        key = row_key(activity, rows_by, day) if rows_by else EVERYTHING
        found.setdefault(key, []).append(present)
    for key, present_there in found.items():
        begins = key == first
        announced = activity.announced if begins else Announced()
        yield key, Counted(activity.year, announced, present_there, begins)


def within(activity: Activity, sheets: Sheets, scope: ReportScope) -> Iterator[tuple[str, BitMap]]:
    """The sheets of its sessions that were held in the period asked for."""
    for session_id, present in sheets.items():
        if not scope.bounded or scope.has(activity.day_of(session_id)):
            yield session_id, present


def continues(activity: Activity, scope: ReportScope) -> bool:
    """Whether it goes on over a border of the period asked for, and so may be in it in part."""
    last = activity.last_day
    before = scope.since is not None and activity.starts_on < scope.since <= last
    after = scope.until is not None and activity.starts_on <= scope.until < last
    return before or after
