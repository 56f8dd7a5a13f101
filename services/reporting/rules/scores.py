"""Test scores of trainings: owns which scores of a person belong together, and what they come to.

A training's test before may be written on the sheet of its first day and the one after on that of
its last: scores are paired per person and activity, over all of its sessions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import TypeAlias

Score: TypeAlias = float | None
Test: TypeAlias = tuple[Score, Score]
"""Before and after, 0 to 100; None: no such test."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How many, their mean and their standard deviation, as of all there are; None of nobody."""

    n: int
    mean: float | None
    deviation: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        if not values:
            return cls(0, None, None)
        return cls(len(values), round(fmean(values), 2), round(pstdev(values), 2))


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of tests: before, after, and the gain of those with both; `unpaired` have one."""

    pre: Spread
    post: Spread
    gain: Spread
    unpaired: int


def paired(sheets: Iterable[Mapping[int, Test]]) -> list[Test]:
    """Each person's first score before and last score after.

    Args: sheets: those of one activity in the order of their days, by person.
    """
    found: dict[int, Test] = {}
    for sheet in sheets:
        for number, (pre, post) in sheet.items():
            first, last = found.get(number, (None, None))
            found[number] = (pre if first is None else first, last if post is None else post)
    return list(found.values())


def tested(pairs: Sequence[Test]) -> Tested:
    """What came of the tests of these people in these activities."""
    both = [(pre, post) for pre, post in pairs if pre is not None and post is not None]
    one = [each for each in pairs if (each[0] is None) != (each[1] is None)]
    return Tested(
        Spread.of([pre for pre, _ in pairs if pre is not None]),
        Spread.of([post for _, post in pairs if post is not None]),
        Spread.of([post - pre for pre, post in both]),
        len(one),
    )
