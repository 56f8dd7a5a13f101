"""Owns what one request carries through the schema: who asks, in which language, until when."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Protocol

from gateway.calls.loaders import Loaders
from shared.caller import Caller
from shared.codes import LANGUAGES
from shared.codes.countries import working_language
from shared.record_types import RECORD_TYPES

DEFAULT_LANGUAGE: Final = "en"
_RANGE = re.compile(
    r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*"
)


@dataclass(frozen=True, slots=True)
class How:
    """How a push is meant; `push_id` is the client's, the same on each retry."""

    mode: str = "per_item"
    dry_run: bool = False
    push_id: str | None = None


class Calls(Protocol):
    """The RPC client, as the schema sees it."""

    async def call(
        self,
        service: str,
        method: str,
        request: Mapping[str, Any],
        timeout_s: float | None = None,
    ) -> Any:
        """The method's result. Raises HubError as the service did, Unavailable, TimedOut."""


class Pushes(Protocol):
    """The coalescing writer, as the schema sees it."""

    async def push(
        self, service: str, method: str, kind: str, push: Mapping[str, Any], weight: int
    ) -> list[dict[str, Any]]:
        """The push's own receipts, in order. Raises HubError."""


class Keys(Protocol):
    """The API keys, as the schema sees them."""

    async def create(self, role: str, chapter: str | None, label: str, by: str) -> dict[str, Any]:
        """The new key with its secret, shown this once."""

    async def revoke(self, key_id: str, by: str) -> dict[str, Any]:
        """The revoked key. Raises NotFound."""

    async def unannounced_revocations(self, limit: int) -> list[str]:
        """The ids of revoked keys whose webhooks are not known to be closed."""

    async def webhooks_closed(self, key_ids: Sequence[str]) -> None:
        """Note that these keys' webhooks are closed."""

    async def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A page of them (`shared.paging`), newest first, without hashes."""


@dataclass(slots=True)
class Context:
    """One request; `lang` is one of `shared.codes.LANGUAGES`."""

    caller: Caller
    lang: str
    calls: Calls
    pushes: Pushes
    keys: Keys
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self.ask)

    async def ask(self, service: str, method: str, **request: Any) -> Any:
        """One RPC in the caller's name. Raises HubError."""
        return await self.calls.call(service, method, {"caller": self.caller.to_dict(), **request})

    async def push(
        self,
        kind: str,
        method: str,
        items: Sequence[Mapping[str, Any]],
        how: How,
        *,
        weight: int | None = None,
        beside: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """The receipts of these items, in order; none and no call for none. Raises HubError.

        Args: kind: the record type of the items, whose owner is called. weight: what they count
            against the limit of a batch, if not one each. beside: what the service has to know
            besides the items.
        """
        if not items:
            return []
        push = {
            "caller": self.caller.to_dict(),
            "items": items,
            "mode": how.mode,
            "dry_run": how.dry_run,
            "push_id": how.push_id,
            **(beside or {}),
        }
        return await self.pushes.push(
            RECORD_TYPES[kind].owner, method, kind, push, len(items) if weight is None else weight
        )


def choose_language(accept_language: str | None, chapter: str | None) -> str:
    """The language to answer in: the best of Accept-Language (RFC 9110, section 12.5.4), else the
    chapter's working language, else English."""
    asked = _preferred(accept_language) if accept_language else None
    if asked:
        return asked
    return working_language(chapter) if chapter else DEFAULT_LANGUAGE


@lru_cache(maxsize=256)  # browsers and clients send a handful of different values
def _preferred(accept_language: str) -> str | None:
    best, best_quality = None, 0.0
    for part in accept_language[:200].split(","):
        found = _RANGE.fullmatch(part)
        if found is None or found[1].lower() not in LANGUAGES:
            continue
        quality = float(found[2]) if found[2] else 1.0
        if quality > best_quality:
            best, best_quality = found[1].lower(), quality
    return best
