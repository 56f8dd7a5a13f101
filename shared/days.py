"""Owns how days and times are written by whoever hands them in: one form of each, and no other.

Python reads more than people mean: `date.fromisoformat` takes week dates (`2020-W53-1`) and the
basic format, `strptime` the digits of every script. What is stored is compared and cut as text, so
a day in another form would stand in the wrong place, or in none.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)


def calendar_day(value: object) -> date | None:
    """The day that a text names as `YYYY-MM-DD` (ISO 8601, calendar date, extended format), or None
    if it is no such text or there is no such day."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def parse_timestamp(value: object) -> datetime | None:
    """The moment that a text names as `YYYY-MM-DDThh:mm:ss` with an offset (RFC 3339), in UTC, to
    the microsecond; None if it is no such text or there is no such moment."""
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):  # beyond the calendar
        return None
