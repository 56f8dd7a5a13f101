"""Owns the versions of attendance rows: how each of them read, and bringing one back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.activities.handlers.saving import remarks_on_sheets, save
from services.activities.handlers.special import special_among
from services.activities.layout import IS_REMOVED, line_key
from services.activities.rules import sheets
from services.activities.rules.lines import AttendanceSheet, Line
from services.activities.rules.sheets import AttendanceRow, Given
from services.activities.store import ActivityStore
from services.activities.store.lines import KeptLine
from shared.caller import Caller
from shared.errors import NotFound, Problem
from shared.ids import canonical
from shared.paging import Asked
from shared.record_types import RECORD_TYPES
from shared.records.collection import recall, remember
from shared.records.pushes import Push, Receipt, Status, parse
from shared.records.restoring import version_of
from shared.records.walk import reason_of, version_problems
from shared.store.mongo import Tx
from shared.times import rfc3339
from shared.types import Answer, Request

Versions = Mapping[tuple[str, int], Line]
"""(key of a line, version) → the line as it was."""

_SCORES: Final = ("pre_score", "post_score")


def row_history(request: Request, store: ActivityStore) -> Answer:
    """The versions of one row of a sheet, newest first, to those who may read the sheet.

    Args: request: `{"caller", "session_id", "participant_id"}`, and which page (`shared.paging`).
    Returns: the page, its items `{"version", "at", "actor", "reason", "restored": the version that
        it brought back, "status": None while off the sheet, "pre_score", "post_score"}`. Of a
        version that a release before stored, nobody knows `at` and `actor`; one that it wrote over
        is not there.
    Raises: NotFound (final), also where the caller may not see it; Refused (final): PAGE_SIZE,
        FIRST_AND_LAST, BAD_CURSOR.
    """
    session_id, participant_id = (
        canonical(request.get(name)) or "" for name in ("session_id", "participant_id")
    )
    sheet = store.sheets.get([session_id]).get(session_id)
    key = line_key(session_id, participant_id)
    line = store.lines.get(None, [key]).get(key)
    if sheet is None or line is None or not Caller.of(request).may_touch(sheet.chapter):
        raise NotFound()
    page = store.lines.versions.page(KeptLine(key, line), Asked.of(request))
    made = store.outbox.steps(
        RECORD_TYPES["attendance"].name, {(session_id, each.line.step) for each in page.items}
    )
    why = store.steps.reasons_of([(key, each.version) for each in page.items])

    def shown(each: KeptLine) -> dict[str, Any]:
        step = made.get((session_id, each.line.step))
        reason, restored = why.get((key, each.version), (None, None))
        status, pre, post, version, *_ = each.line
        return {
            "version": version,
            "at": rfc3339(step.at) if step else None,
            "actor": step.actor if step else None,
            "reason": reason,
            "restored": restored,
            "status": None if status == IS_REMOVED else status,
            "pre_score": pre,
            "post_score": post,
        }

    return page.answer(shown)


def restore_rows(request: Request, store: ActivityStore) -> Answer:
    """Give rows of sheets the state of one of their versions again, in a new version: items
    `{"session_id", "participant_id", "version", "reason", "expected_version"?}`; receipts, errors
    and effects as `attendance.record`."""
    pushes = parse(request)
    items = [item for push in pushes for item in push.items]
    sessions = {_id(item, "session_id") for item in items}

    def work(tx: Tx) -> Answer:
        known = store.sheets.get(sessions, tx.session)
        lines = store.lines.get(tx, [_key(item) for item in items])
        named: dict[str, list[str]] = {each: [] for each in known}
        for item in items:
            named.get(_id(item, "session_id"), []).append(_id(item, "participant_id"))
        special, whole = special_among(tx, store, named)
        lines |= whole
        wanted = [(_key(item), version_of(item)[0]) for item in items]
        kept = store.lines.versions.get(wanted, tx.session)
        versions: dict[tuple[str, int], Line] = {at: each.line for at, each in kept.items()}
        versions |= {(key, line.version): line for key, line in lines.items()}
        read = [
            (
                push,
                [_row(push, n, item, known, lines, versions) for n, item in enumerate(push.items)],
            )
            for push in pushes
        ]
        repetitions = recall(tx, "restore_rows", pushes, known)
        remarks = remarks_on_sheets(tx, store, known)
        outcome = sheets.record(read, known, lines, repetitions, remarks, special)
        save(tx, store, outcome, lines)
        store.steps.give_reasons(tx, _reasons(pushes, outcome.receipts))
        remember(tx, repetitions)
        return {
            "pushes": [
                {"receipts": [receipt.to_dict() for receipt in receipts]}
                for receipts in outcome.receipts
            ]
        }

    return store.transact(work)


def _id(item: Mapping[str, Any], name: str) -> str:
    return canonical(item.get(name)) or ""


def _key(item: Mapping[str, Any]) -> str:
    return line_key(_id(item, "session_id"), _id(item, "participant_id"))


def _row(
    push: Push,
    number: int,
    item: Mapping[str, Any],
    known: Mapping[str, AttendanceSheet],
    lines: Mapping[str, Line],
    versions: Versions,
) -> AttendanceRow:
    """The item as the row that says all that its version said."""
    session_id, participant_id = _id(item, "session_id"), _id(item, "participant_id")
    version, problems = version_of(item)
    problems += reason_of(item)[1]
    expected = item.get("expected_version")
    if unreadable := version_problems(item, None):
        problems += unreadable
        expected = None
    problems += [
        Problem.at(name, code="INVALID_ID" if item.get(name) else "REQUIRED")
        for name, found in (("session_id", session_id), ("participant_id", participant_id))
        if not found
    ]
    key = _key(item)
    was = versions.get((key, version))
    closed = sheets.refusal(push.caller, known.get(session_id))
    if session_id and participant_id and was is None and closed is None:
        if key not in lines:
            problems.append(Problem.at("participant_id", code="NOT_FOUND"))
        elif version:
            problems.append(Problem.at("version", code="NO_SUCH_VERSION", version=version))
    given = None if was is None or closed else _given(was)
    return AttendanceRow(number, session_id, participant_id, given, expected, tuple(problems))


def _given(was: Line) -> Given:
    none = (name for name, score in zip(_SCORES, was[1:3], strict=True) if score is None)
    return Given(was.status, was.pre, was.post, frozenset(none))


def _reasons(
    pushes: Sequence[Push], receipts: Sequence[Sequence[Receipt]]
) -> dict[str, tuple[str, int | None]]:
    """Why each row was restored, by the key of the version that this made."""
    return {
        f"{_key(item)}:{receipt.version}": (reason_of(item)[0], version_of(item)[0])
        for push, told in zip(pushes, receipts, strict=True)
        if not push.dry_run
        for item, receipt in zip(push.items, told, strict=True)
        if receipt.status is Status.UPDATED
    }
