"""Owns what looks wrong in a record that is stored all the same: it may be true, and who pushed it
shall look again. Dates are ISO 8601 text, which sorts as dates do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from services.activities.rules.records import Content
from shared.errors import Problem
from shared.records.partial import known, parts, section, values


def activity_remarks(content: Content) -> Iterator[Problem]:
    """What looks wrong between an activity's own fields."""
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
