"""The parking lot: events that could not be applied, kept until a person has decided.

Owns the collection `parked` in the consumer's own database:

    {_id: event id, or `raw-<sha256>` of a body that is no event, reason: code, text: in English,
     body: raw bytes, attempts, first_at, last_at, state: parked | retried | discarded}
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from bson.binary import Binary
from pymongo import ASCENDING, IndexModel
from pymongo.database import Database

INDEXES = (
    # The operators' list: what waits for a decision, oldest first.
    IndexModel([("state", ASCENDING), ("last_at", ASCENDING)], name="state_last_at"),
)


class ParkingLot:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self.collection = db["parked"]

    def park(
        self, body: bytes, *, reason: str, text: str, attempts: int, event_id: str | None = None
    ) -> None:
        """Keep `body`, durably (majority, journal), before its message is acknowledged.

        The same event again is the same row, parked anew. `text` holds no personal data.
        Raises: a PyMongoError if it could not be written; the message must then not be acked.
        """
        now = datetime.now(UTC)
        self.collection.update_one(
            {"_id": event_id or f"raw-{hashlib.sha256(body).hexdigest()}"},
            {
                "$set": {
                    "reason": reason,
                    "text": text,
                    "body": Binary(body),
                    "attempts": attempts,
                    "last_at": now,
                    "state": "parked",
                },
                "$setOnInsert": {"first_at": now},
            },
            upsert=True,
        )
