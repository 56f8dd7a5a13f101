"""The outbox: a service's events, written in the transaction that causes them, and kept for good.

Owns the collection `outbox`, which is the service's event log: replay and change logs read it.

    {_id: event id, type, subject, sequence, body: JSON bytes as they go on the wire, actor,
     recorded_at, published_at: None until the broker has confirmed it}
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from bson.binary import Binary
from pymongo import ASCENDING, IndexModel
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import PyMongoError

from shared.events import Event
from shared.store.failures import answered

INDEXES = (
    # No two events may claim the same step of a subject; also the change log of a subject, in
    # order. `type` is in it so that a `.v2` can be emitted beside a `.v1`.
    IndexModel(
        [("subject", ASCENDING), ("sequence", ASCENDING), ("type", ASCENDING)],
        name="subject_sequence_type",
        unique=True,
    ),
    # The relay's query: what is not yet published, oldest first. Empty in a quiet hour.
    IndexModel(
        [("recorded_at", ASCENDING), ("sequence", ASCENDING)],
        name="unpublished",
        partialFilterExpression={"published_at": None},
    ),
)


class Outbox:
    """Inserts events and wakes whoever publishes them."""

    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self.collection = db["outbox"]
        self.woken = threading.Event()

    def insert(self, events: Iterable[Event], actor: str, session: ClientSession) -> int:
        """Write one row per event into the caller's transaction; returns how many.

        Raises: DuplicateKeyError or BulkWriteError if a subject's sequence is taken.
        """
        now = datetime.now(UTC)
        rows = [
            {
                "_id": event.id,
                "type": event.type,
                "subject": event.subject,
                "sequence": event.sequence,
                "body": Binary(event.to_json()),
                "actor": actor,
                "recorded_at": now,
                "published_at": None,
            }
            for event in events
        ]
        if rows:
            self.collection.insert_many(rows, ordered=False, session=session)
        return len(rows)

    def wake(self) -> None:
        """Tell the relay of this process that rows were committed."""
        self.woken.set()

    def to_publish(self, *, besides: Collection[str], rows: int, size: int) -> list[dict[str, Any]]:
        """The id, `type`, `subject` and `body` of what is not published yet, oldest first.

        Args: besides: types to leave out. rows, size: no more rows, and none once their bodies have
            come to more bytes.
        Raises: Unavailable (retryable).
        """
        query: dict[str, Any] = {"published_at": None}
        if besides:
            query["type"] = {"$nin": list(besides)}
        found: list[dict[str, Any]] = []
        with (
            answered(),
            self.collection.find(
                query,
                {"type": 1, "subject": 1, "body": 1},
                sort=[("recorded_at", 1), ("sequence", 1)],
            ).limit(rows) as cursor,
        ):
            for row in cursor:
                found.append(row)
                size -= len(row["body"])
                if size < 0:
                    break
        return found

    def mark_published(self, ids: Sequence[str]) -> None:
        """Note that the broker has confirmed these. Raises: Unavailable (retryable)."""
        with answered():
            self.collection.update_many(
                {"_id": {"$in": list(ids)}}, {"$set": {"published_at": datetime.now(UTC)}}
            )

    def waits(self) -> bool:
        """Whether any row waits for the broker. Raises: Unavailable (retryable)."""
        with answered():
            return self._oldest() is not None

    def unpublished(self) -> float:
        """How many rows wait for the broker; NaN if the database does not answer."""
        try:
            return self.collection.count_documents({"published_at": None})
        except PyMongoError:
            return math.nan

    def oldest_s(self) -> float:
        """Age in seconds of the oldest row that waits; 0 if none does, NaN as above."""
        try:
            row = self._oldest()
        except PyMongoError:
            return math.nan
        return (datetime.now(UTC) - row["recorded_at"]).total_seconds() if row else 0.0

    def _oldest(self) -> dict[str, Any] | None:
        return self.collection.find_one(
            {"published_at": None},
            {"recorded_at": 1},
            sort=[("recorded_at", 1), ("sequence", 1)],  # without it no index would serve
        )
