"""Owns where an activity stands that nobody has said it of: its first day tells, whenever one asks.

What is stated holds whatever the calendar says. What is not, is never stored: an activity of next
year is planned until its day comes, without anybody's doing.
"""

from __future__ import annotations

PLANNED = "planned"
HELD = "held"


def state_on(day: str, stated: str | None, starts_on: str) -> str:
    """The state on a calendar day of the chapter's, a code of `activity_status`.

    Args: day, starts_on: ISO 8601 text, which sorts as days do.
    """
    if stated is not None:
        return stated
    return HELD if starts_on <= day else PLANNED
