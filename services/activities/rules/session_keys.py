"""Owns what a session is known by elsewhere: its own keys, or those of an activity of which it is
the only one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.activities.rules.records import Content
from shared.ids import new_id
from shared.records.pairs import EXTERNAL_REFS, Unknown, read, removed, texts
from shared.records.pushes import Push, Record

UNKNOWN = Unknown("UNKNOWN_SESSION")
SEVERAL = Unknown("SEVERAL_SESSIONS")

Named = tuple[str, str, Content]
"""An activity: its id, its chapter, its content or its keys and sessions alone."""


def led(activities: Iterable[Named], where: Iterable[str], key: str) -> str | Unknown:
    """The id of the session that the key leads to in these chapters."""
    chapters = set(where)
    found = {
        session
        for identifier, chapter, content in activities
        if chapter in chapters
        for session in _sessions(identifier, content, key)
    }
    return found.pop() if len(found) == 1 else UNKNOWN


def _sessions(activity_id: str, content: Content, key: str) -> Iterator[str | Unknown]:
    sessions = content.get("sessions") or ()
    own = [each["id"] for each in sessions if key in texts(each, EXTERNAL_REFS)]
    if own:
        yield from own
    elif key in texts(content, EXTERNAL_REFS):
        yield SEVERAL if len(sessions) > 1 else sessions[0]["id"] if sessions else activity_id


def with_ids(pushes: Sequence[Push], existing: Mapping[str, Record]) -> list[Push]:
    """The pushes of activities, with ids for sessions that have keys in their place: a session of
    the same activity that has one of them, or a new one."""
    if not any(_keyed(item) for push in pushes for item in push.items):
        return list(pushes)
    new: dict[tuple[Any, str], str] = {}
    return [
        replace(
            push,
            items=[
                _with_ids(item, existing.get(item.get("id") or ""), new) if _keyed(item) else item
                for item in push.items
            ],
        )
        for push in pushes
    ]


def _keyed(item: Mapping[str, Any]) -> bool:
    sessions = item.get("sessions")
    return isinstance(sessions, list) and any(
        isinstance(each, Mapping) and each.get(EXTERNAL_REFS) for each in sessions
    )


def _with_ids(
    item: Mapping[str, Any], stored: Record | None, new: dict[tuple[Any, str], str]
) -> dict[str, Any]:
    activity_id = item.get("id")
    known = {
        key: session["id"]
        for session in (stored.content.get("sessions") or () if stored else ())
        for key in texts(session, EXTERNAL_REFS)
    }
    sessions: list[Any] = []
    for each in item["sessions"]:
        pairs = each.get(EXTERNAL_REFS) if isinstance(each, Mapping) else None
        if isinstance(pairs, list) and pairs and not each.get("id"):
            keys = [key for pair in pairs if (key := read(pair))]
            stay = [key for pair in pairs if not removed(pair) and (key := read(pair))]
            led_to = (known.get(key) or new.get((activity_id, key)) for key in keys)
            identifier = next(filter(None, led_to), None) or new_id()
            new |= {(activity_id, key): identifier for key in stay}
            each = {**each, "id": identifier}
        sessions.append(each)
    return {**item, "sessions": sessions}
