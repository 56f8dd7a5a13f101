"""Owns the collection `sheets`: of each session the state of its sheet, and its totals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from services.activities.layout import (
    ACTIVITY_ID,
    LAST_SEQUENCE,
    LINES,
    PRESENT,
    SCORES,
    TOLD,
)
from services.activities.rules.lines import AttendanceSheet
from services.activities.rules.scores import NO_SCORES, Scores
from shared.store.mongo import Tx
from shared.types import Document


class Sheets:
    """A sheet is written by whoever changes its lines and by whoever opens or closes its session,
    so that the two conflict and one of them starts over."""

    def __init__(self, collection: Collection[Document]) -> None:
        self.collection = collection

    def get(
        self, ids: Iterable[str], session: ClientSession | None = None
    ) -> dict[str, AttendanceSheet]:
        found = self.collection.find({"_id": {"$in": list(ids)}}, session=session)
        return {each["_id"]: _sheet(each) for each in found}

    def add(self, tx: Tx, sheets: Sequence[AttendanceSheet]) -> None:
        if sheets:
            documents = [
                {
                    "_id": sheet.id,
                    ACTIVITY_ID: sheet.activity_id,
                    "chapter": sheet.chapter,
                    "state": sheet.state,
                    LAST_SEQUENCE: sheet.sequence,
                    PRESENT: sheet.present,
                    LINES: sheet.lines,
                    SCORES: sheet.scores.in_points(),
                    TOLD: sheet.told.in_points(),
                }
                for sheet in sheets
            ]
            self.collection.insert_many(documents, ordered=False, session=tx.session)

    def set_states(self, tx: Tx, states: Mapping[str, str]) -> None:
        """Open, drop or withdraw sessions: session id → state."""
        if states:
            self.collection.bulk_write(
                [UpdateOne({"_id": key}, {"$set": {"state": s}}) for key, s in states.items()],
                ordered=False,
                session=tx.session,
            )

    def save_totals(self, tx: Tx, sheets: Iterable[AttendanceSheet]) -> None:
        updates = [
            UpdateOne(
                {"_id": sheet.id},
                {
                    "$set": {
                        LAST_SEQUENCE: sheet.sequence,
                        PRESENT: sheet.present,
                        LINES: sheet.lines,
                        SCORES: sheet.scores.in_points(),
                        TOLD: sheet.told.in_points(),
                    }
                },
            )
            for sheet in sheets
        ]
        if updates:
            self.collection.bulk_write(updates, ordered=False, session=tx.session)

    def to_restate(self, limit: int) -> list[str]:
        """Sessions whose scores were not all told score by score."""
        told = {"$ifNull": [f"${TOLD}", list(NO_SCORES)]}
        found = self.collection.find({"$expr": {"$ne": [f"${SCORES}", told]}}, {"_id": 1})
        return [each["_id"] for each in found.limit(limit)]


def _sheet(document: Mapping[str, Any]) -> AttendanceSheet:
    return AttendanceSheet(
        id=document["_id"],
        activity_id=document[ACTIVITY_ID],
        chapter=document["chapter"],
        state=document["state"],
        sequence=document[LAST_SEQUENCE],
        present=document[PRESENT],
        lines=document[LINES],
        scores=Scores.of_points(document[SCORES]),
        told=Scores.of_points(document.get(TOLD, NO_SCORES)),
    )
