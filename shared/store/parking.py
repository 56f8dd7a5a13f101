"""The parking lot: events that could not be applied, kept until a person has decided.

Owns the collection `parked` (`shared.layout`) in the consumer's own database. Whether a
row was applied in the end is told by the inbox, not here.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bson.binary import Binary
from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database

from shared.events import Event
from shared.layout import (
    BODY,
    DECIDED_AT,
    DECIDED_BY,
    DECISIONS,
    LAST_AT,
    PARKING_LOT,
    REASON,
    SCHEMA_VERSION,
    SEQUENCE,
    STATE,
    SUBJECT,
    TEXT,
    TYPE,
)
from shared.paging import Asked, Page
from shared.parked import DISCARDED, PARKED, RETRIED, STATES, reason_text
from shared.store.pages import keyset

PORTION: Final = 500  # rows with their bodies in memory at once

INDEXES = (
    # The operators' list: what waits for a decision, oldest first.
    IndexModel([(STATE, ASCENDING), (LAST_AT, ASCENDING), ("_id", ASCENDING)], name="state_oldest"),
    # What stands before and behind an event in its subject's history.
    IndexModel([(SUBJECT, ASCENDING), (SEQUENCE, ASCENDING)], name="subject_sequence"),
)

ParkedRow = dict[str, Any]

_OLDEST_FIRST: Final = ((LAST_AT, ASCENDING), ("_id", ASCENDING))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an event stands in its subject's history, as far as the parking lot knows.

    `holds_up`: how many later events of the subject are parked too; `waits_for`: the id of the
    first earlier one that is not applied.
    """

    holds_up: int = 0
    waits_for: str | None = None


