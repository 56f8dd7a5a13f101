"""Who asks: the identity that the gateway vouches for and every service acts by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.errors import Refused

ROLES = ("chapter", "secretariat", "partner", "operator")


@dataclass(frozen=True, slots=True)
class Caller:
    """The holder of an API key, for the length of one request.

    `chapter` is the ISO 3166 alpha-2 code a chapter's key is bound to, None for the others.
    """

    role: str
    chapter: str | None = None
    key_id: str = ""
    correlation_id: str = ""
    traceparent: str | None = None

    def may_touch(self, chapter: str | None) -> bool:
        """Whether this caller may read and write what belongs to `chapter`."""
        if self.role == "secretariat":
            return True
        return self.role == "chapter" and chapter is not None and chapter == self.chapter

    def to_dict(self) -> dict[str, Any]:
        return {
            "role": self.role,
            "chapter": self.chapter,
            "key_id": self.key_id,
            "correlation_id": self.correlation_id,
            "traceparent": self.traceparent,
        }

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Caller:
        """Who asks, by the request's `caller`: a request without one is answered to nobody.

        Raises: Refused (final): MALFORMED, BAD_CALLER.
        """
        raw = request.get("caller") if isinstance(request, Mapping) else None
        if not isinstance(raw, Mapping):
            raise Refused("MALFORMED")
        return cls.from_dict(raw)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Caller:
        """Raises Refused (final) if the role is none of ours or a chapter's key has no chapter."""
        caller = cls(
            role=raw.get("role", ""),
            chapter=raw.get("chapter"),
            key_id=raw.get("key_id") or "",
            correlation_id=raw.get("correlation_id") or "",
            traceparent=raw.get("traceparent"),
        )
        if caller.role not in ROLES or (caller.role == "chapter" and not caller.chapter):
            raise Refused("BAD_CALLER")
        return caller
