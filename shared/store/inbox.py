"""The inbox: which events this consumer has already applied, and in which order they may be.

Owns the collection `inbox` (`shared.layout`) in the consumer's own database. Claims are kept
for good: a replay may bring back an event of any age, and an audit counts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from shared.events import Event


def claim(
    collection: Collection[dict[str, Any]], events: Sequence[Event], session: ClientSession
) -> list[Event]:
    """The events among `events` that were never claimed before, each once, in their order.

    Effects: one row per returned event, in the caller's transaction. It looks first and inserts
    then, because a duplicate key would abort the transaction; a twin that claims the same event at
    the same time makes one of the two transactions start over.
    """
    by_id = {event.id: event for event in events}
    known = {row["_id"] for row in collection.find({"_id": {"$in": list(by_id)}}, session=session)}
    fresh = [event for key, event in by_id.items() if key not in known]
    if fresh:
        at = datetime.now(UTC)
        collection.insert_many(
            [{"_id": event.id, "at": at} for event in fresh], ordered=False, session=session
        )
    return fresh


def claimed(collection: Collection[dict[str, Any]], ids: Iterable[str]) -> dict[str, datetime]:
    """Those of these events that were applied, each with the time."""
    return {row["_id"]: row["at"] for row in collection.find({"_id": {"$in": list(ids)}})}


@dataclass(frozen=True, slots=True)
class Ordered:
    """Delta events sorted by what may happen to them now.

    `ready`: to be applied, each subject's in sequence without a gap. `stale`: applied before.
    `early`: a step is missing before them; hand them back to `@on_events` for a later attempt.
    """

    ready: list[Event]
    stale: list[Event]
    early: list[Event]


def in_order(events: Iterable[Event], applied: Mapping[str, int]) -> Ordered:
    """Sort events whose sequence is contiguous per subject (1, 2, 3 …).

    Args: applied: by subject, the last sequence applied; absent means none was.
    """
    ready: list[Event] = []
    stale: list[Event] = []
    early: list[Event] = []
    last = dict(applied)
    for event in sorted(events, key=lambda each: each.sequence):
        expected = last.get(event.subject, 0) + 1
        if event.sequence == expected:
            ready.append(event)
            last[event.subject] = expected
        else:
            (stale if event.sequence < expected else early).append(event)
    return Ordered(ready, stale, early)
