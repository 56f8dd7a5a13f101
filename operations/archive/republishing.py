"""Finds the events that were published and never reached a consumer, and has them published again.

What a broker held is lost with it, but no event is: the outboxes keep them all, and the consumers'
inboxes tell which arrived. An event that arrives twice is applied once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from pymongo import MongoClient
from pymongo.database import Database

from operations.generation import live_prefix
from operations.progress import Count, Watch
from operations.server import connected
from services.reporting.layout import under
from shared.access import SERVICES
from shared.layout import INBOX, OUTBOX, PARKING_LOT, PUBLISHED_AT, STATE
from shared.parked import DISCARDED, PARKED
from shared.store.outbox import EventKind
from shared.subscriptions import PATTERNS, listens

_BATCH: Final = 5_000  # ids in one query: some 200 kB


@dataclass(frozen=True, slots=True)
class Missing:
    """Events to be published again: how many, and of those how many each consumer lacks."""

    events: int
    lacking: Mapping[str, int]


def republish_lost(uri: str, watch: Watch, *, dry_run: bool = False) -> Missing:
    """As `republish`, as the user `operator`. Raises: CannotRun; may be repeated."""
    with connected(uri) as client:
        events = sum(client[each][OUTBOX].estimated_document_count() for each in SERVICES)
        return republish(client, Count(watch, "Comparing", events).add, dry_run=dry_run)


def republish(
    client: MongoClient[Any], advance: Callable[[int], None], *, dry_run: bool = False
) -> Missing:
    """Have every published event published again that a service bound to its type has neither
    applied nor parked for a person to decide.

    Args: advance: told how many events were looked at. dry_run: only count.
    Raises: a PyMongoError; some may be marked then, which does no harm.
    Effects: `published_at` of their rows becomes null; the services' relays publish such rows. An
        event that is on its way right now counts as lacking, arrives twice and is applied once.
    """
    inboxes = {each: client[each][_inbox(client[each])] for each in PATTERNS}
    lacking: Counter[str] = Counter()
    events = 0
    for service in SERVICES:
        outbox = client[service][OUTBOX]
        rows = outbox.find({PUBLISHED_AT: {"$ne": None}}, EventKind.FIELDS, batch_size=_BATCH)
        while batch := list(islice(rows, _BATCH)):
            lost: set[str] = set()
            for consumer, inbox in inboxes.items():
                wanted = [row["_id"] for row in batch if _hears(consumer, EventKind.of(row))]
                absent = _absent(client, consumer, inbox, wanted)
                lacking[consumer] += len(absent)
                lost |= absent
            if lost and not dry_run:
                outbox.update_many({"_id": {"$in": list(lost)}}, {"$set": {PUBLISHED_AT: None}})
            events += len(lost)
            advance(len(batch))
    return Missing(events, {consumer: lacking[consumer] for consumer in PATTERNS})


def _hears(consumer: str, kind: EventKind) -> bool:
    return listens(consumer, kind.type, kind.version, older=kind.older)


def _absent(client: MongoClient[Any], consumer: str, inbox: Any, ids: Sequence[str]) -> set[str]:
    """Those of the events that did not reach the consumer."""
    absent = set(ids) - _ids(inbox.find({"_id": {"$in": ids}}, {"_id": True}))
    if absent:
        # Publishing would only park it again. What was retried came from the queue, and is lost.
        decided = {"_id": {"$in": list(absent)}, STATE: {"$in": [PARKED, DISCARDED]}}
        absent -= _ids(client[consumer][PARKING_LOT].find(decided, {"_id": True}))
    return absent


def _ids(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    return {row["_id"] for row in rows}


def _inbox(database: Database[Any]) -> str:
    """Its name; a rebuild of reporting puts the one that counts under another prefix."""
    return under(live_prefix(database), INBOX)
