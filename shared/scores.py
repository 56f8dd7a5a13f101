"""Test scores: points of 0 to 100 with at most two decimals, and how they are added up.

They are stored and told in points, whole ones as whole numbers. They are counted in hundredths, as
sums of binary fractions are not what a person adds up; the way there and back loses nothing.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

MOST: Final = 100
DECIMALS: Final = 2

Points: TypeAlias = float
"""Type checkers take whole numbers for it, too."""


def hundredths(points: Points) -> int:
    return round(points * 100)


def in_points(counted: int) -> Points:
    """So many hundredths."""
    whole, rest = divmod(counted, 100)
    return counted / 100 if rest else whole


def score(value: Any) -> Points | None:
    """The score that a number tells; None of what is none, as JSON has it."""
    if (type(value) is not float and type(value) is not int) or not 0 <= value <= MOST:
        return None
    kept = in_points(hundredths(value))
    return kept if kept == value else None


def added(one: Points, other: Points) -> Points:
    """Both together, exact to the hundredth."""
    return in_points(hundredths(one) + hundredths(other))
