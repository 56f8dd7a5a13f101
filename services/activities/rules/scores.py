"""Sums of test scores: what a sheet keeps, and its events tell the differences of."""

from __future__ import annotations

from typing import NamedTuple


class Scores(NamedTuple):
    """Sums over present lines. `paired`: lines with both tests; gain: post minus pre."""

    pre_n: int = 0
    pre_sum: int = 0
    post_n: int = 0
    post_sum: int = 0
    paired_n: int = 0
    gain_sum: int = 0

    def plus(self, other: Scores) -> Scores:
        return Scores(*(a + b for a, b in zip(self, other, strict=True)))

    def minus(self, other: Scores) -> Scores:
        return Scores(*(a - b for a, b in zip(self, other, strict=True)))


NO_SCORES = Scores()
