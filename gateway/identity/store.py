"""Owns the collection `api_keys` (`gateway.identity.layout`): its indexes, how it is read and
written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, IndexModel
from pymongo.errors import DuplicateKeyError, PyMongoError

from gateway.identity.layout import API_KEYS, MADE_UNDER, REVOKED_AT, WEBHOOKS_CLOSED_AT
from shared.errors import Refused, Unavailable
from shared.keysets import Condition, behind, between, reverse, values_of
from shared.paging import Asked, Page
from shared.types import Document

DATABASE_S: Final = 2.0


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
        """Make the indexes that `page` and `unannounced_revocations` read, and the one that lets
        a push make one key."""
        unannounced = [(WEBHOOKS_CLOSED_AT, ASCENDING), (REVOKED_AT, ASCENDING)]
        once = IndexModel([(MADE_UNDER, ASCENDING)], unique=True, sparse=True)
        indexes = [IndexModel(_NEWEST_FIRST), IndexModel(unannounced), once]
        await _answered(self._keys.create_indexes(indexes))

    async def ping(self) -> None:
        await _answered(self._client.admin.command("ping"))

    async def get(self, key_id: str) -> Document | None:
        found: Document | None = await _answered(self._keys.find_one({"_id": key_id}))
        return found

    async def insert(self, key: Document) -> bool:
        """Whether it was stored: one made under the same push's id may be there."""
        try:
            await _answered(self._keys.insert_one(key))
        except Unavailable as error:
            if MADE_UNDER in key and isinstance(error.__cause__, DuplicateKeyError):
                return False
            raise
        return True

    async def made_under(self, push: str) -> Document:
        """The key that was made under a push's id."""
        found: Document = await _answered(self._keys.find_one({MADE_UNDER: push}))
        return found

    async def revoke(self, key_id: str, by: str) -> None:
        """Revoke it unless it is."""
        await _answered(
            self._keys.update_one(
                {"_id": key_id, REVOKED_AT: None},
                {"$set": {REVOKED_AT: datetime.now(UTC), "revoked_by": by}},
            )
        )

    async def unannounced_revocations(self, limit: int) -> list[str]:
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

    async def page(self, asked: Asked, ids: Sequence[str] | None = None) -> Page[Document]:
        """Keys, all or of these ids, newest first; a key's id is its cursor. Raises Refused
        BAD_CURSOR (final)."""
        query: Document = {} if ids is None else {"_id": {"$in": list(ids)}}
        after, before = await self._values(asked.after), await self._values(asked.before)
        walked = self._found(query, between(_NEWEST_FIRST, after, before), asked.backwards)
        found: list[Document] = await _answered(walked.limit(asked.size + 1).to_list())
        stands_behind = False
        if (start := await self._values(asked.behind)) is not None:
            back = _NEWEST_FIRST if asked.backwards else reverse(_NEWEST_FIRST)
            at = self._found(query, [behind(back, start, itself=True)], not asked.backwards)
            stands_behind = bool(await _answered(at.limit(1).to_list()))
        count = await _answered(self._keys.count_documents(query)) if asked.count else None
        return asked.cut(
            found, lambda key: str(key["_id"]), behind=stands_behind, total_count=count
        )

    def _found(self, query: Document, bounds: Sequence[Condition], backwards: bool) -> Any:
        order = reverse(_NEWEST_FIRST) if backwards else _NEWEST_FIRST
        return self._keys.find({"$and": [query, *bounds]}).sort(order)

    async def _values(self, cursor: Any) -> list[Any] | None:
        """What the key of that id stands at: keys are never deleted, nor made anew."""
        if cursor is None:
            return None
        key = await self.get(str(cursor))
        if key is None:
            raise Refused("BAD_CURSOR")
        return values_of(key, _NEWEST_FIRST)


async def _answered(operation: Any) -> Any:
    try:
        return await asyncio.wait_for(operation, DATABASE_S)
    except (PyMongoError, TimeoutError) as error:
        raise Unavailable from error
