"""Owns what looks wrong in a record that is stored all the same: it may be true, and who pushed it
shall look again. Dates are ISO 8601 text, which sorts as dates do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from services.activities.rules.records import Content
from shared.codes import code_list
from shared.errors import Problem
from shared.records.partial import known, parts, section, values

ROUNDING: Final = 0.1
"""By how much percentages may miss the whole: thirds are 33.33."""


def activity_remarks(content: Content) -> Iterator[Problem]:
    """What looks wrong between an activity's own fields."""
    yield from _sector_remarks(content)
    start, end = values(content, "starts_on", "ends_on")
    if not known(start, end):
        return
    for row, each in parts(section(content, "dialogue"), "recommendations"):
        if (due := each.get("due_on")) and due < start:
            path = ("dialogue", "recommendations", row, "due_on")
            yield Problem.at(*path, code="DUE_BEFORE_DIALOGUE", starts_on=start)
    days = (date.fromisoformat(end) - date.fromisoformat(start)).days + 1
    if section(content, "training").get("days", 0) > days:
        yield Problem.at("training", "days", code="LONGER_THAN_ACTIVITY", days=days)


def project_remarks(content: Content) -> Iterator[Problem]:
    """What looks wrong in a project by itself."""
    yield from _sector_remarks(content)


def _sector_remarks(content: Content) -> Iterator[Problem]:
    """Purpose codes that the hub cannot name, and parts of a vocabulary that make no whole."""
    sums: dict[str | None, tuple[int, float]] = {}
    for row, sector in parts(content, "sectors"):
        vocabulary, code, percentage = values(sector, "vocabulary", "code", "percentage")
        if vocabulary is None and code not in code_list("dac_sector"):
            yield Problem.at("sectors", row, "code", code="SECTOR_NOT_LISTED")
        if percentage is not None:
            first, total = sums.get(vocabulary, (row, 0.0))
            sums[vocabulary] = first, total + percentage
    for row, total in sums.values():
        if abs(total - 100) > ROUNDING:
            path = ("sectors", row, "percentage")
            yield Problem.at(*path, code="SECTORS_NOT_WHOLE", sum=round(total, 2))


def outside_project(activity: Content, project: Content) -> Iterator[Problem]:
    """Which days of an activity are none of its project's; a project without an end goes on."""
    begins, ends = values(project, "starts_on", "ends_on")
    for name in ("starts_on", "ends_on"):
        day = activity.get(name)
        if known(day, begins) and day < begins:
            yield Problem.at(name, code="BEFORE_PROJECT", starts_on=begins)
        if known(day, ends) and day > ends:
            yield Problem.at(name, code="AFTER_PROJECT", ends_on=ends)


def raised_too_early(concern: Content, activity: Content) -> Iterator[Problem]:
    """Whether a concern was raised before the activity at which it was."""
    [raised], [begins] = values(concern, "raised_on"), values(activity, "starts_on")
    if known(raised, begins) and raised < begins:
        yield Problem.at("raised_on", code="RAISED_BEFORE_ACTIVITY", starts_on=begins)
