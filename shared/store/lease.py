"""A lease in MongoDB: among the replicas of a service, one at a time does a job.

Owns the collection `leases` (`shared.layout`). Only the server's clock is compared with
`until`; the holder trusts its own clock for durations alone.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from shared.ids import new_id
from shared.layout import LEASES, UNTIL
from shared.store.failures import answered


class Lease:
    """Of one thread. A holder that was paused beyond `ttl_s` may for a moment act beside its
    successor: what it does must bear being done twice."""

    def __init__(self, db: Database[dict[str, Any]], job: str, ttl_s: float = 5.0) -> None:
        self._leases = db[LEASES]
        self._job = job
        self._ttl_s = ttl_s
        self._holder = new_id()
        self._born = False
        self._renew_at = 0.0

    def held(self) -> bool:
        """Take, renew or simply confirm the lease; False while another holds it.

        Asks the database at most every third of `ttl_s` while it is held.
        Raises: Unavailable (retryable); the lease counts as lost.
        """
        now = time.monotonic()
        if now < self._renew_at:
            return True
        self._renew_at = 0.0
        with answered():
            if not self._take():
                return False
        self._renew_at = now + self._ttl_s / 3
        return True

    def release(self) -> None:
        """Let another take it at once. Raises: Unavailable; it then runs out by itself."""
        self._renew_at = 0.0
        with answered():
            self._leases.update_one(
                {"_id": self._job, "holder": self._holder},
                {"$set": {"holder": None, UNTIL: datetime.fromtimestamp(0, UTC)}},
            )

    def _take(self) -> bool:
        if not self._born:
            self._bear()
        taken = self._leases.update_one(
            {
                "_id": self._job,
                "$or": [{"holder": self._holder}, {"$expr": {"$lt": [f"${UNTIL}", "$$NOW"]}}],
            },
            [
                {
                    "$set": {
                        "holder": self._holder,
                        UNTIL: {
                            "$dateAdd": {
                                "startDate": "$$NOW",
                                "unit": "millisecond",
                                "amount": int(self._ttl_s * 1000),
                            }
                        },
                    }
                }
            ],
        )
        return taken.matched_count == 1

    def _bear(self) -> None:
        """Make the document, free to take: an upsert may not carry the condition on the clock."""
        with suppress(DuplicateKeyError):  # another replica was faster
            self._leases.update_one(
                {"_id": self._job},
                {"$setOnInsert": {"holder": None, UNTIL: datetime.fromtimestamp(0, UTC)}},
                upsert=True,
            )
        self._born = True
