"""A part of a record that is kept by day: what was true from each day on, and before the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from marshmallow import Schema, fields

from shared.days import calendar_day
from shared.records.fields import fail

BEFORE: Final = "before"
"""The key of what was true before the first day."""


class ByDay(fields.Field[Any]):
    """`{"before": row, "2026-03-01": row}`. It follows from what is said `since` a day, and is not
    pushed itself; a row may say of a field that it is nothing.

    Args: row: gives the schema of a row.
    """

    def __init__(self, row: Callable[[], Schema], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._row = row

    @cached_property
    def row(self) -> Schema:
        return self._row()

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not all(map(is_key, value)):
            raise fail("NOT_AN_OBJECT")
        for said in value.values():
            self.row.load(said, partial=True)
        return dict(value)

    def names(self, path: Sequence[str]) -> bool:
        """Whether a day, or a field of one, is at the path; it is not empty."""
        key, *rest = path
        return is_key(key) and len(rest) <= 1 and all(each in self.row.fields for each in rest)


def is_key(text: Any) -> bool:
    """Whether it is a day, or stands for all days before the first."""
    return text == BEFORE or calendar_day(text) is not None