class ParkingLot:
    def __init__(self, db: Database[ParkedRow]) -> None:
        self.collection = db[PARKING_LOT]

    def park(
        self,
        body: bytes,
        *,
        reason: str,
        params: Mapping[str, Any],
        attempts: int,
        event: Event | None = None,
    ) -> None:
        """Keep `body`, durably (majority, journal), before its message is acknowledged.

        The same event again is the same row, parked anew; what was decided about it stays on
        record. `params` hold no personal data.
        Raises: a PyMongoError if it could not be written; the message must then not be acked.
        """
        now = datetime.now(UTC)
        self.collection.update_one(
            {"_id": event.id if event else f"raw-{hashlib.sha256(body).hexdigest()}"},
            {
                "$set": {
                    TYPE: event and event.type,
                    SCHEMA_VERSION: event and event.schema_version,
                    SUBJECT: event and event.subject,
                    SEQUENCE: event and event.sequence,
                    REASON: reason,
                    "params": {name: _plain(value) for name, value in params.items()},
                    TEXT: reason_text(reason, params, "en"),
                    BODY: Binary(body),
                    "attempts": attempts,
                    LAST_AT: now,
                    STATE: PARKED,
                },
                "$setOnInsert": {"first_at": now, DECISIONS: []},
            },
            upsert=True,
        )

    def page(self, query: Mapping[str, Any], asked: Asked) -> Page[ParkedRow]:
        """Rows that match, oldest first, without their bodies."""
        return keyset(self.collection, query, asked, order=_OLDEST_FIRST, leave_out=BODY)

    def get(self, key: str) -> ParkedRow | None:
        """One row with its body."""
        return self.collection.find_one({"_id": key})

    def counts(self) -> dict[str, int]:
        """How many rows there are in each state."""
        found = self.collection.aggregate([{"$group": {"_id": f"${STATE}", "n": {"$sum": 1}}}])
        return {**dict.fromkeys(STATES, 0), **{row["_id"]: row["n"] for row in found}}

    def standings(
        self, rows: Sequence[ParkedRow], applied: Mapping[str, Any]
    ) -> dict[str, Standing]:
        """Where each of the rows stands; `applied`: ids known to be applied all the same."""
        subjects = {row[SUBJECT] for row in rows if row.get(SUBJECT) is not None}
        behind: dict[tuple[str, str], list[int]] = defaultdict(list)
        blocking: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        if subjects:
            open_rows = self.collection.find(
                {SUBJECT: {"$in": list(subjects)}, STATE: {"$in": [PARKED, DISCARDED]}},
                {SUBJECT: 1, SEQUENCE: 1, TYPE: 1, STATE: 1},
            ).sort([(SUBJECT, ASCENDING), (SEQUENCE, ASCENDING)])
            for each in open_rows:
                if each["_id"] in applied:
                    continue
                history = _history(each)
                blocking[history].append((each[SEQUENCE], each["_id"]))
                if each[STATE] == PARKED:
                    behind[history].append(each[SEQUENCE])
        standings: dict[str, Standing] = {}
        for row in rows:
            if row.get(SUBJECT) is None or row["_id"] in applied:
                standings[row["_id"]] = Standing()
                continue
            later = behind[_history(row)]
            earliest = blocking[_history(row)][:1]
            standings[row["_id"]] = Standing(
                holds_up=len(later) - bisect_right(later, row[SEQUENCE]),
                waits_for=next((key for n, key in earliest if n < row[SEQUENCE]), None),
            )
        return standings

    def known(self, ids: Sequence[str]) -> list[str]:
        """Those of the ids that are rows, in their order."""
        found = {
            row["_id"] for row in self.collection.find({"_id": {"$in": list(ids)}}, {"_id": 1})
        }
        return [key for key in ids if key in found]

    def with_followers(self, ids: Sequence[str]) -> list[str]:
        """The ids of the rows among `ids`, and of what is parked behind them in their subjects'
        histories: by subject, each in its sequence."""
        asked = list(self.collection.find({"_id": {"$in": list(ids)}}, _KEYS))
        first: dict[tuple[str, str], int] = {}
        for row in asked:
            if row.get(SUBJECT) is not None:
                history = _history(row)
                first[history] = min(row[SEQUENCE], first.get(history, row[SEQUENCE]))
        conditions = [
            {
                SUBJECT: subject,
                SEQUENCE: {"$gt": sequence},
                STATE: PARKED,
                TYPE: re.compile(f"^{re.escape(record_type)}\\."),
            }
            for (record_type, subject), sequence in first.items()
        ]
        followers = list(self.collection.find({"$or": conditions}, _KEYS)) if conditions else []
        rows = {row["_id"]: row for row in (*asked, *followers)}.values()
        return [row["_id"] for row in sorted(rows, key=_in_history)]

    def portions(self, ids: Sequence[str]) -> Iterator[list[ParkedRow]]:
        """The rows with their bodies, in the order of `ids`, PORTION at a time."""
        for start in range(0, len(ids), PORTION):
            wanted = ids[start : start + PORTION]
            found = {r["_id"]: r for r in self.collection.find({"_id": {"$in": list(wanted)}})}
            yield [found[key] for key in wanted if key in found]

    def mark_retried(self, rows: Sequence[ParkedRow], by: str) -> None:
        """Record that the rows, as they were read, are on their way again.

        One that has come back and was parked anew since stays parked.
        """
        decision = _decision(RETRIED, by, None)
        self.collection.bulk_write(
            [
                UpdateOne(
                    {"_id": row["_id"], LAST_AT: row[LAST_AT]},
                    {"$set": {STATE: RETRIED}, "$push": {DECISIONS: decision}},
                )
                for row in rows
            ],
            ordered=False,
        )

    def discard(
        self, ids: Sequence[str], by: str, why: str, session: ClientSession | None = None
    ) -> None:
        """Record that these rows are given up. Discarding twice is once."""
        self.collection.update_many(
            {"_id": {"$in": list(ids)}, STATE: {"$ne": DISCARDED}},
            {
                "$set": {STATE: DISCARDED},
                "$push": {DECISIONS: _decision(DISCARDED, by, why)},
            },
            session=session,
        )


_KEYS: Final = {TYPE: 1, SUBJECT: 1, SEQUENCE: 1}


def _decision(action: str, by: str, why: str | None) -> ParkedRow:
    return {"action": action, DECIDED_AT: datetime.now(UTC), DECIDED_BY: by, "why": why}


def _history(row: Mapping[str, Any]) -> tuple[str, str]:
    """An activity's id can be its only session's too: each kind of thing has a history apart."""
    return row[TYPE].partition(".")[0], row[SUBJECT]


def _in_history(row: Mapping[str, Any]) -> tuple[str, int, str]:
    return row.get(SUBJECT) or "", row.get(SEQUENCE) or 0, row["_id"]


def _plain(value: Any) -> Any:
    """The value as BSON and JSON both can hold it."""
    return value if isinstance(value, str | int | float | bool | None) else str(value)
