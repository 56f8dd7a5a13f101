"""Owns what a pushed row does to a session's attendance sheet: pure, and the hot path.

Each push that changes a sheet is one step of it. Where somebody is named of whom it was told that
they do not simply count, the whole sheet is looked at; else each line stands for itself.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from services.activities.layout import line_key, participant_of, session_of
from services.activities.rules.lines import AttendanceSheet, Line, Step
from services.activities.rules.standings import NOTHING_SPECIAL, Special, Standings, placed
from shared.caller import Caller
from shared.errors import Problem
from shared.records.pushes import Push, Receipt, Status, rejected, settle
from shared.records.repetitions import Repetitions, already_applied
from shared.scores import Points

_ORDER: Final = {
    name: rank
    for rank, name in enumerate(
        (
            "session_id",
            "participant_id",
            "status",
            "pre_score",
            "post_score",
            "version",
            "expected_version",
            "reason",
        )
    )
}


WITHDRAWN: Final = "WITHDRAWN"
_DUPLICATE: Final = Problem("DUPLICATE_ROW", ("participant_id",))


class Given(NamedTuple):
    """What a row says; None leaves the line as it is, and a new line without status is present."""

    status: str | None
    pre: Points | None
    post: Points | None
    clear: frozenset[str] = frozenset()  # of the scores' names


class AttendanceRow(NamedTuple):
    """A pushed row; `sheet` is its sheet's position in the push.

    Of a row with problems, what can be read is there: ids are empty, `given` and
    `expected_version` None where they cannot.
    """

    sheet: int
    session_id: str
    participant_id: str
    given: Given | None
    expected_version: int | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class Outcome:
    """Receipts per push, in order; every changed line and sheet in its last state; the steps; and
    each version of a line that was written over."""

    receipts: list[list[Receipt]] = field(default_factory=list)
    lines: dict[str, Line] = field(default_factory=dict)
    sheets: dict[str, AttendanceSheet] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    replaced: list[tuple[str, Line]] = field(default_factory=list)


def record(
    pushes: Iterable[tuple[Push, Sequence[AttendanceRow]]],
    sheets: dict[str, AttendanceSheet],
    lines: dict[str, Line],
    repetitions: Repetitions | None = None,
    remarks: Mapping[str, Problem] = MappingProxyType({}),
    special: Special = NOTHING_SPECIAL,
) -> Outcome:
    """Decide every row of every push, one push after the other.

    Args: `sheets` and `lines` hold what is stored of all that the rows name; lines by `line_key`.
        `repetitions` knows which participants were entered before under a push's id, by session as
        scope, and is told whose rows stand now. `remarks` tells of a session what is worth knowing
        of each row that is written on its sheet. Of the sheets that are `special`, `lines` holds
        all.
    """
    outcome, memory = Outcome(), repetitions or Repetitions("")
    for push, rows in pushes:
        known = ChainMap(outcome.lines, lines) if outcome.lines else lines  # the plain one is fast
        before = ChainMap(outcome.sheets, sheets)
        receipts, changed, steps = _record_one(push, rows, before, known, memory, remarks, special)
        receipts, stands = settle(receipts, push)
        outcome.receipts.append(receipts)
        if stands:
            if not all(step.additions_only for step in steps):
                outcome.replaced += [
                    (key, known[key])
                    for key, line in changed.items()
                    if key in known and line.version != known[key].version
                ]
            outcome.lines |= changed
            outcome.steps += steps
            outcome.sheets |= {step.sheet.id: step.sheet for step in steps}
            _note(memory, push, rows, receipts)
    return outcome


def _note(
    memory: Repetitions, push: Push, rows: Sequence[AttendanceRow], receipts: Sequence[Receipt]
) -> None:
    """Remember under the push's id whose rows stand."""
    if push.push_id is None:
        return
    stand: dict[str, list[str]] = {}
    for row, receipt in zip(rows, receipts, strict=True):
        if receipt.status is not Status.REJECTED:
            stand.setdefault(row.session_id, []).append(row.participant_id)
    for session_id, people in stand.items():
        memory.note(push, people, session_id)


