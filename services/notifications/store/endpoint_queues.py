"""Whose turn it is: one queue per endpoint, sent by one replica at a time, under a lease.

Owns the sender's half of the collections `endpoints`, `attempts` and `resends`. Leases are judged
by the database's clock alone, so that replicas need not agree on the time. A replica that dies
leaves its queues to the others when the leases end.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pymongo import ASCENDING, ReturnDocument

from services.notifications.layout import CURSOR, ENDPOINT_ID, POSITION, STATE
from services.notifications.rules.model import SENDING, Attempt, Endpoint, Resend, State
from services.notifications.store.feed import NotificationStore, from_attempt, to_endpoint

# Twice what a POST may take, as each renews the lease; so long a dead replica holds a queue up.
LEASE_S: Final = 30


class EndpointQueues:
    """The queues as one replica (`holder`) sees them. Every change of a queue also renews its lease
    and returns None where the lease was lost: then another replica goes on, and this one stops."""

    def __init__(self, store: NotificationStore, holder: str, lease_s: int = LEASE_S) -> None:
        self._store = store
        self._holder = holder
        self._until = _from_now(lease_s * 1000)

    def take(self, busy: Collection[str], limit: int) -> list[Endpoint]:
        """Lease endpoints that have something to send now, those served longest ago first."""
        if limit < 1:
            return []
        now = datetime.now(UTC)
        wanting = self._store.resends.distinct(ENDPOINT_ID, {"next_attempt_at": {"$lte": now}})
        due = {
            "_id": {"$nin": list(busy)},
            STATE: {"$in": list(SENDING)},
            "$or": [
                {
                    CURSOR: {"$lt": self._store.head()},
                    "$expr": {"$lte": ["$next_attempt_at", "$$NOW"]},
                },
                {"_id": {"$in": wanting}},
            ],
            "$expr": {"$lte": ["$lease_until", "$$NOW"]},
        }
        endpoints = self._store.endpoints
        ids = [
            each["_id"]
            for each in endpoints.find(due, {"_id": 1}).sort("lease_until", ASCENDING).limit(limit)
        ]
        if not ids:
            return []
        endpoints.update_many(
            {**due, "_id": {"$in": ids}},
            [{"$set": {"lease_holder": self._holder, "lease_until": self._until}}],
        )
        leased = endpoints.find({"_id": {"$in": ids}, "lease_holder": self._holder})
        return [to_endpoint(each) for each in leased]

    def renew(self, endpoint: Endpoint) -> Endpoint | None:
        """The endpoint as it is now."""
        return self._change(endpoint, {})

    def moved(self, endpoint: Endpoint, position: int) -> Endpoint | None:
        """Everything up to `position` is delivered: forget past failures."""
        return self._change(endpoint, _brought_to(position))

    def skipped(self, endpoint: Endpoint, position: int) -> Endpoint | None:
        """Nothing up to `position` is wanted.

        If the owner has changed the endpoint meanwhile, something may be: it stays where it is.
        """
        unchanged = {"updated_at": endpoint.updated_at}
        changed = self._change(endpoint, _brought_to(position), unchanged)
        return changed or self.renew(endpoint)

    def failed(
        self, endpoint: Endpoint, state: State, error: str, wait_s: float
    ) -> Endpoint | None:
        """Wait before the next try, or for the owner if `state` is DISABLED.

        If the owner has changed the endpoint meanwhile, the failure was the old one's: it is
        recorded as an attempt and no more.
        """
        changed = self._change(
            endpoint,
            {
                STATE: {"$literal": state.value},
                "failures": endpoint.failures + 1,
                "last_error": {"$literal": error},
                "next_attempt_at": _from_now(round(wait_s * 1000)),
            },
            {"updated_at": endpoint.updated_at},
        )
        return changed or self.renew(endpoint)

    def release(self, endpoint: Endpoint) -> None:
        """End the lease now."""
        self._store.endpoints.update_one(
            {"_id": endpoint.id, "lease_holder": self._holder},
            [{"$set": {"lease_holder": None, "lease_until": "$$NOW"}}],
        )

    def record(self, attempt: Attempt) -> None:
        """Keep the attempt for 30 days."""
        self._store.attempts.insert_one(from_attempt(attempt))

    def due_resends(self, endpoint: Endpoint, limit: int) -> list[Resend]:
        """What waits to be sent again now, in the feed's order."""
        query = {ENDPOINT_ID: endpoint.id, "next_attempt_at": {"$lte": datetime.now(UTC)}}
        found = self._store.resends.find(query).sort(POSITION, ASCENDING).limit(limit)
        return [
            Resend(each["_id"], each[ENDPOINT_ID], each[POSITION], each["failures"])
            for each in found
        ]

    def finish_resends(self, resends: Sequence[Resend]) -> None:
        """Forget them: sent, given up, or no longer wanted."""
        self._store.resends.delete_many({"_id": {"$in": [each.id for each in resends]}})

    def postpone_resend(self, resend: Resend, until: datetime) -> None:
        """Count the failure and wait until then."""
        self._store.resends.update_one(
            {"_id": resend.id}, {"$inc": {"failures": 1}, "$set": {"next_attempt_at": until}}
        )

    def _change(
        self,
        endpoint: Endpoint,
        changes: Mapping[str, Any],
        condition: Mapping[str, Any] | None = None,
    ) -> Endpoint | None:
        found = self._store.endpoints.find_one_and_update(
            {"_id": endpoint.id, "lease_holder": self._holder, **(condition or {})},
            [{"$set": {**changes, "lease_until": self._until}}],
            return_document=ReturnDocument.AFTER,
        )
        return to_endpoint(found) if found else None


def _brought_to(position: int) -> dict[str, Any]:
    healthy = {"$cond": [{"$eq": [f"${STATE}", State.FAILING]}, State.ACTIVE, f"${STATE}"]}
    return {
        CURSOR: {"$max": [f"${CURSOR}", position]},
        STATE: healthy,
        "failures": 0,
        "last_error": None,
        "next_attempt_at": "$$NOW",
    }


def _from_now(milliseconds: int) -> dict[str, Any]:
    return {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": milliseconds}}
