"""Rows with several independent faults in them, and what their receipts must say.

A fault spoils a good item and names all that is wrong with it then. Faults that touch different
parts of an item are independent: together they are as wrong as each is alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from shared.messages import catalogue
from shared.records.pushes import MAX_PROBLEMS

Item = dict[str, Any]
Told = tuple[str, tuple[str | int, ...]]
"""A problem's code and path."""


@dataclass(frozen=True)
class Fault:
    """`touches` names the parts that it spoils or needs to be good, `problems` what it is told."""

    touches: frozenset[str]
    spoil: Callable[[Item], Any]
    problems: tuple[Told, ...]

    def __repr__(self) -> str:
        return str(self.problems)


def fault(touches: str, spoil: Callable[[Item], Any], *problems: Told) -> Fault:
    """`touches`: names, parted by blanks."""
    return Fault(frozenset(touches.split()), spoil, problems)


def given(
    path: str, value: Any, code: str, *deeper: str | int, also: str = "", at: str | None = None
) -> Fault:
    """A value at a path such as `sessions.0.on` of which `code` is told there, or `deeper`, or at
    another path."""
    *way, last = _parts(path)

    def spoil(item: Item) -> None:
        node: Any = item
        for part in way:
            node = node[part]
        node[last] = value

    return fault(f"{path} {also}", spoil, (code, (*_parts(at or path), *deeper)))


def missing(path: str, also: str = "") -> Fault:
    """A required value that is left out."""
    return given(path, None, "REQUIRED", also=also)


def several(faults: Sequence[Fault]) -> st.SearchStrategy[list[Fault]]:
    """Independent ones among the faults, one at least."""

    def independent(chosen: Iterable[Fault]) -> list[Fault]:
        kept: list[Fault] = []
        for each in chosen:
            if not any(_meet(each, other) for other in kept):
                kept.append(each)
        return kept

    chosen = st.lists(st.sampled_from(faults), min_size=1, max_size=8).map(independent)
    return chosen.filter(lambda some: sum(len(each.problems) for each in some) <= MAX_PROBLEMS)


def spoilt(good: Item, faults: Iterable[Fault]) -> Item:
    item = deepcopy(good)
    for each in faults:
        each.spoil(item)
    return item


def expected(faults: Iterable[Fault]) -> list[Told]:
    """All that the faults are told, in no order."""
    return sorted((told for each in faults for told in each.problems), key=str)


def told(receipt: Mapping[str, Any]) -> list[Told]:
    """What the receipt tells, in no order."""
    return sorted(_problems(receipt), key=str)


def mended(item: Item, good: Item, receipt: Mapping[str, Any]) -> Item:
    """The item with just those fields as in the good one that the receipt names."""
    named = {path[0] for _, path in _problems(receipt)}
    kept = {name: value for name, value in item.items() if name not in named}
    return kept | {name: value for name, value in good.items() if name in named}


def speaks(receipt: Mapping[str, Any]) -> bool:
    """Whether each problem has all that the texts of its code say."""
    for problem in receipt["problems"]:
        for text in catalogue()[problem["code"]].values():
            text.format(**problem["params"])
    return True


def in_order(receipt: Mapping[str, Any], fields: Sequence[str]) -> bool:
    """Whether the problems stand in the order of the fields, unknown ones last."""
    ranks = [
        fields.index(str(path[0])) if path[0] in fields else len(fields)
        for _, path in _problems(receipt)
    ]
    return ranks == sorted(ranks)


def _problems(receipt: Mapping[str, Any]) -> list[Told]:
    return [(problem["code"], tuple(problem["path"])) for problem in receipt["problems"]]


def _parts(path: str) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in path.split(".")]


def _meet(one: Fault, other: Fault) -> bool:
    return any(
        f"{a}.".startswith(f"{b}.") or f"{b}.".startswith(f"{a}.")
        for a in one.touches
        for b in other.touches
    )
