"""Contents of which parts are wrong: what a rule can still ask of the rest.

A row is told all that is wrong with it at once, so rules are also asked about contents in which
something is wrong already. Where a value was given that its field does not take, `WRONG` stands in
its place: it is not missing, but nothing is known of it. A rule speaks of what is `known`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final


class _Wrong:
    __slots__ = ()

    def __repr__(self) -> str:
        return "WRONG"


WRONG: Final[Any] = _Wrong()


def mark(content: dict[str, Any], path: Sequence[str | int]) -> None:
    """Put `WRONG` at the path, or where the content ends on the way there."""
    node: Any = content
    last = path[-1]
    for step, inside in pairwise(path):
        inner = node.get(step) if isinstance(node, dict) else node[step]
        if inner is None and isinstance(node, dict) and isinstance(inside, str):
            inner = node[step] = {}  # of what was given in it nothing could be read
        if not isinstance(inner, dict | list):
            last = step
            break
        node = inner
    node[last] = WRONG


def known(*values: Any) -> bool:
    """Whether all of them were given, and are what their fields take."""
    return None not in values and WRONG not in values


def values(content: Mapping[str, Any], *names: str) -> list[Any]:
    """The values of these fields; None for one that is missing."""
    return [content.get(name) for name in names]


def section(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of the content; an empty one where nothing can be read."""
    part = content.get(name)
    return part if isinstance(part, dict) else {}


def parts(content: Mapping[str, Any], name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Each part in a list of them that can be read, with its position."""
    listed = content.get(name)
    if isinstance(listed, list):
        for row, part in enumerate(listed):
            if part is not WRONG:
                yield row, part