def _record_one(
    push: Push,
    rows: Sequence[AttendanceRow],
    sheets: Mapping[str, AttendanceSheet],
    lines: Mapping[str, Line],
    memory: Repetitions,
    remarks: Mapping[str, Problem],
    special: Special,
) -> tuple[list[Receipt], dict[str, Line], list[Step]]:
    receipts: list[Receipt] = []
    changed: dict[str, Line] = {}
    said: dict[str, Given] = {}
    refusals: dict[str, Problem | None] = {}
    steps: dict[str, Step] = {}
    next_step: dict[str, int] = {}
    for number, (_, session_id, participant_id, given, expected, problems) in enumerate(rows):
        if session_id and session_id not in refusals:
            sheet = sheets.get(session_id)
            refusals[session_id] = refusal(push.caller, sheet)
            next_step[session_id] = sheet.sequence + 1 if sheet else 0
        closed = refusals.get(session_id)
        key = line_key(session_id, participant_id)
        before = lines.get(key)
        first = said.get(key)
        if session_id and participant_id and given is not None:
            said.setdefault(key, given)
        if (
            first in (None, given)
            and memory.has(push, participant_id, session_id)
            and (closed is None or closed.code == WITHDRAWN)
        ):
            version = before.version if before else None
            receipts.append(already_applied(number, participant_id, version))
            continue
        if problems or closed or given is None:
            more = _of_line(given, expected, before, first)
            seen = session_id and participant_id and (closed is None or closed.code == WITHDRAWN)
            found = (*problems, *((closed,) if closed else ()), *(more if seen else ()))
            receipts.append(rejected(number, participant_id or None, found, _ORDER))
            continue
        if first is not None and first != given:
            receipts.append(rejected(number, participant_id, [_DUPLICATE], _ORDER))
            continue
        if key in changed:
            version = changed[key].version
            receipts.append(Receipt(number, participant_id, Status.UNCHANGED, version))
            continue
        if expected is not None and (conflict := _conflict(expected, before)):
            receipts.append(rejected(number, participant_id, [conflict], _ORDER))
            continue
        after = _applied(given, before, next_step[session_id])
        if after is None or after is before:
            version = before.version if before else None
            receipts.append(Receipt(number, participant_id, Status.UNCHANGED, version))
            continue
        changed[key] = after
        if (step := steps.get(session_id)) is None:
            step = steps[session_id] = Step(push.caller, sheets[session_id])
        if session_id in special.sheets:
            step.enter(before, after)
        else:
            step.take(participant_id, before, after)
        status = Status.UPDATED if before else Status.CREATED
        remark = remarks.get(session_id)
        told = (remark,) if remark else ()
        receipts.append(Receipt(number, participant_id, status, after.version, told))
    if not special.sheets.isdisjoint(steps):
        stored, written = by_session(lines), by_session(changed)
        for session_id in special.sheets & steps.keys():
            were = stored.get(session_id, {})
            are = {**were, **written[session_id]}
            changed |= recounted(steps[session_id], were, are, special.standings)
    for step in steps.values():
        step.sheet = step.after(step.sheet)
    return receipts, changed, list(steps.values())


def recounted(
    step: Step, before: Mapping[str, Line], after: Mapping[str, Line], standings: Standings
) -> dict[str, Line]:
    """Let the step tell who counts, by all lines of its sheet as they were and as they are; returns
    those that count elsewhere since, by `line_key`."""
    moved = placed(after, standings)
    step.recount(before, {**after, **moved})
    return {line_key(step.sheet.id, who): line for who, line in moved.items()}


def by_session(lines: Mapping[str, Line]) -> dict[str, dict[str, Line]]:
    """Session → participant → line."""
    found: dict[str, dict[str, Line]] = {}
    for key, line in lines.items():
        found.setdefault(session_of(key), {})[participant_of(key)] = line
    return found


def refusal(caller: Caller, sheet: AttendanceSheet | None) -> Problem | None:
    """Why the caller may not write on the sheet now, if so."""
    if sheet is None or sheet.state == "dropped" or not caller.may_touch(sheet.chapter):
        return Problem.at("session_id", code="UNKNOWN_SESSION")
    if sheet.state == "withdrawn":
        return Problem.at("session_id", code=WITHDRAWN)
    return None


def _of_line(
    given: Given | None, expected: int | None, before: Line | None, said: Given | None
) -> Iterator[Problem]:
    """What else is wrong with a row that is rejected already, by the line it speaks of and by what
    the push said of that before."""
    if said is None:
        if expected is not None and (conflict := _conflict(expected, before)):
            yield conflict
    elif given is not None and given != said:
        yield _DUPLICATE


def _conflict(expected: int, before: Line | None) -> Problem | None:
    version = before.version if before else 0
    if expected == version:
        return None
    return Problem.at("expected_version", code="VERSION_CONFLICT", version=version)


def _applied(given: Given, before: Line | None, step: int) -> Line | None:
    """The line after the row, made by the step; `before` itself if it stays as it is."""
    if before is None:
        status = given.status or "present"
        return None if status == "removed" else Line(status, given.pre, given.post, 1, step)
    # Whoever was taken off a sheet and is entered anew begins anew.
    if before.status == "removed" and given.status != "removed":
        before_scores: tuple[Points | None, Points | None] = (None, None)
        kept = "present"
    else:
        before_scores, kept = (before.pre, before.post), before.status
    pre, post = (
        None if name in given.clear else score
        for name, score in zip(("pre_score", "post_score"), before_scores, strict=True)
    )
    merged = (
        given.status or kept,
        pre if given.pre is None else given.pre,
        post if given.post is None else given.post,
    )
    if merged == before[:3]:
        return before
    return Line(*merged, before.version + 1, step, before.counts_in)
