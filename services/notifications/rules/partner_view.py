"""What a partner may learn of an event.

Pure. `partner_data` is the single door between what happened and what leaves the house; a field
that it does not name stays inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from shared.codes.countries import today
from shared.codes.states import state_on
from shared.events import Event
from shared.record_types import RECORD_TYPES, for_each, record_type_of

Data = Mapping[str, Any]

TYPES: Final = tuple(
    each
    for record_type in RECORD_TYPES.values()
    if record_type.for_partners
    for each in record_type.types
)
"""Every type of feed item."""


def partner_data(event: Event, version: int) -> dict[str, Any]:
    """The figures and codes of an event's data, in one version of the partners' contract; absent
    values are left out.

    Raises KeyError: not an event for partners, or one that breaks its contract.
    """
    record_type = record_type_of(event.type)
    data: Data = event.data
    if record_type == "activity" and version == 1:
        data = _as_it_stood(data, event.time)
    described = _DESCRIBED[record_type](data)
    return {name: value for name, value in described.items() if value is not None}


def _as_it_stood(data: Data, at: datetime) -> Data:
    """An activity's data with its state on the day of the event, and an end."""
    start = data["starts_on"]
    status = state_on(today(data["chapter"], at), data.get("status"), start)
    return {"ends_on": start, **data, "status": status}


def place_of(event_type: str, data: Data) -> str | None:
    """The exact place an event names, if any: to be coarsened before it goes anywhere."""
    if record_type_of(event_type) == "project":
        places: Sequence[str] = data.get("places") or ()
        return places[0] if len(places) == 1 else None
    place: str | None = data.get("place")
    return place


def day_of(data: Data) -> str | None:
    """The day on which what an event tells of begins, if it has one: its region is that day's."""
    day: str | None = data.get("starts_on") or data.get("raised_on")
    return day


def _activity(data: Data) -> dict[str, Any]:
    sessions = data.get("sessions") or ()
    announced = data.get("announced") or {}
    media = data.get("media")
    publication = data.get("publication")
    return {
        "id": data["id"],
        "type": data["type"],
        "status": data.get("status"),
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


_DESCRIBED: Final[Mapping[str, Callable[[Data], dict[str, Any]]]] = for_each(
    [each.name for each in RECORD_TYPES.values() if each.for_partners],
    {
        "activity": _activity,
        "project": _project,
        "attendance": _attendance,
        "concern": _concern,
    },
)
