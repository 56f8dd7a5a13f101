"""Owns the moving of people from one session's sheet to another's."""

from __future__ import annotations

from typing import Any, Final, TypeGuard

from services.activities.handlers.saving import remarks_on_sheets, save
from services.activities.handlers.special import special_among
from services.activities.layout import line_key
from services.activities.rules import sheets
from services.activities.rules.lines import Line
from services.activities.rules.sheets import AttendanceRow, Given
from services.activities.store import ActivityStore
from shared.caller import Caller
from shared.errors import Problem, Refused
from shared.ids import canonical
from shared.records.collection import recall, remember
from shared.records.pushes import MAX_ITEMS, Push, Receipt, Status, rejected, settle
from shared.records.repetitions import already_applied
from shared.store.mongo import Tx
from shared.types import Request

_NOT_ON_SHEET: Final = Problem("NOT_ON_SHEET")
_NO_ID: Final = Problem("INVALID_ID")
_ORDER: Final = {"from_session": 0, "to_session": 1}


def move(request: Request, store: ActivityStore) -> dict[str, Any]:
    """Move participants with status and scores from one session's sheet to another's.

    Args: request: `{"caller", "from_session", "to_session", "participant_ids", "dry_run"?,
        "push_id"?}`.
    Returns: `{"receipts": […]}`, one per participant: UPDATED (`version` of the line on the target
        sheet); UNCHANGED if that was done before; REJECTED NOT_ON_SHEET, or as `record` rejects,
        and then nobody moves. What the target sheet says of them already, stays.
    Raises: Refused (final): INVALID_ID, REPEATED_VALUE (one session twice), TOO_MANY_ITEMS.
        Unavailable (retryable).
    Effects: one transaction; an attendance.corrected for the one sheet, an attendance.recorded or
        corrected for the other.
    """
    caller = Caller.of(request)
    source, target = _session_in(request, "from_session"), _session_in(request, "to_session")
    people = [canonical(each) for each in request.get("participant_ids") or ()]
    if len(people) > MAX_ITEMS:
        raise Refused("TOO_MANY_ITEMS", limit=MAX_ITEMS, count=len(people))
    if source == target:
        raise Refused("REPEATED_VALUE", path=["to_session"])
    push = Push(
        caller,
        (),
        all_or_nothing=True,
        dry_run=bool(request.get("dry_run")),
        push_id=request.get("push_id"),
    )
    way = f"{source}:{target}"

    def work(tx: Tx) -> dict[str, Any]:
        found = store.sheets.get((source, target), tx.session)
        refused = tuple(
            Problem.at(name, code=problem.code)
            for name, session_id in zip(_ORDER, (source, target), strict=True)
            if (problem := sheets.refusal(caller, found.get(session_id)))
        )
        keys = [line_key(each, p) for p in people if p for each in (source, target)]
        lines = {} if refused else store.lines.get(tx, keys)
        special, whole = special_among(tx, store, dict.fromkeys(found, people))
        lines |= whole
        repetitions = recall(tx, "move", [push], [way])
        remarks = remarks_on_sheets(tx, store, found)
        receipts: list[Receipt] = []
        rows: list[AttendanceRow] = []
        for row, person in enumerate(people):
            here = lines.get(line_key(source, person or ""))
            there = lines.get(line_key(target, person or ""))
            if person and not refused and repetitions.has(push, person, way):
                version = there.version if there else None
                receipts.append(already_applied(row, person, version))
            elif person and _on(here):
                moved = _moved(source, target, person, here, there)
                rows += moved
                [[_, entered]] = sheets.record([(push, moved)], found, lines).receipts
                told = (remarks[target],) if target in remarks else ()
                receipts.append(Receipt(row, person, Status.UPDATED, entered.version, told))
            elif _on(there):
                receipts.append(Receipt(row, person, Status.UNCHANGED, there.version))
            else:
                wrong = [] if refused and person else [_NOT_ON_SHEET if person else _NO_ID]
                receipts.append(rejected(row, person, [*refused, *wrong], _ORDER))
        receipts, stands = settle(receipts, push)
        if stands:
            outcome = sheets.record([(push, rows)], found, lines, special=special)
            save(tx, store, outcome, lines)
            repetitions.note(push, [receipt.id for receipt in receipts if receipt.id], way)
            remember(tx, repetitions)
        return {"receipts": [receipt.to_dict() for receipt in receipts]}

    return store.transact(work)


def _session_in(request: Request, name: str) -> str:
    if (session_id := canonical(request.get(name))) is None:
        raise Refused("INVALID_ID", path=[name])
    return session_id


def _on(line: Line | None) -> TypeGuard[Line]:
    return line is not None and line.status != "removed"


def _moved(
    source: str, target: str, person: str, here: Line, there: Line | None
) -> list[AttendanceRow]:
    """Off the one sheet, onto the other. What the target has of its own goes first."""
    own = there if _on(there) else None
    given = Given(
        own.status if own else here.status,
        here.pre if own is None or own.pre is None else own.pre,
        here.post if own is None or own.post is None else own.post,
    )
    return [
        AttendanceRow(0, source, person, Given("removed", None, None), here.version),
        AttendanceRow(0, target, person, given, there.version if there else 0),
    ]
