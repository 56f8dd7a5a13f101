"""What a content becomes when something more is said of it: absent means left as it is, at every
depth.

Objects are merged field by field, texts language by language, lists of things with ids by these,
lists of pairs (`shared.records.known_by`) pair by pair.
A list of codes, or of things without ids, is a value and is replaced as a whole. Something goes
away only by `remove` (a thing with an id, a pair) or by `clear` (a path).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import marshmallow
from marshmallow import Schema

from shared.codes import code_list
from shared.codes.suggestions import unknown_field
from shared.errors import Problem
from shared.ids import canonical
from shared.records.by_day import ByDay
from shared.records.fields import ID, REMOVE, UNKNOWN_FIELD, Localised, Section
from shared.records.known_by import Pairs
from shared.records.pairs import with_pairs
from shared.records.partial import WRONG

Content = Mapping[str, Any]
Path = tuple[str | int, ...]

MAX_CLEARED = 200  # paths in one item


def merge(schema: Schema, kept: Content, given: Content) -> dict[str, Any]:
    """`kept`, with what is `given` said over it. Neither is changed; parts may be shared."""
    merged = dict(kept)
    for name, value in given.items():
        field = schema.fields[name]
        if isinstance(value, list) and isinstance(field, Section) and field.kept_part_by_part:
            before = kept.get(name) or ()
            if isinstance(field, Pairs):
                value = with_pairs(before, value)
            else:
                value = _by_id(field.schema, before, value)
            if not value:
                merged.pop(name, None)
                continue
        elif isinstance(value, dict):
            if not value:
                continue  # nothing in it, nothing said
            before = kept.get(name) or {}
            if isinstance(field, Localised):
                value = {**before, **value}
            elif isinstance(field, Section):
                value = merge(field.schema, before, value)
        merged[name] = value
    return merged


def clear(
    schema: Schema, content: Content, names: Any
) -> tuple[Content, frozenset[str], list[Problem]]:
    """The content without what the paths name, those of the paths that name a field, and what is
    wrong with the others. What is not there is no fault."""
    if not isinstance(names, list):
        return content, frozenset(), [Problem.at("clear", code="NOT_A_LIST")]
    if len(names) > MAX_CLEARED:
        return content, frozenset(), [Problem.at("clear", code="TOO_MANY", limit=MAX_CLEARED)]
    good: list[str] = []
    wrong: list[Problem] = []
    for at, name in enumerate(names):
        if not isinstance(name, str):
            wrong.append(Problem.at("clear", at, code="NOT_A_TEXT"))
        elif _names_a_field(schema, path := name.strip().split(".")):
            good.append(".".join(path))
            content = _without(schema, content, path)
        else:
            wrong.append(Problem(UNKNOWN_FIELD, ("clear", at), unknown_field(name, schema.fields)))
    return content, frozenset(good), wrong


def missing(schema: Schema, content: Content, at: Path = ()) -> Iterator[Problem]:
    """The required fields that a content lacks, at any depth."""
    for part in _demands(schema):
        value = content.get(part.name)
        if value is None:
            if part.required:
                yield Problem.at(*at, part.name, code="REQUIRED")
        elif value is WRONG or part.inner is None:
            continue
        elif part.many:
            for row, each in enumerate(value):
                if each is not WRONG:
                    yield from missing(part.inner, each, (*at, part.name, row))
        else:
            yield from missing(part.inner, value, (*at, part.name))


def too_many(schema: Schema, content: Content, at: Path = ()) -> Iterator[Problem]:
    """The lists of parts that have grown longer than one push may make them."""
    for part in _demands(schema):
        value = content.get(part.name)
        if part.inner is None or value is None or value is WRONG:
            continue
        if not part.many:
            yield from too_many(part.inner, value, (*at, part.name))
        elif len(value) > part.limit:
            yield Problem.at(*at, part.name, code="TOO_MANY", limit=part.limit)


def settled(schema: Schema, content: Content) -> dict[str, Any]:
    """The content in the one form in which it is kept: what is empty is not there, and each thing
    with an id has what is true of it where nothing is said."""
    kept: dict[str, Any] = {}
    for name, value in content.items():
        field = schema.fields.get(name)
        if isinstance(field, Section) and value is not WRONG:
            if field.many:
                value = [
                    part if part is WRONG else settled(field.schema, _defaulted(field, part))
                    for part in value
                ]
            else:
                value = settled(field.schema, value)
        if value not in ([], {}):
            kept[name] = value
    return kept


def _defaulted(field: Section, part: Content) -> Content:
    return {**_defaults(field.schema), **part} if field.identified else part


def as_pushed(problem: Problem, content: Content, given: Content) -> Problem:
    """The problem with its path as the client counts: a thing with an id by its place in the list
    that was given, or by its id if it is not among these."""
    if not any(isinstance(step, int) for step in problem.path):
        return problem
    path: list[str | int] = []
    here: Any = content
    said: Any = given
    for step in problem.path:
        after, told = _step(here, step), _step(said, step)
        if isinstance(step, int) and isinstance(after, dict) and ID in after:
            place = _place(said, after)
            step = after[ID] if place is None else place
            told = None if place is None else said[place]
        elif isinstance(step, int) and isinstance(said, list) and after is not None:
            place = next((n for n, each in enumerate(said) if each is after), None)
            step, told = (step, told) if place is None else (place, said[place])
        path.append(step)
        here, said = after, told
    return Problem(problem.code, tuple(path), problem.params)


class _Demand(NamedTuple):
    name: str
    required: bool
    inner: Schema | None
    many: bool
    limit: int = 0


@cache  # by identity: there is one of each schema
def _demands(schema: Schema) -> tuple[_Demand, ...]:
    """The fields of a schema that demand something, of themselves or of their parts."""
    return tuple(
        _Demand(name, field.required, field.schema, bool(field.many), field.limit)
        if isinstance(field, Section)
        else _Demand(name, field.required, None, many=False)
        for name, field in schema.fields.items()
        if isinstance(field, Section) or field.required
    )


def _by_id(schema: Schema, kept: Sequence[Content], given: Sequence[Any]) -> list[Any]:
    found: dict[str, Any] = {each[ID]: each for each in kept}
    unnamed: list[Any] = []
    for each in given:
        identifier = each.get(ID) if isinstance(each, dict) else None
        if identifier is None or identifier is WRONG:
            unnamed.append(each)  # which is told
        elif each.get(REMOVE) is True:
            found.pop(identifier, None)
        else:
            said = {name: value for name, value in each.items() if name != REMOVE}
            found[identifier] = merge(schema, found.get(identifier) or {}, said)
    return [*found.values(), *unnamed]


@cache
def _defaults(schema: Schema) -> Content:
    """What a new thing says where nothing else is said."""
    return {
        name: field.load_default
        for name, field in schema.fields.items()
        if field.load_default is not marshmallow.missing
    }


def _names_a_field(schema: Schema, path: Sequence[str]) -> bool:
    name, *rest = path
    field = schema.fields.get(name)
    if field is None or name in (ID, REMOVE):
        return False
    if not rest:
        return True
    if isinstance(field, Localised):
        return len(rest) == 1 and rest[0] in code_list("language")
    if isinstance(field, ByDay):
        return field.names(rest)
    if not isinstance(field, Section):
        return False
    if not field.many:
        return _names_a_field(field.schema, rest)
    if not field.identified or canonical(rest[0]) is None:
        return False
    return len(rest) == 1 or _names_a_field(field.schema, rest[1:])


def _without(schema: Schema, content: Content, path: Sequence[str]) -> Content:
    """The content without what the path, which names a field, leads to."""
    name, *rest = path
    if name not in content:
        return content
    left: Any = None
    if rest:
        field, value = schema.fields[name], content[name]
        if isinstance(field, Localised):
            left = {language: text for language, text in value.items() if language != rest[0]}
        elif isinstance(field, ByDay):
            left = _without_day(value, *rest)
        elif isinstance(field, Section) and not field.many:
            left = _without(field.schema, value, rest)
        elif isinstance(field, Section):
            identifier, *deeper = canonical(rest[0]), *rest[1:]
            left = [
                _without(field.schema, each, deeper) if each[ID] == identifier else each
                for each in value
                if deeper or each[ID] != identifier
            ]
    if left:
        return {**content, name: left}
    return {other: value for other, value in content.items() if other != name}


def _without_day(by_day: Content, day: str, *fields: str) -> Content:
    left = {name: each for name, each in by_day.get(day, {}).items() if name not in fields}
    others = {other: row for other, row in by_day.items() if other != day}
    return {**others, day: left} if fields and left else others


def _step(node: Any, step: str | int) -> Any:
    if isinstance(node, Mapping):
        return node.get(step)
    if isinstance(node, list) and isinstance(step, int) and step < len(node):
        return node[step]
    return None


def _place(said: Any, part: Content) -> int | None:
    """Where in the list that was given the thing of this id stands."""
    listed = said if isinstance(said, list) else ()
    for place, each in enumerate(listed):
        if each is part or (isinstance(each, dict) and each.get(ID) == part[ID]):
            return place
    return None
