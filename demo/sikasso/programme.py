"""Reads the data files and shapes them as GraphQL inputs; knows nothing of the network."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
CHAPTER = "ML"
BATCH = 100  # rows a request: small enough for a bad line, large enough to be quick

InputRow = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Programme:
    """Every list in the order in which it must be pushed; rows in camelCase, blanks left out."""

    organisations: list[InputRow]
    projects: list[InputRow]
    participants: list[InputRow]
    activities: list[InputRow]
    proposals: list[InputRow]
    decisions: list[InputRow]
    concerns: list[InputRow]
    attendance: list[InputRow]  # sheets: {sessionId, rows}


def read() -> Programme:
    activities = _json("activities")
    nominations = [_nomination(row) for row in _table("nominations")]
    return Programme(
        organisations=_json("organisations"),
        projects=_json("projects"),
        participants=[_participant(row) for row in _table("people")],
        activities=activities,
        proposals=[{**row, "status": "proposed", "reason": None} for row in nominations],
        decisions=nominations,
        concerns=_json("concerns"),
        attendance=_sheets(_table("attendance")),
    )


def batches(rows: Iterable[InputRow]) -> Iterator[list[InputRow]]:
    """Parts of at most `BATCH` rows; a sheet counts as many as there are rows on it."""
    batch: list[InputRow] = []
    weight = 0
    for row in rows:
        weighs = len(row.get("rows", "."))
        if batch and weight + weighs > BATCH:
            yield batch
            batch, weight = [], 0
        batch.append(row)
        weight += weighs
    if batch:
        yield batch


def _json(name: str) -> list[InputRow]:
    rows: list[InputRow] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return rows


def _table(name: str) -> list[dict[str, str]]:
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _participant(row: dict[str, str]) -> InputRow:
    return _given(
        {
            "id": row["id"],
            "givenName": row["given_name"],
            "familyName": row["family_name"],
            "sex": row["sex"],
            "birthYear": _number(row["birth_year"]),
            "age": _number(row["age"]),
            "ageOn": row["age_on"],
            "groups": row["groups"].split(";"),
            "disability": row["disability"],
            "place": row["place"],
            "phone": row["phone"],
            "language": row["language"],
            "consent": {
                "purpose": ["programme_records", "reporting_statistics"],
                "givenOn": row["consent_given_on"],
                "by": row["consent_by"],
            },
        }
    )


def _nomination(row: dict[str, str]) -> InputRow:
    return {
        "id": row["id"],
        "participantId": row["participant_id"],
        "projectId": _json("projects")[0]["id"],
        "proposerGroup": row["proposer_group"],
        "proposedOn": row["proposed_on"],
        "status": row["status"],
        "reason": row["reason"],
    }


def _sheets(rows: Sequence[dict[str, str]]) -> list[InputRow]:
    sheets: dict[str, list[InputRow]] = {}
    for row in rows:
        sheets.setdefault(row["session_id"], []).append(
            _given(
                {
                    "participantId": row["participant_id"],
                    "status": row["status"],
                    "preScore": _number(row["pre_score"]),
                    "postScore": _number(row["post_score"]),
                }
            )
        )
    return [{"sessionId": session, "rows": listed} for session, listed in sheets.items()]


def _given(row: InputRow) -> InputRow:
    return {name: value for name, value in row.items() if value not in ("", None)}


def _number(text: str) -> int | None:
    return int(text) if text else None
