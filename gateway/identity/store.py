"""Owns the collection `api_keys` (`gateway.identity.layout`): its indexes, how it is read and
written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, IndexModel
from pymongo.errors import PyMongoError

from gateway.identity.layout import API_KEYS, REVOKED_AT, WEBHOOKS_CLOSED_AT
from shared.errors import Refused, Unavailable

DATABASE_S: Final = 2.0

Document = dict[str, Any]

_NEWEST_FIRST: Final = [("created_at", DESCENDING), ("_id", DESCENDING)]


class KeyStore:
    """The keys as they are stored. Every method raises Unavailable (retryable) if the database
    does not answer within DATABASE_S."""

    def __init__(self, client: AsyncMongoClient[Document], database: str) -> None:
        self._client = client
        self._keys = client[database][API_KEYS]

    @classmethod
    def connect(cls, uri: str, database: str) -> KeyStore:
        """Nothing is sent before the first operation."""
        client: AsyncMongoClient[Document] = AsyncMongoClient(
            uri,
            appname="gateway",
            tz_aware=True,
            serverSelectionTimeoutMS=2000,
            w="majority",
            journal=True,
            readConcernLevel="majority",
        )
        return cls(client, database)

    async def close(self) -> None:
        await self._client.close()

    async def prepare(self) -> None:
        """Make the indexes that `page` and `untold` read."""
        untold = [(WEBHOOKS_CLOSED_AT, ASCENDING), (REVOKED_AT, ASCENDING)]
        indexes = [IndexModel(_NEWEST_FIRST), IndexModel(untold)]
        await _answered(self._keys.create_indexes(indexes))

    async def ping(self) -> None:
        await _answered(self._client.admin.command("ping"))

    async def get(self, key_id: str) -> Document | None:
        found: Document | None = await _answered(self._keys.find_one({"_id": key_id}))
        return found

    async def insert(self, key: Document) -> None:
        await _answered(self._keys.insert_one(key))

    async def revoke(self, key_id: str, by: str) -> None:
        """Revoke it unless it is."""
        await _answered(
            self._keys.update_one(
                {"_id": key_id, REVOKED_AT: None},
                {"$set": {REVOKED_AT: datetime.now(UTC), "revoked_by": by}},
            )
        )

    async def untold(self, limit: int) -> list[str]:
        """The ids of revoked keys whose webhooks are not known to be closed, those revoked first
        first."""
        query = {WEBHOOKS_CLOSED_AT: None, REVOKED_AT: {"$type": "date"}}
        cursor = self._keys.find(query, {"_id": 1}).sort(REVOKED_AT, ASCENDING).limit(limit)
        return [each["_id"] for each in await _answered(cursor.to_list())]

    async def webhooks_closed(self, key_ids: Sequence[str]) -> None:
        """Note that these keys' webhooks are closed."""
        await _answered(
            self._keys.update_many(
                {"_id": {"$in": list(key_ids)}, WEBHOOKS_CLOSED_AT: None},
                {"$set": {WEBHOOKS_CLOSED_AT: datetime.now(UTC)}},
            )
        )

    async def page(self, after: str | None, first: int) -> tuple[list[Document], str | None]:
        """Keys, newest first, and the id to go on after. Raises Refused BAD_CURSOR (final)."""
        query: Document = {}
        if after is not None:
            last = await self.get(after)
            if last is None:
                raise Refused("BAD_CURSOR")
            query = {
                "$or": [
                    {"created_at": {"$lt": last["created_at"]}},
                    {"created_at": last["created_at"], "_id": {"$lt": after}},
                ]
            }
        cursor = self._keys.find(query).sort(_NEWEST_FIRST)
        found: list[Document] = await _answered(cursor.limit(first + 1).to_list())
        return found[:first], found[first - 1]["_id"] if len(found) > first else None


async def _answered(operation: Any) -> Any:
    try:
        return await asyncio.wait_for(operation, DATABASE_S)
    except (PyMongoError, TimeoutError) as error:
        raise Unavailable from error
