"""From what happened to what partners read: which events become items, in which order, and how an
item looks on its way out. No I/O.

Order per subject is kept: of a thing whose events carry its whole state, an older sequence than
the one applied is dropped; an attendance sheet's events, which carry changes, follow each other
without a gap, and one that comes too early waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from services.notifications.layout import subject_key
from services.notifications.rules import partner_view
from services.notifications.rules.model import Item
from shared.codes import places
from shared.contracts import FEED, HOUSE
from shared.events import Event, contract_id, wire_type
from shared.record_types import RECORD_TYPES, record_type_of
from shared.times import rfc3339


@dataclass(frozen=True, slots=True)
class Applied:
    """What the feed remembers of a subject: its last applied sequence and its coarse place."""

    sequence: int
    place: str | None


@dataclass(frozen=True, slots=True)
class Growth:
    """What a batch of events adds: items without a position yet, and the subjects it moved.

    `early` events lack a predecessor: nothing was done about them. `superseded` are those that a
    later step of their subject came before, or that come again: they add nothing.
    """

    items: list[Item] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    applied: dict[str, Applied] = field(default_factory=dict)
    early: list[Event] = field(default_factory=list)


def keys_of(events: Iterable[Event]) -> list[str]:
    """The keys of all subjects that `grow` needs to know of."""
    keys: dict[str, None] = {}
    for event in events:
        keys[_key(event)] = None
        if (activity := _activity_key(event)) is not None:
            keys[activity] = None
    return list(keys)


def grow(events: Sequence[Event], known: Mapping[str, Applied]) -> Growth:
    """What these events add to the feed, given what is `known` of their `keys_of`.

    Raises KeyError: an event breaks its contract.
    """
    state = dict(known)
    growth = Growth()
    for event in _arranged(events):
        if event.type not in partner_view.TYPES:
            continue  # contracts grow: a type of tomorrow is none of today's items
        key = _key(event)
        last = state[key].sequence if key in state else 0
        if event.sequence <= last:
            growth.superseded.append(event.id)
            continue
        if _is_delta(event) and event.sequence != last + 1:
            growth.early.append(event)
            continue
        item = _item(event, state)
        if not _is_delta(event) or item.data["present_added"] or item.data["present_removed"]:
            growth.items.append(item)  # scores alone are nothing that partners see
        state[key] = growth.applied[key] = Applied(event.sequence, item.place)
    return growth


def to_dict(item: Item, reader: int) -> dict[str, Any]:
    """The item as the pull feed answers it to a reader of contracts up to this version."""
    version, data = item.as_read_by(reader)
    return {
        "position": item.position,
        "cursor": str(item.position),
        "id": item.id,
        "type": item.type,
        "subject": item.subject,
        "time": rfc3339(item.time),
        "chapter": item.chapter,
        "country": item.country,
        "place": _at_present(item.place),
        "schema_version": version,
        "data": dict(data),
    }


def to_cloud_event(item: Item, reader: int) -> bytes:
    """The item as a webhook's body: CloudEvents 1.0 (section 3) with the extensions `cursor`,
    `chapter`, `country`, `place`, `iso` and `pcode`. The same item yields the same bytes, try after
    try, to a reader of contracts up to the same version, as long as the gazetteer says the same."""
    version, data = item.as_read_by(reader)
    kind = f"{FEED}{item.type}"
    document: dict[str, Any] = {
        "specversion": "1.0",
        "id": item.id,
        "type": wire_type(kind, version),
        "source": "/feed",
        "subject": item.subject,
        "time": rfc3339(item.time),
        "datacontenttype": "application/json",
        "dataschema": contract_id(kind, version),
        "cursor": str(item.position),
        "chapter": item.chapter,
        "country": item.country,
        "data": dict(data),
    }
    if item.place is not None:
        document["place"] = _at_present(item.place)
        document |= _official(item.place)
    return orjson.dumps(document)


def _official(place_id: str) -> dict[str, str]:
    """The codes that others know the place by, as far as there are any."""
    if not places.exists(place_id):
        return {}
    here = places.place(place_id)
    codes = {"iso": here.iso, "pcode": here.pcode}
    return {name: code for name, code in codes.items() if code}


def _item(event: Event, state: Mapping[str, Applied]) -> Item:
    chapter: str = event.data["chapter"]
    place = _coarse(partner_view.place_of(event.type, event.data), partner_view.day_of(event.data))
    activity = _activity_key(event)
    if activity is not None and activity in state:
        place = _at_present(state[activity].place)
    told = HOUSE.allowed_versions(
        f"{FEED}{event.type}", lambda version: partner_view.partner_data(event, version)
    )
    first = min(told)
    return Item(
        position=0,
        id=event.id,
        type=event.type,
        subject=event.subject,
        time=event.time,
        chapter=chapter,
        country=places.place(place).country if place else chapter,
        place=place,
        data=told.pop(first),
        schema_version=first,
        later=told,
    )


def _coarse(place_id: str | None, on: str | None) -> str | None:
    """The region of that day. A place that the gazetteer does not know says nothing: better no
    place than an exact one."""
    if place_id is None or not places.exists(place_id):
        return None
    return places.coarse(place_id, on)


def _at_present(place_id: str | None) -> str | None:
    """The id that the place of an item has today: it may have been stored under another."""
    return None if place_id is None else places.present(place_id)


def _arranged(events: Sequence[Event]) -> list[Event]:
    """The events as they came, but each subject's among themselves by their sequence."""
    queues: dict[str, list[Event]] = {}
    for event in sorted(events, key=lambda each: each.sequence, reverse=True):
        queues.setdefault(_key(event), []).append(event)
    return [queues[_key(event)].pop() for event in events]


def _key(event: Event) -> str:
    return subject_key(record_type_of(event.type), event.subject)


def _is_delta(event: Event) -> bool:
    return RECORD_TYPES[record_type_of(event.type)].delta


def _activity_key(event: Event) -> str | None:
    """The activity that an attendance sheet belongs to."""
    return subject_key("activity", event.data["activity_id"]) if _is_delta(event) else None
