"""Attendance: how people stand ↔ the rows of a sheet ↔ its totals ↔ the steps in the log, replayed
↔ the set of people that reporting counts. Row by row and with checksums over who was present."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pyroaring import BitMap

from operations.audit.groups import Session
from operations.audit.log import Entry, as_read_by, steps
from operations.audit.standings import Standings
from operations.audit.tally import Tally
from services.activities.layout import (
    ACTIVITY_ID,
    COUNTS_IN,
    IS_PRESENT,
    IS_REMOVED,
    LAST_SEQUENCE,
    LINES,
    POST,
    PRE,
    PRESENT,
    SCORES,
    STATUS,
    TOLD,
    participant_of,
)
from services.reporting import layout as reporting
from shared.record_types import SCORES as SUMS
from shared.scores import Points, added
from shared.types import Document

Behind = Callable[[Entry], None]
Test = tuple[Points | None, Points | None]
"""Scores before and after."""


class People:
    """Which number reporting gave to which participant."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self.numbers = numbers
        self._names: dict[int, str] = {}

    def names(self, numbers: Iterable[int]) -> list[str]:
        """The participants of these numbers; a number that is nobody's shows as itself."""
        if not self._names:
            self._names = {number: key for key, number in self.numbers.items()}
        return [self._names.get(number, f"number {number}") for number in numbers]


@dataclass(slots=True)
class Stages:
    """The links of the chain."""

    stood: Tally
    totals: Tally
    logged: Tally
    projected: Tally


@dataclass(slots=True)
class Replay:
    """The steps of a sheet played from the first on."""

    sequence: int = 0
    present: set[str] = field(default_factory=set)
    scores: list[Points] = field(default_factory=lambda: [0] * len(SUMS))
    tests: dict[str, Test] = field(default_factory=dict)

    def take(self, step: Entry) -> str | None:
        """Play one step; returns what is wrong with it, None if it follows from those before."""
        rows = step.data["rows"]
        came = [row["participant_id"] for row in rows if row["present"]]
        left = [row["participant_id"] for row in rows if not row["present"]]
        were = self.present
        if twice := [each for each in came if each in were]:
            wrong = f"brings people who are on it already: {_shown(twice)}"
        elif strange := [each for each in left if each not in were]:
            wrong = f"takes off people who are not on it: {_shown(strange)}"
        else:
            wrong = None
        self.present = were.difference(left).union(came)
        deltas = step.data["scores"]
        self.scores = [added(a, deltas[name]) for a, name in zip(self.scores, SUMS, strict=True)]
        told = step.data.get("tests") or ()  # from version 2 of the contract on
        tests = {who: test for who, test in self.tests.items() if who not in left} | {
            each["participant_id"]: (each["pre_score"], each["post_score"]) for each in told
        }
        self.tests = _tests(tests)
        self.sequence = step.sequence
        if wrong is None and len(self.present) != step.data["present_total"]:
            said = step.data["present_total"]
            wrong = f"says that {said} are present since; by the steps it is {len(self.present)}"
        return wrong


def check(
    stages: Stages, group: Session, people: People, standings: Standings, behind: Behind
) -> None:
    """Compare what the databases have of one session.

    Args: behind: told of each event that reporting's set does not contain yet.
    """
    session, sheet, projected = group.key, group.sheet, group.copy
    log = as_read_by("reporting", group.log)
    count = _who_count(group.rows)
    present = set(count)
    standings.check(stages.stood, session, group.rows)
    if sheet is None and (group.rows or log):
        stages.totals.missing(f"session {session} has rows or events and no sheet", session=session)
    if sheet is not None:
        _totals(stages.totals, session, sheet, group.rows, count)
    first, double = steps(log)
    for each in double:
        stages.logged.double(
            f"two events are step {each.sequence} of session {session}", session=session
        )
    whole = _log(stages.logged, session, sheet, first)
    replay = Replay()
    # What reporting is compared with: the sheet as of the step that it has arrived at.
    arrived = projected[reporting.LAST_SEQUENCE] if projected else 0
    then = Replay()
    for each in first:
        if each.problem:
            stages.logged.differs(f"{each.name} in the log: {each.problem}", **each.ids)
            whole = False
            continue
        wrong = replay.take(each)
        if wrong and whole:
            stages.logged.differs(f"step {each.sequence} of session {session} {wrong}", **each.ids)
        if each.sequence == arrived:
            then = Replay(arrived, replay.present, replay.scores, replay.tests)
        elif each.sequence > arrived:
            behind(each)
    _compare(stages.logged, session, present, replay, named=whole)
    if sheet is not None and whole and list(sheet[SCORES]) != replay.scores:
        stages.logged.differs(
            f"session {session}: its test scores are not the sum of its steps", session=session
        )
    of_rows = _scores(count.values())
    restated = sheet is not None and list(sheet.get(TOLD, ())) == list(sheet[SCORES]) == of_rows
    if restated and whole and _tests(count) != replay.tests:
        stages.logged.differs(
            f"session {session}: its steps tell other test scores than its rows", session=session
        )
    if projected is None:
        return
    if not whole and sheet is not None and sheet[LAST_SEQUENCE] == arrived:
        then = Replay(arrived, present, list(sheet[SCORES]), _tests(count))
    if then.sequence == arrived:
        _projected(stages.projected, session, sheet, then, projected, people)
    elif first and whole:
        stages.projected.differs(
            f"reporting has session {session} as of step {arrived}; the log ends with "
            f"{first[-1].sequence}",
            session=session,
        )


