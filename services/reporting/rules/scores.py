"""Test scores of trainings: owns which scores of a person belong together, and what they come to.

A training's test before may be written on the sheet of its first day and the one after on that of
its last: scores are paired per person and activity, over all of its sessions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import TypeAlias

from shared.scores import Points, hundredths, in_points

Score: TypeAlias = Points | None
Test: TypeAlias = tuple[Score, Score]
"""Before and after, 0 to 100; None: no such test."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How many, their mean and their standard deviation, as of all there are, to the hundredth of a
    point; None of nobody."""

    n: int
    mean: Score
    deviation: Score

    @classmethod
    def of(cls, values: Sequence[int]) -> Spread:
        """Args: values: in hundredths; whole numbers, so that nothing is lost before the end."""
        n = len(values)
        if not n:
            return cls(0, None, None)
        total = sum(values)
        squares = n * sum(each * each for each in values) - total * total
        deviation = (isqrt(4 * squares // n**2) + 1) // 2  # the root of squares / n², rounded
        return cls(n, in_points(round(Fraction(total, n))), in_points(deviation))


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
    before = [hundredths(pre) for pre, _ in pairs if pre is not None]
    after = [hundredths(post) for _, post in pairs if post is not None]
    gains = [
        hundredths(post) - hundredths(pre)
        for pre, post in pairs
        if pre is not None and post is not None
    ]
    unpaired = len(before) + len(after) - 2 * len(gains)
    return Tested(Spread.of(before), Spread.of(after), Spread.of(gains), unpaired)
