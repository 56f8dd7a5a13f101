"""What a pushed item says: its content as the schema reads it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from marshmallow import Schema, ValidationError

from shared.errors import Problem, problems_in
from shared.records.fields import UNKNOWN_FIELD, paths
from shared.records.partial import mark

Content = Mapping[str, Any]

_KEYS: Final = ("id", "chapter", "expected_version", "clear")
_NO_CONTENT: Final = frozenset(_KEYS)
RANKS: Final[Mapping[str, int]] = {name: n for n, name in enumerate((*_KEYS, "reason"))}
"""The order of what may be said of a record beside its content."""


@cache
def order(schema: Schema) -> Mapping[str, int]:
    """The rank of each field of an item: what every item may say, then the schema's fields."""
    return {name: n for n, name in enumerate(dict.fromkeys((*_KEYS, *paths(schema))))}


def load(schema: Schema, items: Sequence[Content]) -> Iterator[tuple[Content, list[Problem]]]:
    """Of each item: the content that is given, `WRONG` where it is (see `shared.records.partial`),
    and what is wrong with it."""
    given = [{k: v for k, v in item.items() if k not in _NO_CONTENT} for item in items]
    faults: Mapping[int, Any] = {}
    try:
        contents = schema.load(given, many=True, partial=True)
    except ValidationError as error:
        contents = error.valid_data
        faults = error.messages  # type: ignore[assignment]  # keyed by row under many=True
    for row, content in enumerate(contents):
        problems = list(problems_in(faults[row])) if row in faults else []
        for problem in problems:
            if problem.code != UNKNOWN_FIELD:
                mark(content, problem.path)
        yield content, problems
