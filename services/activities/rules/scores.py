"""Sums of test scores: what a sheet keeps, and its events tell the differences of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from shared.scores import Points, hundredths, in_points


class Scores(NamedTuple):
    """Sums over present lines, in hundredths of points. `paired`: lines with both tests; gain: post
    minus pre."""

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

    def in_points(self) -> tuple[Points, ...]:
        """As they are stored and told."""
        return (
            self.pre_n, in_points(self.pre_sum), self.post_n, in_points(self.post_sum),
            self.paired_n, in_points(self.gain_sum),
        )  # fmt: skip

    @classmethod
    def of_points(cls, stored: Iterable[Points]) -> Scores:
        pre_n, pre_sum, post_n, post_sum, paired_n, gain_sum = stored
        return cls(
            int(pre_n), hundredths(pre_sum), int(post_n), hundredths(post_sum),
            int(paired_n), hundredths(gain_sum),
        )  # fmt: skip

    @classmethod
    def of_test(cls, pre: Points | None, post: Points | None) -> Scores:
        """What the scores of somebody who is present add."""
        before = 0 if pre is None else hundredths(pre)
        after = 0 if post is None else hundredths(post)
        both = pre is not None and post is not None
        gain = after - before if both else 0
        return cls(pre is not None, before, post is not None, after, both, gain)


NO_SCORES = Scores()
