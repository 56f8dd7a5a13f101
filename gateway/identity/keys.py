"""Owns API keys: who holds them is not known here, only what they open.

A key is `fhk_<id>_<secret>`; the database holds the SHA-256 of the whole (256 random bits need no
slow hash) under its id. Every request of a busy client would cost a look-up: what was found is
believed for a few seconds, which is also how long a revoked key may live on.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from gateway.identity.layout import MADE_UNDER
from gateway.identity.store import KeyStore
from shared.caller import Caller
from shared.errors import NotFound, Unavailable
from shared.ids import asked_for
from shared.paging import Asked
from shared.times import rfc3339
from shared.types import Document

PREFIX: Final = "fhk"
BOOTSTRAP_ID: Final = "bootstrap"
BELIEVED_S: Final = 5.0
REMEMBERED: Final = 10_000  # keys, real and guessed: a guesser cannot fill the memory


@dataclass(frozen=True, slots=True)
class _Found:
    key: Document | None
    at: float


class ApiKeys:
    """The keys that are stored, and the bootstrap administrator's from the outside."""

    def __init__(
        self, store: KeyStore, admin_key_sha256: str, *, believed_s: float = BELIEVED_S
    ) -> None:
        self._store = store
        self._admin = admin_key_sha256.strip().lower()
        self._believed_s = believed_s
        self._found: OrderedDict[str, _Found] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Document | None]] = {}

    async def prepare(self) -> None:
        """Make ready what is asked later. Raises Unavailable (retryable)."""
        await self._store.prepare()

    async def reachable(self) -> bool:
        """Whether the database answers."""
        try:
            await self._store.ping()
        except Unavailable:
            return False
        return True

    async def caller(
        self, authorization: str | None, correlation_id: str, traceparent: str | None
    ) -> Caller | None:
        """Whom the header `Authorization: Bearer …` stands for; None for whatever is wrong with it.

        Raises Unavailable (retryable): the database cannot be asked.
        """
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key.isascii() or len(key) > 200:
            return None
        digest = hashlib.sha256(key.strip().encode()).hexdigest()
        if self._admin and hmac.compare_digest(digest, self._admin):
            return Caller("operator", None, BOOTSTRAP_ID, correlation_id, traceparent)
        prefix, _, rest = key.strip().partition("_")
        key_id, _, secret = rest.partition("_")
        if prefix != PREFIX or not key_id or not secret:
            return None
        found = await self._look_up(key_id)
        # Compared even where nothing was found, so that time does not tell which ids there are.
        expected = found["hash"] if found else "0" * 64
        if not hmac.compare_digest(digest, expected) or found is None or found["revoked_at"]:
            return None
        return Caller(found["role"], found["chapter"], key_id, correlation_id, traceparent)

    async def create(
        self, role: str, chapter: str | None, label: str, by: str, push_id: str | None = None
    ) -> Document:
        """A new key: `{"key": its only showing, "api_key": {…}}`; the key made before under this
        push's id, with None in the place of its showing. Raises Unavailable (retryable with the
        `push_id`; without, a key made in vain can be revoked)."""
        key_id = secrets.token_hex(6)
        key = f"{PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
        document: Document = {
            "_id": key_id,
            "hash": hashlib.sha256(key.encode()).hexdigest(),
            "role": role,
            "chapter": chapter,
            "label": label,
            "created_at": datetime.now(UTC),
            "created_by": by,
            "revoked_at": None,
            "revoked_by": None,
            "webhooks_closed_at": None,
        }
        if push_id is not None:
            document[MADE_UNDER] = f"{by}/{push_id}"
        if not await self._store.insert(document):
            made = await self._store.made_under(document[MADE_UNDER])
            return {"key": None, "api_key": _shown(made)}
        self._found.pop(key_id, None)
        return {"key": key, "api_key": _shown(document)}

    async def revoke(self, key_id: str, by: str) -> Document:
        """The key, revoked now or before. Raises NotFound; Unavailable (retryable)."""
        await self._store.revoke(key_id, by)
        self._found.pop(key_id, None)
        document = await self._store.get(key_id)
        if document is None:
            raise NotFound
        return _shown(document)

    async def unannounced_revocations(self, limit: int) -> list[str]:
        """The ids of revoked keys whose webhooks are not known to be closed, at most `limit`, those
        revoked first first. Raises Unavailable (retryable)."""
        return await self._store.unannounced_revocations(limit)

    async def webhooks_closed(self, key_ids: Sequence[str]) -> None:
        """Note that these keys' webhooks are closed. Raises Unavailable (retryable)."""
        await self._store.webhooks_closed(key_ids)

    async def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A page (`shared.paging`) of the keys, newest first; of `ids` alone where given.

        Raises: Refused (final) PAGE_SIZE, FIRST_AND_LAST, BAD_CURSOR, TOO_MANY; Unavailable
            (retryable).
        """
        ids = asked_for(request.get("ids"), "ids", read=str)
        return (await self._store.page(Asked.of(request), ids)).answer(_shown)

    async def _look_up(self, key_id: str) -> Document | None:
        known = self._found.get(key_id)
        if known is not None and time.monotonic() - known.at < self._believed_s:
            return known.key
        if key_id not in self._asking:  # many requests of one client ask once
            task = asyncio.create_task(self._ask(key_id))
            self._asking[key_id] = task
            task.add_done_callback(lambda _: self._asking.pop(key_id, None))
        return await asyncio.shield(self._asking[key_id])

    async def _ask(self, key_id: str) -> Document | None:
        key = await self._store.get(key_id)
        self._found[key_id] = _Found(key, time.monotonic())
        self._found.move_to_end(key_id)
        if len(self._found) > REMEMBERED:
            self._found.popitem(last=False)
        return key


def _shown(document: Mapping[str, Any]) -> Document:
    return {
        "id": document["_id"],
        "role": document["role"],
        "chapter": document["chapter"],
        "label": document["label"],
        "created_at": rfc3339(document["created_at"]),
        "created_by": document["created_by"],
        "revoked_at": _rfc3339(document["revoked_at"]),
        "webhooks_closed_at": _rfc3339(document.get("webhooks_closed_at")),
    }


def _rfc3339(at: datetime | None) -> str | None:
    return rfc3339(at) if at else None
