"""Owns the reading of sheets: one with its lines, those of activities, where people have been."""

from __future__ import annotations

from typing import Any

from services.activities.definitions import ACTIVITY
from services.activities.handlers.requests import ids_in
from services.activities.rules.lines import AttendanceSheet, Line
from services.activities.store import ActivityStore
from shared.caller import Caller
from shared.errors import NotFound
from shared.ids import asked_for, canonical
from shared.paging import Asked
from shared.record_types import SCORES
from shared.records.pushes import MAX_ITEMS
from shared.types import Request


def page(request: Request, store: ActivityStore) -> dict[str, Any]:
    """One session's sheet: `{"sheet": totals}`, and a page (`shared.paging`) of its lines by
    participant id, of `participant_ids` alone where given, removed ones left out.

    Raises: NotFound (final) also where the caller may not see it; Refused (final): PAGE_SIZE,
        FIRST_AND_LAST, BAD_CURSOR, TOO_MANY, INVALID_ID.
    """
    caller = Caller.of(request)
    session_id = canonical(request.get("session_id")) or ""
    sheet = store.sheets.get([session_id]).get(session_id)
    if sheet is None or not caller.may_touch(sheet.chapter):
        raise NotFound()
    people = asked_for(request.get("participant_ids"), "participant_ids")
    lines = store.lines.page(session_id, Asked.of(request, limit=MAX_ITEMS), people)
    return {"sheet": _dumped(sheet), **lines.answer(lambda line: _dumped_line(*line))}


def sheets_of(request: Request, store: ActivityStore) -> dict[str, Any]:
    """`{"items": {activity id: [sheet totals]}}` of the `activity_ids` that the caller may see, in
    the order of their sessions."""
    caller = Caller.of(request)
    activities = store.records[ACTIVITY.name].get_many(ids_in(request, "activity_ids"), caller)
    sessions = {key: ACTIVITY.sessions(activity) for key, activity in activities.items()}
    found = store.sheets.get(each["id"] for listed in sessions.values() for each in listed)
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
    lines = store.lines.of_people(people)
    found = store.sheets.get({session_id for session_id, _, _ in lines})
    items: dict[str, list[dict[str, Any]]] = {person: [] for person in people}
    for session_id, person, line in lines:
        sheet = found[session_id]
        if caller.may_touch(sheet.chapter):
            place = {"session_id": session_id, "activity_id": sheet.activity_id}
            items[person].append({**place, **_dumped_line(person, line)})
    return {"items": items}


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