def _totals(
    tally: Tally,
    session: str,
    sheet: Document,
    rows: Sequence[Document],
    count: Mapping[str, Test],
) -> None:
    """The sheet's own totals against its rows; one finding at most."""
    stored = sum(row[STATUS] != IS_REMOVED for row in rows)
    tally.expect(f"{session}:{sheet[LINES]}", sheet[LINES])
    tally.find(f"{session}:{stored}", stored)
    text = f"session {session}: its sheet counts {sheet[LINES]} rows, {stored} are stored"
    if stored < sheet[LINES]:
        tally.missing(text, count=sheet[LINES] - stored, session=session)
    elif stored > sheet[LINES]:
        tally.double(text, count=stored - sheet[LINES], session=session)
    elif len(count) != sheet[PRESENT]:
        tally.differs(
            f"session {session}: its sheet counts {sheet[PRESENT]} present, its rows {len(count)}",
            session=session,
        )
    elif _scores(count.values()) != list(sheet[SCORES]):
        tally.differs(f"session {session}: its test scores are not those of its rows",
                      session=session)  # fmt: skip


def _log(tally: Tally, session: str, sheet: Document | None, first: Sequence[Entry]) -> bool:
    """Whether the log has every step of the sheet; names those that it has not."""
    last = max(sheet[LAST_SEQUENCE] if sheet else 0, first[-1].sequence if first else 0)
    logged = {each.sequence for each in first}
    absent = [sequence for sequence in range(1, last + 1) if sequence not in logged]
    for sequence in absent:
        tally.missing(
            f"step {sequence} of session {session} is not in the log",
            session=session,
            sequence=sequence,
        )
    if sheet and first and first[-1].sequence > sheet[LAST_SEQUENCE]:
        tally.differs(
            f"session {session} is stored as of step {sheet[LAST_SEQUENCE]}; "
            f"the log goes on to {last}",
            session=session,
        )
    return not absent


def _compare(tally: Tally, session: str, present: set[str], replay: Replay, *, named: bool) -> None:
    """Who is present by the rows against who is by the log."""
    tally.expect(_key(session, present), len(present))
    if present == replay.present:
        tally.find(_key(session, present), len(present))
        return
    tally.find(_key(session, replay.present), len(replay.present))
    if not named:
        return
    for each in sorted(replay.present - present):
        tally.missing(
            f"session {session}: participant {each} is present by the log, by no stored row",
            session=session,
            participant=each,
        )
    for each in sorted(present - replay.present):
        tally.missing(
            f"session {session}: the row of participant {each} is in no event",
            session=session,
            participant=each,
        )


def _projected(
    tally: Tally,
    session: str,
    sheet: Document | None,
    then: Replay,
    projected: Document,
    people: People,
) -> None:
    """The set that reporting counts against who is present by the log at that step."""
    numbers = people.numbers
    unnumbered = [each for each in then.present if each not in numbers]
    expected = BitMap([numbers[each] for each in then.present if each in numbers])
    found = BitMap.deserialize(projected[reporting.PRESENT])
    key = _key(session, then.present)
    tally.expect(key, len(then.present))
    if found == expected and not unnumbered:
        tally.find(key, len(found))
    else:
        tally.find(_key(session, people.names(found)), len(found))
        for each in sorted(unnumbered + people.names(expected - found)):
            tally.missing(
                f"session {session}: participant {each} is present and not counted by reporting",
                session=session,
                participant=each,
            )
        for each in sorted(people.names(found - expected)):
            tally.double(
                f"session {session}: reporting counts participant {each}, who is not present",
                session=session,
                participant=each,
            )
    if [projected[reporting.SCORES].get(name, 0) for name in SUMS] != then.scores:
        tally.differs(f"session {session}: reporting has other test scores", session=session)
    tests = {number: (pre, post) for number, pre, post in projected.get(reporting.TESTS, ())}
    if tests != {numbers[each]: test for each, test in then.tests.items() if each in numbers}:
        tally.differs(
            f"session {session}: reporting has other people's test scores", session=session
        )
    if sheet is not None and projected[reporting.ACTIVITY_ID] != sheet[ACTIVITY_ID]:
        tally.differs(f"session {session}: reporting has it in another activity", session=session)


def _who_count(rows: Iterable[Document]) -> dict[str, Test]:
    """Who is present and counts, by the rows that stand for them; each with their scores, of which
    a person's other rows have those that are missing there."""
    present = {participant_of(row["_id"]): row for row in rows if row[STATUS] == IS_PRESENT}
    found = {
        who: (row.get(PRE), row.get(POST)) for who, row in present.items() if COUNTS_IN not in row
    }
    for _, row in sorted(present.items()):
        if (stands_for := row.get(COUNTS_IN)) in found:
            pre, post = found[stands_for]
            found[stands_for] = (
                row.get(PRE) if pre is None else pre,
                row.get(POST) if post is None else post,
            )
    return found


def _tests(count: Mapping[str, Test]) -> dict[str, Test]:
    """The scores of those who have one, by person."""
    return {who: test for who, test in count.items() if test != (None, None)}


def _scores(tests: Iterable[Test]) -> list[Points]:
    sums: list[Points] = [0] * len(SUMS)
    for pre, post in tests:
        both = pre is not None and post is not None
        gain = added(post or 0, -(pre or 0)) if both else 0
        one = (pre is not None, pre or 0, post is not None, post or 0, both, gain)
        sums = [added(a, b) for a, b in zip(sums, one, strict=True)]
    return sums


def _key(session: str, people: Iterable[str]) -> str:
    """A sheet for the checksum: the session and who is present."""
    return session + "".join(sorted(people))


def _shown(people: Sequence[str]) -> str:
    more = f" and {len(people) - 3} more" if len(people) > 3 else ""
    return ", ".join(people[:3]) + more
