"""What a session's attendance sheet is made of: its lines, its totals, and its steps.

A sheet has one line per participant. A line is present, absent or removed; a removed line stays as
a tombstone. A sheet's totals are sums over those who count by its lines, and its steps are numbered
1, 2, 3 …: adding up their deltas gives the totals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from services.activities.rules.scores import NO_SCORES, Scores
from shared.caller import Caller
from shared.scores import Points

NOWHERE: Final = ""

Test = tuple[Points | None, Points | None]
"""Scores before and after."""
NO_TEST: Final[Test] = (None, None)


class Line(NamedTuple):
    """A participant on a sheet.

    step: that of the sheet which made this version, 0 if the release before stored it.
    counts_in: the participant in whose line one who is present counts: None for this one,
        `NOWHERE` for none.
    """

    status: str
    pre: Points | None
    post: Points | None
    version: int
    step: int = 0
    counts_in: str | None = None

    @property
    def counts(self) -> bool:
        return self.status == "present" and self.counts_in is None

    @property
    def test(self) -> Test:
        return self.pre, self.post


@dataclass(frozen=True, slots=True)
class AttendanceSheet:
    """`state`: open, dropped (the activity no longer has the session) or withdrawn (with it).
    `lines` counts those not removed. `told`: how much of `scores` was told score by score; less
    than all where steps were told in version 1 of the contract alone."""

    id: str
    activity_id: str
    chapter: str
    state: str = "open"
    sequence: int = 0
    present: int = 0
    lines: int = 0
    scores: Scores = NO_SCORES
    told: Scores = NO_SCORES


@dataclass(slots=True)
class Step:
    """What changes one sheet at once; becomes one event. `caller`: nobody where it follows from
    what was told of people."""

    caller: Caller | None
    sheet: AttendanceSheet
    additions_only: bool = True
    rows: list[dict[str, Any]] = field(default_factory=list)
    tests: list[dict[str, Any]] = field(default_factory=list)
    lines: int = 0
    present: int = 0
    scores: Scores = NO_SCORES

    def enter(self, before: Line | None, after: Line) -> None:
        """Note that a line is there, whoever counts."""
        if before is None:
            self.lines += 1
        else:
            self.additions_only = False
            self.lines += (after.status != "removed") - (before.status != "removed")

    def take(self, participant_id: str, before: Line | None, after: Line) -> None:
        """Count a line's change from `before` to `after`, where it stands for itself."""
        self.enter(before, after)
        self._count(
            participant_id,
            before.test if before is not None and before.counts else None,
            after.test if after.counts else None,
        )

    def recount(self, before: Mapping[str, Line], after: Mapping[str, Line]) -> None:
        """Count what has changed between all lines of the sheet, by participant id."""
        were, are = counted(before), counted(after)
        for who in (*were, *(who for who in are if who not in were)):
            self._count(who, were.get(who), are.get(who))
        if were.keys() - are.keys():
            self.additions_only = False

    def _count(self, who: str, before: Test | None, after: Test | None) -> None:
        """Args: before, after: the scores, None while they do not count."""
        if (before is None) is not (after is None):
            self.present += 1 if before is None else -1
            self.rows.append({"participant_id": who, "present": before is None})
        was, now = before or NO_TEST, after or NO_TEST
        if was == now:
            return
        if was != NO_TEST:
            self.scores = self.scores.minus(Scores.of_test(*was))
        if now != NO_TEST:
            self.scores = self.scores.plus(Scores.of_test(*now))
        if after is not None:
            self.tests.append(told_test(who, after))

    def after(self, sheet: AttendanceSheet) -> AttendanceSheet:
        """`sheet` with this step taken."""
        return replace(
            sheet,
            sequence=sheet.sequence + 1,
            present=sheet.present + self.present,
            lines=sheet.lines + self.lines,
            scores=sheet.scores.plus(self.scores),
            told=sheet.told.plus(self.scores),
        )


def counted(lines: Mapping[str, Line]) -> dict[str, Test]:
    """Who counts by these lines of a sheet, by the participant id of the line that stands for them,
    with their scores: its own, and what it lacks from those that count in it."""
    found = {who: line.test for who, line in lines.items() if line.counts}
    others = [
        (who, line)
        for who, line in lines.items()
        if line.status == "present" and line.counts_in in found
    ]
    for _, line in sorted(others):
        pre, post = found[str(line.counts_in)]
        found[str(line.counts_in)] = (
            line.pre if pre is None else pre,
            line.post if post is None else post,
        )
    return found


def told_test(who: str, test: Test) -> dict[str, Any]:
    """Somebody's scores, as an event tells them."""
    pre, post = test
    return {"participant_id": who, "pre_score": pre, "post_score": post}
