"""What the tests of notifications start from: who asks, a feed that grows, and its pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.notifications.handlers import feed
from services.notifications.store.feed import NotificationStore
from shared.events import Event
from shared.ids import new_id
from tests.world import events

PARTNER = {"role": "partner", "key_id": "partner-1"}
OTHER = {"role": "partner", "key_id": "partner-2"}
OPERATOR = {"role": "operator", "key_id": "operator-1"}
CHAPTER = {"role": "chapter", "chapter": "ML", "key_id": "chapter-1"}


def attendance(session_id: str, sequence: int, present: int = 1) -> Event:
    """An attendance sheet's event: `present` more people came."""
    return events.attendance(
        session_id,
        new_id(),
        sequence,
        came=[new_id() for _ in range(present)],
        present_total=present * sequence,
    )


def grow(store: NotificationStore, count: int) -> list[Event]:
    """Append that many activities to the feed, in one batch."""
    told = [events.activity() for _ in range(count)]
    assert feed.record_events(told, store) == []
    return told


def pull(
    store: NotificationStore, caller: dict[str, Any] | None = None, **request: Any
) -> dict[str, Any]:
    """One page of the feed."""
    return feed.read_feed({"caller": caller or PARTNER, **request}, store)


def ids(items: Sequence[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in items]
