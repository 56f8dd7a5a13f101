"""Whether what is stored of a record is of the form in which its schema keeps it.

Whatever comes by a push is; a document that somebody edited by hand, or a disk, may not be. Types
are looked at, required fields and days, in a few microseconds; not codes and places, which may be
older than the lists and are told as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from marshmallow import Schema
from marshmallow import fields as marsh

from shared.days import calendar_day
from shared.records import fields as f
from shared.records.by_day import ByDay, is_key

Check = Callable[[Any], str | None]
"""Of a value: None if it is sound, otherwise the dotted path of the first part that is not, empty
for the value itself."""


class Damaged(Exception):
    """A stored document is not what its layout says: its id, and the path of a field that is not.

    Its text holds no value of the document.
    """

    def __init__(self, identifier: str, path: str) -> None:
        super().__init__(f"{identifier}: {path}")
        self.id, self.path = identifier, path


@cache
def content_of(schema: Schema) -> Check:
    """The check of a record's whole content. Fields that the schema does not have are no matter."""
    checks = [(name, _check(field)) for name, field in schema.fields.items() if name != f.REMOVE]
    required = [name for name, field in schema.fields.items() if field.required]

    def check(content: Any) -> str | None:
        if not isinstance(content, Mapping):
            return ""
        for name in required:
            if content.get(name) is None:
                return name
        for name, inner in checks:
            value = content.get(name)
            if value is not None and (wrong := inner(value)) is not None:
                return f"{name}.{wrong}" if wrong else name
        return None

    return check


def _check(field: marsh.Field[Any]) -> Check:
    match field:
        case f.Section():
            one = content_of(field.schema)
            return _list(one) if field.many else one
        case f.Many():
            return _list(_check(field.inner))
        case f.Localised():
            return lambda value: None if _texts(value) else ""
        case ByDay():
            return _by_day(field)
        case f.Day():
            return lambda value: None if calendar_day(value) else ""
        case f.Whole():
            return lambda value: None if type(value) is int else ""
        case f.Number():
            return lambda value: None if type(value) in (int, float) else ""
        case f.Truth():
            return lambda value: None if type(value) is bool else ""
    return lambda value: None if type(value) is str else ""


def _list(part: Check) -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, list):
            return ""
        return next((wrong for each in value if (wrong := part(each)) is not None), None)

    return check


def _by_day(field: ByDay) -> Check:
    row = content_of(field.row)

    def check(value: Any) -> str | None:
        if not isinstance(value, Mapping):
            return ""
        for day, said in value.items():
            if not is_key(day):
                return ""
            if (wrong := row(said)) is not None:
                return f"{day}.{wrong}" if wrong else day
        return None

    return check


def _texts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(type(each) is str for each in value.values())
