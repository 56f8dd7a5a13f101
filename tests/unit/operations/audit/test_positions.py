"""Positions of the feed: what is empty is named, what a restore has left out is not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from operations.audit.partner_feed import check_positions
from operations.audit.tally import Tally

FAR = 1_000_000


@pytest.mark.parametrize(
    ("positions", "head", "gaps", "named"),
    [
        ([1, 2, 3], 3, [], []),
        ([1, 3], 4, [], [2, 4]),
        ([1, 2, 5], 2, [], [5]),
        ([1, 2], FAR, [(2, FAR)], []),
        ([1, 2, FAR + 1], FAR + 1, [(2, FAR)], []),
        ([1, FAR + 2], FAR + 2, [(2, FAR)], [2, FAR + 1]),
        ([1, 2, 7, FAR + 1], FAR + 1, [(2, FAR)], [7]),
        ([1, 2], 2 * FAR, [(2, FAR), (FAR, 2 * FAR)], []),
        ([FAR + 1], FAR + 1, [(0, FAR)], []),
    ],
)
def test_a_gap_that_a_restore_left_is_told_from_a_loss(
    positions: Sequence[int], head: int, gaps: Sequence[tuple[int, int]], named: Sequence[int]
) -> None:
    tally = Tally("feed")
    check_positions(tally, head, positions, [{"after": a, "to": b} for a, b in gaps])
    assert [finding.ids["position"] for finding in tally.findings] == named
