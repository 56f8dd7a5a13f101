"""Owns the use cases of attendance: record sheets, move people between sessions, read sheets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeGuard

from services.activities.definitions import ACTIVITY
from services.activities.handlers.records import SOURCE, foreseen
from services.activities.handlers.requests import ids_in
from services.activities.handlers.special import special_among
from services.activities.layout import line_key
from services.activities.rules import session_keys, sheets
from services.activities.rules.lines import AttendanceSheet, Line, Step
from services.activities.rules.records import HAPPENED
from services.activities.rules.scores import Scores
from services.activities.rules.sheets import AttendanceRow, Given, Outcome
from services.activities.rules.standings import Special
from services.activities.schemas import read_rows
from services.activities.store import ActivityStore
from shared.caller import Caller
from shared.codes.countries import today
from shared.codes.states import state_on
from shared.errors import NotFound, Problem, Refused
from shared.events import Event
from shared.ids import asked_for, canonical
from shared.paging import Asked
from shared.record_types import RECORD_TYPES, SCORES
from shared.records import keys
from shared.records.collection import recall, remember
from shared.records.keys import ref_name
from shared.records.pairs import Unknown, read
from shared.records.pushes import MAX_ITEMS, Push, Receipt, Status, parse, rejected, settle
from shared.records.repetitions import already_applied
from shared.store.mongo import Tx
from shared.types import Request

_NOT_ON_SHEET: Final = Problem("NOT_ON_SHEET")
_NO_ID: Final = Problem("INVALID_ID")
_BY_KEY: Final = ref_name("session_id")
_ORDER: Final = {"from_session": 0, "to_session": 1}  # of a move


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
                told = {**remarks, **_remarks_on(then, coming.standing)}
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
        found = store.get_sheets((source, target), tx.session)
        refused = tuple(
            Problem.at(name, code=problem.code)
            for name, session_id in zip(_ORDER, (source, target), strict=True)
            if (problem := sheets.refusal(caller, found.get(session_id)))
        )
        keys = [line_key(each, p) for p in people if p for each in (source, target)]
        lines = {} if refused else store.get_lines(tx, keys)
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
    found = [*(store.with_keys(tx, wanted) if wanted else ()), *coming]
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


def page(request: Request, store: ActivityStore) -> dict[str, Any]:
    """One session's sheet: `{"sheet": totals}`, and a page (`shared.paging`) of its lines by
    participant id, of `participant_ids` alone where given, removed ones left out.

    Raises: NotFound (final) also where the caller may not see it; Refused (final): PAGE_SIZE,
        FIRST_AND_LAST, BAD_CURSOR, TOO_MANY, INVALID_ID.
    """
    caller = Caller.of(request)
    session_id = canonical(request.get("session_id")) or ""
    sheet = store.get_sheets([session_id]).get(session_id)
    if sheet is None or not caller.may_touch(sheet.chapter):
        raise NotFound()
    people = asked_for(request.get("participant_ids"), "participant_ids")
    lines = store.page_of_lines(session_id, Asked.of(request, limit=MAX_ITEMS), people)
    return {"sheet": _dumped(sheet), **lines.answer(lambda line: _dumped_line(*line))}


def sheets_of(request: Request, store: ActivityStore) -> dict[str, Any]:
    """`{"items": {activity id: [sheet totals]}}` of the `activity_ids` that the caller may see, in
    the order of their sessions."""
    caller = Caller.of(request)
    activities = store.records[ACTIVITY.name].get_many(ids_in(request, "activity_ids"), caller)
    sessions = {key: ACTIVITY.sessions(activity) for key, activity in activities.items()}
    found = store.get_sheets(each["id"] for listed in sessions.values() for each in listed)
    return {
        "items": {
            key: [_dumped(found[each["id"]]) for each in listed if each["id"] in found]
            for key, listed in sessions.items()
        }
    }


def sessions_of(request: Request, store: ActivityStore) -> dict[str, Any]:
    """`{"items": {participant id: [{"session_id", "activity_id", …line}]}}`: on whose sheets, of
    those that the caller may see, each of the `participant_ids` (200 at most) stands."""
    caller = Caller.of(request)
    people = ids_in(request, "participant_ids", limit=200)
    lines = store.lines_of(people)
    found = store.get_sheets({session_id for session_id, _, _ in lines})
    items: dict[str, list[dict[str, Any]]] = {person: [] for person in people}
    for session_id, person, line in lines:
        sheet = found[session_id]
        if caller.may_touch(sheet.chapter):
            place = {"session_id": session_id, "activity_id": sheet.activity_id}
            items[person].append({**place, **_dumped_line(person, line)})
    return {"items": items}


def _session_in(request: Request, name: str) -> str:
    if (session_id := canonical(request.get(name))) is None:
        raise Refused("INVALID_ID", path=[name])
    return session_id


def _known(
    tx: Tx, store: ActivityStore, rows: Sequence[AttendanceRow]
) -> tuple[dict[str, AttendanceSheet], dict[str, Line], Special]:
    """The sheets that the rows name, the stored lines they speak of, and which of the sheets are
    special."""
    stored = store.get_sheets({row.session_id for row in rows}, tx.session)
    # A sheet without a step has no line yet; whoever takes that step first makes the other retry.
    begun = {sheet.id for sheet in stored.values() if sheet.sequence}
    keys = [
        line_key(row.session_id, row.participant_id)
        for row in rows
        if row.session_id in begun and row.participant_id
    ]
    lines = store.get_lines(tx, keys)
    named: dict[str, list[str]] = {key: [] for key in stored}
    for row in rows:
        if row.session_id in named:
            named[row.session_id].append(row.participant_id)
    special, whole = special_among(tx, store, named)
    return stored, {**lines, **whole} if whole else lines, special


def remarks_on_sheets(
    tx: Tx, store: ActivityStore, known: Mapping[str, AttendanceSheet]
) -> dict[str, Problem]:
    """Of each session whose activity is not held: what is written on its sheet counts nowhere."""
    return _remarks_on(known, store.standing(tx, {each.activity_id for each in known.values()}))


def _remarks_on(
    known: Mapping[str, AttendanceSheet], standing: Mapping[str, tuple[str | None, str]]
) -> dict[str, Problem]:
    remarks: dict[str, Problem] = {}
    for sheet in known.values():
        if sheet.activity_id not in standing:
            continue
        stated, starts_on = standing[sheet.activity_id]
        if state_on(today(sheet.chapter), stated, starts_on) not in HAPPENED:
            remarks[sheet.id] = Problem.at("session_id", code="DOES_NOT_COUNT")
    return remarks


def save(tx: Tx, store: ActivityStore, outcome: Outcome, stored: Mapping[str, Line]) -> None:
    """Write what was decided, given the lines that were stored; one event for each step."""
    store.save_lines(tx, outcome.lines, stored)
    store.keep_lines(tx, outcome.replaced)
    store.save_totals(tx, outcome.sheets.values())
    tx.emit(_event(step) for step in outcome.steps)


def _event(step: Step) -> Event:
    event_type = RECORD_TYPES["attendance"].event("added" if step.additions_only else "changed")
    data = told(step.sheet, step.rows, step.tests, step.scores)
    sheet = step.sheet
    return Event.new(event_type, SOURCE, sheet.id, sheet.sequence, data, caller=step.caller)


def told(
    sheet: AttendanceSheet,
    rows: list[dict[str, Any]],
    tests: list[dict[str, Any]],
    scores: Scores,
) -> dict[str, Any]:
    """What a step's event says, in the words of all versions of its contract."""
    return {
        "session_id": sheet.id,
        "activity_id": sheet.activity_id,
        "chapter": sheet.chapter,
        "rows": rows,
        "present_total": sheet.present,
        "scores": dict(zip(SCORES, scores.in_points(), strict=True)),
        "tests": tests,
    }


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


def _dumped(sheet: AttendanceSheet) -> dict[str, Any]:
    return {
        "session_id": sheet.id,
        "activity_id": sheet.activity_id,
        "chapter": sheet.chapter,
        "state": sheet.state,
        "sequence": sheet.sequence,
        "present": sheet.present,
        "lines": sheet.lines,
        "scores": dict(zip(SCORES, sheet.scores.in_points(), strict=True)),
    }


def _dumped_line(person: str, line: Line) -> dict[str, Any]:
    return {
        "participant_id": person,
        "status": line.status,
        "pre_score": line.pre,
        "post_score": line.post,
        "version": line.version,
        "counts": line.counts,
    }
