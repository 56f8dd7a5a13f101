"""Owns the recording of sheets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from services.activities.handlers.records import foreseen
from services.activities.handlers.saving import remarks_of, remarks_on_sheets, save
from services.activities.handlers.special import special_among
from services.activities.layout import line_key
from services.activities.rules import session_keys, sheets
from services.activities.rules.lines import AttendanceSheet, Line
from services.activities.rules.sheets import AttendanceRow
from services.activities.rules.standings import Special
from services.activities.sheet_rows import read_rows
from services.activities.store import ActivityStore
from shared.ids import canonical
from shared.records import keys
from shared.records.collection import recall, remember
from shared.records.keys import ref_name
from shared.records.pairs import Unknown, read
from shared.records.pushes import Push, Receipt, parse
from shared.store.mongo import Tx
from shared.types import Request

_BY_KEY: Final = ref_name("session_id")


def record(request: Request, store: ActivityStore) -> dict[str, Any]:
    """Record sheets: items `{"session_id", "rows": [{"participant_id", "status", "pre_score"?,
    "post_score"?, "expected_version"?}]}`, 500 rows at most. The caller has verified the
    participants.

    A dry run may name the `activities` that are pushed with it: their sessions are foreseen.

    Returns: a receipt per row (`row` counts over the push's sheets, `sheet` is the sheet's
        position, `id` the participant).
    Raises: Refused (final): TOO_MANY_ITEMS, MALFORMED. Unavailable (retryable).
    Effects: one transaction: lines, totals, and one attendance.recorded or attendance.corrected
        for each push and sheet that changed.
    """
    pushes = parse(request, weigh=lambda sheet: len(sheet["rows"]))
    as_named = [read_rows(push.items) for push in pushes]
    beside = [each.get("activities") or () for each in request["pushes"]]
    by_key = any(_BY_KEY in sheet for push in pushes for sheet in push.items)

    def work(tx: Tx) -> dict[str, Any]:
        each_read = [_read_by_key(tx, store, push) for push in pushes] if by_key else as_named
        read = list(zip(pushes, each_read, strict=True))
        rows = [row for _, each in read for row in each if row.session_id]
        known, lines, special = _known(tx, store, rows)
        repetitions = recall(
            tx, "attend", pushes if lines else (), dict.fromkeys(row.session_id for row in rows)
        )
        remarks = remarks_on_sheets(tx, store, known)
        outcome = sheets.record(read, known, lines, repetitions, remarks, special)
        save(tx, store, outcome, lines)
        remember(tx, repetitions)
        for place, ((push, each), activities) in enumerate(zip(read, beside, strict=True)):
            if activities and push.dry_run:
                coming = foreseen(tx, store, replace(push, items=activities))
                then = {**known, **coming.sheets}
                told = {**remarks, **remarks_of(then, coming.standing)}
                if by_key:
                    each = _read_by_key(tx, store, push, coming.activities)
                    read[place] = push, each
                tried = sheets.record([(push, each)], then, lines, repetitions, told, special)
                outcome.receipts[place] = tried.receipts[0]
        return {
            "pushes": [
                {
                    "receipts": [
                        {**_at_key(push, row, receipt).to_dict(), "sheet": row.sheet}
                        for receipt, row in zip(receipts, each, strict=True)
                    ]
                }
                for receipts, (push, each) in zip(outcome.receipts, read, strict=True)
            ]
        }

    return store.transact(work)


def _read_by_key(
    tx: Tx, store: ActivityStore, push: Push, coming: Sequence[session_keys.Named] = ()
) -> list[AttendanceRow]:
    """The rows of the push's sheets, of which some name their session by a key (`session_ref`);
    `coming`: activities that nobody has stored yet."""
    wanted: dict[str, set[str]] = {}
    for sheet in push.items:
        if key := read(sheet.get(_BY_KEY)):
            for chapter in keys.where_of(push.caller, sheet):
                wanted.setdefault(chapter, set()).add(key)
    found = [*(store.activities.with_keys(tx, wanted) if wanted else ()), *coming]
    activities = {each[0]: each for each in found}.values()
    return read_rows(
        [_with_id(sheet, activities, keys.where_of(push.caller, sheet)) for sheet in push.items]
    )


def _with_id(
    sheet: Mapping[str, Any], activities: Collection[session_keys.Named], where: Collection[str]
) -> Mapping[str, Any]:
    rest = {name: value for name, value in sheet.items() if name != _BY_KEY}
    if not keys.given(ref := sheet.get(_BY_KEY)):
        return rest
    led: str | Unknown = Unknown(keys.INVALID_REF)
    if key := read(ref):
        led = session_keys.led(activities, where, key)
        beside = sheet.get("session_id")
        if isinstance(led, str) and keys.given(beside) and canonical(beside) != led:
            led = Unknown(keys.OF_ANOTHER)
    return {**rest, "session_id": led}


def _at_key(push: Push, row: AttendanceRow, receipt: Receipt) -> Receipt:
    """The receipt, its problems at the key where the sheet names its session by one."""
    if not receipt.problems or not push.items[row.sheet].get(_BY_KEY):
        return receipt
    told = (
        replace(each, path=(_BY_KEY,)) if each.path == ("session_id",) else each
        for each in receipt.problems
    )
    return replace(receipt, problems=tuple(told))


def _known(
    tx: Tx, store: ActivityStore, rows: Sequence[AttendanceRow]
) -> tuple[dict[str, AttendanceSheet], dict[str, Line], Special]:
    """The sheets that the rows name, the stored lines they speak of, and which of the sheets are
    special."""
    stored = store.sheets.get({row.session_id for row in rows}, tx.session)
    # A sheet without a step has no line yet; whoever takes that step first makes the other retry.
    begun = {sheet.id for sheet in stored.values() if sheet.sequence}
    keys = [
        line_key(row.session_id, row.participant_id)
        for row in rows
        if row.session_id in begun and row.participant_id
    ]
    lines = store.lines.get(tx, keys)
    named: dict[str, list[str]] = {key: [] for key in stored}
    for row in rows:
        if row.session_id in named:
            named[row.session_id].append(row.participant_id)
    special, whole = special_among(tx, store, named)
    return stored, {**lines, **whole} if whole else lines, special
