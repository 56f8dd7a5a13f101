"""Shares of women, youth and people with disability: owns who is one, and of whom it is known.

A share is a quotient of counts, never a mean of shares: what it is made of is told with it, and the
shares of several reports are added up by their counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.reporting.rules.activities import UNKNOWN
from services.reporting.rules.figures import AgeBand, Bits, Cells, Counted, Figure, figures
from services.reporting.rules.lives import NOBODY, Lives


@dataclass(frozen=True, slots=True)
class _Meant:
    """By which dimension somebody is one of them: the codes that say so, and those that say
    nothing."""

    dimension: str
    codes: frozenset[str]
    unsaid: frozenset[str] = frozenset({UNKNOWN})


SHARES: Final[Mapping[str, _Meant]] = {
    "women": _Meant("sex", frozenset({"female"}), frozenset({UNKNOWN, "not_stated"})),
    # From 15 to 35: African Youth Charter, definitions.
    "youth": _Meant("age_band", frozenset({"15_17", "18_24", "25_35"})),
    "with_disability": _Meant("disability", frozenset({"with"})),
}
DIMENSIONS: Final = tuple(each.dimension for each in SHARES.values())


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of the `known`, those of whom it is known whether they are; `unknown` are the others
    of the figure."""

    of: str
    count: int
    known: int
    unknown: int


def shares(
    activities: Sequence[Counted], bits: Bits, age_band: AgeBand, lives: Lives = NOBODY
) -> dict[str, list[Share]]:
    """The shares in each of the four figures, by its name.

    Args: bits: holds `DIMENSIONS`, `birth_year` instead of `age_band`.
    """
    found: dict[str, list[Share]] = {}
    for of, meant in SHARES.items():
        split = figures(activities, Cells([meant.dimension], bits, age_band), lives)
        for name in ("announced", "person_sessions", "unique_per_activity", "unique_people"):
            found.setdefault(name, []).append(_share(of, meant, getattr(split, name)))
    return found


def _share(of: str, meant: _Meant, figure: Figure) -> Share:
    unknown = _counted(figure, meant.unsaid)
    return Share(of, _counted(figure, meant.codes), figure.total - unknown, unknown)


def _counted(figure: Figure, codes: Iterable[str]) -> int:
    return sum(figure.cells.get((code,), 0) for code in codes)
