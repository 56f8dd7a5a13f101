"""What a partner may learn of an event, and when a webhook is tried again.

Pure. `partner_data` is the single door between what happened and what
leaves the house; a field that it does not name stays inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from services.notifications import layout
from shared.nouns import NOUNS, noun_of

Data = Mapping[str, Any]

TYPES: Final = tuple(each for noun in NOUNS.values() if noun.for_partners for each in noun.types)
"""Every type of feed item."""


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

    def told_to(self, reader: int) -> tuple[int, Data]:
        """Version and data for whoever reads contracts up to version `reader`: the latest of these,
        or the oldest that there is."""
        version = max((each for each in self.later if each <= reader), default=self.schema_version)
        return version, self.later.get(version, self.data)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which items are wanted, an empty tuple wanting all; and up to which version of the contracts
    they are understood."""

    types: tuple[str, ...] = ()
    chapters: tuple[str, ...] = ()
    schema_version: int = 1


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
    """A partner's webhook: everything up to position `cursor` was delivered or not wanted."""

    id: str
    owner: str
    url: str
    description: str
    filter: Filter
    state: State
    cursor: int
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


GONE: Final = 410
ROTATION_OVERLAP: Final = timedelta(hours=24)
BACKOFF_S: Final = (5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600)
_JITTER: Final = 0.2  # a fifth either way parts endpoints that fell together


def delay_s(failures: int, *, retry_after_s: float | None, chance: float) -> float:
    """Seconds to wait after so many failures in a row (1 or more); the last step repeats for ever.

    Args: retry_after_s: what the receiver asked for; it may lengthen the wait, to 6 h at most.
        chance: 0 ≤ chance < 1, the jitter's roll.
    """
    step = BACKOFF_S[min(failures, len(BACKOFF_S)) - 1] * (1 + _JITTER * (2 * chance - 1))
    return max(step, min(retry_after_s or 0, BACKOFF_S[-1]))


def state_after(failures: int) -> State:
    """FAILING once the whole schedule was used up (a little over 10 hours)."""
    return State.FAILING if failures >= len(BACKOFF_S) else State.ACTIVE


def resend_given_up(failures: int) -> bool:
    """Whether a resend has used up the schedule; its owner may ask again."""
    return failures >= len(BACKOFF_S)


def partner_data(event_type: str, data: Data) -> dict[str, Any]:
    """The figures and codes of an event's data; absent values are left out.

    Raises KeyError: not an event for partners, or one that breaks its contract.
    """
    described = _DESCRIBED[noun_of(event_type)](data)
    return {name: value for name, value in described.items() if value is not None}


def place_of(event_type: str, data: Data) -> str | None:
    """The exact place an event names, if any: to be coarsened before it goes anywhere."""
    if noun_of(event_type) == "project":
        places: Sequence[str] = data.get("places") or ()
        return places[0] if len(places) == 1 else None
    place: str | None = data.get("place")
    return place


def _activity(data: Data) -> dict[str, Any]:
    sessions = data.get("sessions") or ()
    announced = data.get("announced") or {}
    media = data.get("media")
    publication = data.get("publication")
    return {
        "id": data["id"],
        "type": data["type"],
        "status": data["status"],
        "title": data.get("title"),
        "starts_on": data.get("starts_on"),
        "ends_on": data.get("ends_on"),
        "project_id": data.get("project_id"),
        "ecpf": sorted(data.get("ecpf") or ()),
        "architecture": sorted(data.get("architecture") or ()),
        "topics": sorted({topic for each in sessions for topic in each.get("topics") or ()}),
        "sessions": len(sessions),
        "announced_total": announced.get("total"),
        "media": media and _picked(media, "channels broadcasts audience_estimate languages"),
        "publication": publication
        and _picked(publication, "language copies_printed copies_distributed"),
        "withdrawn": data["withdrawn"],
        "version": data["version"],
    }


def _project(data: Data) -> dict[str, Any]:
    return {
        "id": data["id"],
        "title": data.get("title"),
        "starts_on": data.get("starts_on"),
        "ends_on": data.get("ends_on"),
        "funder_ids": list(data.get("funder_ids") or ()),
        "partner_ids": list(data.get("partner_ids") or ()),
        "withdrawn": data["withdrawn"],
        "version": data["version"],
    }


def _attendance(data: Data) -> dict[str, Any]:
    present = [row["present"] for row in data["rows"]]
    return {
        "session_id": data["session_id"],
        "activity_id": data["activity_id"],
        "present_total": data["present_total"],
        "present_added": sum(present),
        "present_removed": len(present) - sum(present),
    }


def _concern(data: Data) -> dict[str, Any]:
    """No link to an activity: its title or a common date could tell the village."""
    return {
        "id": data["id"],
        "category": data["category"],
        "severity": data["severity"],
        "status": data["status"],
        "withdrawn": data["withdrawn"],
        "version": data["version"],
    }


def _picked(section: Data, names: str) -> dict[str, Any]:
    return {name: section[name] for name in names.split() if section.get(name) is not None}


_DESCRIBED: Mapping[str, Callable[[Data], dict[str, Any]]] = MappingProxyType(
    {
        "activity": _activity,
        "project": _project,
        "attendance": _attendance,
        "concern": _concern,
    }
)
