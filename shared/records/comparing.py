"""What differs between two contents of a record, by the paths that `merging` knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from marshmallow import Schema

from shared.codes import LANGUAGES
from shared.records.by_day import ByDay
from shared.records.fields import ID, REMOVE, Localised, Section

Content = Mapping[str, Any]


class Difference(NamedTuple):
    """`path` is dotted: `title.en`, `sessions.<id>.title`; None where there was, or is, nothing."""

    path: str
    before: Any
    after: Any


def differences(schema: Schema, before: Content, after: Content) -> Iterator[Difference]:
    """Each path whose value differs, in the order of the fields; what no field has comes last.

    Texts are compared language by language, things with ids by these: of one that came or went the
    whole is told. Lists of codes, and of things without ids, are values.
    """
    yield from _fields(schema, before, after, "")


def _fields(schema: Schema, before: Content, after: Content, at: str) -> Iterator[Difference]:
    unknown = sorted({*before, *after} - schema.fields.keys())
    for name in (*schema.fields, *unknown):
        old, new = before.get(name), after.get(name)
        if old == new or name == REMOVE:
            continue
        field, path = schema.fields.get(name), f"{at}{name}"
        if isinstance(field, Localised):
            said = {*(old or {}), *(new or {})}
            languages = (*LANGUAGES, *sorted(said.difference(LANGUAGES)))
            yield from _each(old or {}, new or {}, path, languages)
        elif isinstance(field, ByDay):
            for day in sorted({*(old or {}), *(new or {})}):
                before, after = ((side or {}).get(day, {}) for side in (old, new))
                yield from _fields(field.row, before, after, f"{path}.{day}.")
        elif isinstance(field, Section) and not field.many:
            yield from _fields(field.schema, old or {}, new or {}, f"{path}.")
        elif isinstance(field, Section) and field.identified:
            yield from _things(field.schema, old or (), new or (), path)
        else:
            yield Difference(path, old, new)


def _each(old: Content, new: Content, at: str, names: Any) -> Iterator[Difference]:
    for name in names:
        if old.get(name) != new.get(name):
            yield Difference(f"{at}.{name}", old.get(name), new.get(name))


def _things(schema: Schema, old: Any, new: Any, at: str) -> Iterator[Difference]:
    before, after = ({each[ID]: each for each in listed} for listed in (old, new))
    for identifier in dict.fromkeys((*before, *after)):
        path = f"{at}.{identifier}"
        if identifier in before and identifier in after:
            yield from _fields(schema, before[identifier], after[identifier], f"{path}.")
        else:
            yield Difference(path, before.get(identifier), after.get(identifier))
