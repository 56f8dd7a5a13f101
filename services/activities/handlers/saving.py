"""Owns the end of every writing of lines: what is stored, told and remarked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.activities.handlers.records import SOURCE
from services.activities.rules.lines import AttendanceSheet, Line, Step
from services.activities.rules.records import HAPPENED
from services.activities.rules.scores import Scores
from services.activities.rules.sheets import Outcome
from services.activities.store import ActivityStore
from shared.codes.countries import today
from shared.codes.states import state_on
from shared.errors import Problem
from shared.events import Event
from shared.record_types import RECORD_TYPES, SCORES
from shared.store.mongo import Tx


def save(tx: Tx, store: ActivityStore, outcome: Outcome, stored: Mapping[str, Line]) -> None:
    """Write what was decided, given the lines that were stored; one event for each step."""
    store.lines.save(tx, outcome.lines, stored)
    store.lines.keep(tx, outcome.replaced)
    store.sheets.save_totals(tx, outcome.sheets.values())
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


def remarks_on_sheets(
    tx: Tx, store: ActivityStore, known: Mapping[str, AttendanceSheet]
) -> dict[str, Problem]:
    """Of each session whose activity is not held: what is written on its sheet counts nowhere."""
    return remarks_of(
        known, store.activities.stated(tx, {each.activity_id for each in known.values()})
    )


def remarks_of(
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
