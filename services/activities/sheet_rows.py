"""Owns the form of what may come in as rows of sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError

from services.activities.rules.sheets import AttendanceRow, Given
from shared.codes import code_list
from shared.codes.suggestions import unknown_field
from shared.errors import Problem, problems_in
from shared.ids import canonical
from shared.records import fields as f
from shared.records.pairs import Unknown
from shared.scores import score

SHEET_STATUSES = frozenset(code_list("attendance_status"))


class SheetRow(f.RowSchema):
    """One participant on one session's sheet; a blank leaves what is stored."""

    participant_id = f.Id(required=True)
    status = f.Code("attendance_status")
    pre_score = f.Score()
    post_score = f.Score()
    expected_version = f.Whole(0)
    clear = f.Many(f.Code("score", ("pre_score", "post_score")), limit=10)


_SHEET_ROW = SheetRow()
_ROW_FIELDS = frozenset(_SHEET_ROW.fields)
_SHEET_FIELDS = frozenset({"session_id", "rows"})
_SAID = frozenset({"status", "pre_score", "post_score", "clear"})


def read_rows(sheets: Sequence[Mapping[str, Any]]) -> list[AttendanceRow]:
    """The rows of a push's sheets, in order, each with what is wrong with it.

    A row that is plainly right is taken as it stands, as this is the hot path; any other goes
    through `SheetRow`, which alone decides what is an error and says which.
    """
    rows: list[AttendanceRow] = []
    for number, sheet in enumerate(sheets):
        named = sheet.get("session_id")
        session_id = canonical(named) or ""
        code = named.code if isinstance(named, Unknown) else "INVALID_ID"
        wrong: tuple[Problem, ...] = () if session_id else (Problem.at("session_id", code=code),)
        wrong += tuple(
            Problem(f.UNKNOWN_FIELD, (str(name)[:80],), unknown_field(name, _SHEET_FIELDS))
            for name in sheet.keys() - _SHEET_FIELDS
        )
        for raw in sheet["rows"]:
            row = None if wrong else _plain(number, session_id, raw)
            rows.append(row or _careful(number, session_id, raw, wrong))
    return rows


def _plain(number: int, session_id: str, raw: Any) -> AttendanceRow | None:
    if type(raw) is not dict or not raw.keys() <= _ROW_FIELDS:
        return None
    person, status = raw.get("participant_id"), raw.get("status")
    pre, post, expected = raw.get("pre_score"), raw.get("post_score"), raw.get("expected_version")
    before = after = None
    if (
        canonical(person) == person
        and person
        and (status is None or (type(status) is str and status in SHEET_STATUSES))
        and (pre is None or (before := score(pre)) is not None)
        and (post is None or (after := score(post)) is not None)
        and expected is None
        and raw.get("clear") is None
    ):
        return AttendanceRow(number, session_id, person, Given(status, before, after))
    return None


def _careful(number: int, session_id: str, raw: Any, wrong: tuple[Problem, ...]) -> AttendanceRow:
    found: tuple[Problem, ...] = ()
    try:
        row = _SHEET_ROW.load(raw)
    except ValidationError as error:
        row, found = error.valid_data or {}, tuple(problems_in(error.messages))
    person, expected = row.get("participant_id", ""), row.get("expected_version")
    readable = not any(problem.path == () or problem.path[0] in _SAID for problem in found)
    cleared = frozenset(row.get("clear") or ()) if readable else frozenset()
    given = Given(row.get("status"), row.get("pre_score"), row.get("post_score"), cleared)
    problems = (*wrong, *found)
    return AttendanceRow(
        number, session_id, person, given if readable else None, expected, problems
    )
