"""Who may have endpoints: the keys that were ever given one, and those that were revoked.

Owns the collection `owners` (`services.notifications.layout`). Making an endpoint and revoking
its owner both write the owner's row, so of two at the same moment one comes first: an endpoint is
either there to be closed, or refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import ReturnDocument, UpdateOne

from services.notifications.layout import STATE
from services.notifications.rules.model import State
from services.notifications.store.feed import NotificationStore
from shared.errors import Refused
from shared.store.mongo import Tx

_CLOSED = (State.REVOKED, State.DELETED)
_REVOKE = [{"$set": {"revoked_at": {"$ifNull": ["$revoked_at", "$$NOW"]}}}]
_CLOSE = [
    {
        "$set": {
            STATE: State.REVOKED.value,
            "secrets": [],
            "failures": 0,  # no further try is planned
            # Later than anybody has seen, within a millisecond too: a change under way is refused.
            "updated_at": {"$max": ["$$NOW", {"$add": ["$updated_at", 1]}]},
        }
    }
]


class Owners:
    """The owners of the store's endpoints."""

    def __init__(self, store: NotificationStore) -> None:
        self._store = store

    def admit(self, tx: Tx, owner: str) -> None:
        """Let the owner make an endpoint in this transaction, alone with its others.

        Raises: Refused KEY_REVOKED (final).
        """
        row = self._store.owners.find_one_and_update(
            {"_id": owner},
            {"$inc": {"admitted": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=tx.session,
        )
        assert row is not None, "an upsert returns a document"  # noqa: S101
        if row.get("revoked_at") is not None:
            raise Refused("KEY_REVOKED")

    def revoke(self, owners: Sequence[str]) -> int:
        """Close all endpoints of these owners, and refuse them new ones, for good.

        Returns: how many were closed now. Raises: Unavailable (retryable; may be repeated).
        """

        def work(tx: Tx) -> int:
            self._store.owners.bulk_write(
                [UpdateOne({"_id": each}, _REVOKE, upsert=True) for each in owners],
                ordered=False,
                session=tx.session,
            )
            open_ = {"owner": {"$in": list(owners)}, STATE: {"$nin": _CLOSED}}
            closed = self._store.endpoints.update_many(open_, _CLOSE, session=tx.session)
            return closed.modified_count

        closed = self._store.transact(work)
        theirs = self._store.endpoints.find({"owner": {"$in": list(owners)}}, {"_id": 1})
        self._store.drop_resends([each["_id"] for each in theirs])
        return closed
