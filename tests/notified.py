"""What the tests of notifications start from: events as the producers emit them, a store, keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.notifications.handlers import endpoints
from services.notifications.store.feed import NotificationStore
from shared.events import Event
from shared.ids import new_id

PARTNER = {"role": "partner", "key_id": "partner-1"}
OTHER = {"role": "partner", "key_id": "partner-2"}
OPERATOR = {"role": "operator", "key_id": "operator-1"}
CHAPTER = {"role": "chapter", "chapter": "ML", "key_id": "chapter-1"}


def activity(
    identifier: str | None = None, sequence: int = 1, step: str = "recorded", chapter: str = "ML"
) -> Event:
    """An activity's event with what its contract requires."""
    subject = identifier or new_id()
    data = {
        "id": subject,
        "chapter": chapter,
        "version": sequence,
        "withdrawn": step == "withdrawn",
        "type": "technical_training",
        "status": "held",
        "title": {"en": "Training"},
        "place": {"ML": "ML.06.YAN.KALANA"}.get(chapter, chapter),
        "sessions": [],
    }
    return Event.new(f"activity.{step}", "/activities", subject, sequence, data)


def attendance(session_id: str, sequence: int, present: int = 1) -> Event:
    """An attendance sheet's event: `present` more people came."""
    data = {
        "session_id": session_id,
        "activity_id": new_id(),
        "chapter": "ML",
        "rows": [{"participant_id": new_id(), "present": True} for _ in range(present)],
        "present_total": present * sequence,
    }
    step = "recorded" if sequence == 1 else "corrected"
    return Event.new(f"attendance.{step}", "/activities", session_id, sequence, data)


def grow(store: NotificationStore, count: int) -> list[Event]:
    """Append that many activities to the feed, in one batch."""
    events = [activity() for _ in range(count)]
    assert endpoints.record_events(events, store) == []
    return events


def pull(
    store: NotificationStore, caller: dict[str, Any] | None = None, **request: Any
) -> dict[str, Any]:
    """One page of the feed."""
    return endpoints.read_feed({"caller": caller or PARTNER, **request}, store)


def ids(items: Sequence[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in items]
