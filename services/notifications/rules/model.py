"""What notifications keeps: items of the feed, and endpoints with what became of their posts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from services.notifications import layout

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the feed. `position` counts 1, 2, 3 … in commit order, without gaps but those
    that restores of a backup leave.

    `place` is a first-level unit or a country (gazetteer id), None where none is known. `data`
    keeps to version `schema_version` of the type's contract; `later` holds it in the further
    versions that there were when it was recorded.
    """

    position: int
    id: str
    type: str
    subject: str
    time: datetime
    chapter: str
    country: str
    place: str | None
    data: Data
    schema_version: int = 1
    later: Mapping[int, Data] = field(default_factory=dict)

    def as_read_by(self, reader: int) -> tuple[int, Data]:
        """Version and data for whoever reads contracts up to version `reader`: the latest of these,
        or the oldest that there is."""
        version = max((each for each in self.later if each <= reader), default=self.schema_version)
        return version, self.later.get(version, self.data)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which items are wanted: an empty tuple wants all, `nothing`, which no endpoint has, none; and
    up to which version of the contracts they are understood."""

    types: tuple[str, ...] = ()
    chapters: tuple[str, ...] = ()
    schema_version: int = 1
    nothing: bool = False


class State(StrEnum):
    ACTIVE = "active"
    FAILING = "failing"  # still tried, every 6 hours; nothing is dropped
    PAUSED = "paused"  # by its owner
    DISABLED = "disabled"  # the receiver answered 410 Gone
    REVOKED = layout.REVOKED  # the key it belongs to was: for good, it can only be deleted
    DELETED = layout.DELETED


SENDING: Final = (State.ACTIVE, State.FAILING)


@dataclass(frozen=True, slots=True)
class Secret:
    """A signing secret as it is stored: sealed. It signs until `expires_at` (None: no end)."""

    sealed: bytes
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A partner's webhook: everything up to `last_position` was delivered or not wanted; it is
    stored, and shown to partners, as its cursor."""

    id: str
    owner: str
    url: str
    description: str
    filter: Filter
    state: State
    last_position: int
    failures: int
    next_attempt_at: datetime
    last_error: str | None
    secrets: tuple[Secret, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Resend:
    """A delivered item that the endpoint's owner wants once more."""

    id: Any
    endpoint_id: str
    position: int
    failures: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST and what came of it. `number` counts the tries of this item since its last success;
    `error` is a code, None after a success; `next_attempt_at` None means that none is planned."""

    endpoint_id: str
    position: int
    event_id: str
    number: int
    resend: bool
    status: int | None
    error: str | None
    duration_ms: int
    at: datetime
    next_attempt_at: datetime | None
