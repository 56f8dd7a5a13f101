"""What a restore does to partners' positions in the feed: no position is ever given out twice.

A partner may hold a cursor from after the backup. If the feed just went on counting from where the
backup stood, it would one day give the positions up to that cursor to other entries, and that
partner would miss them without a sign. So a restored feed leaves a gap and counts on behind it:
every cursor ever handed out stays good, and everything that is new comes behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bson.int64 import Int64
from pymongo import MongoClient

from services.notifications.layout import AFTER, COUNTERS, FEED, GAPS, POSITION, TO

# More entries than a hub adds between two backups, and few enough for two thousand restores before
# positions leave the 32 bits that GraphQL's Int has.
GAP: Final = 1_000_000
_COUNTER: Final = {"_id": FEED}


@dataclass(frozen=True, slots=True)
class Gap:
    """No entry has a position above `after` up to and with `to`."""

    after: int
    to: int


def head(client: MongoClient[Any]) -> int:
    """The last position given out, 0 if there is none. Raises a PyMongoError."""
    counter = _counters(client).find_one(_COUNTER)
    return int(counter[POSITION]) if counter else 0


def leave_gap(client: MongoClient[Any], replaced: int, size: int = GAP) -> Gap:
    """Let the restored feed count on behind every position that may have been given out.

    Args: replaced: the head of the feed that was there before the restore, 0 if there was none.
    Effects: the counter moves, and remembers the gap in `gaps`, for who checks that there is no
        other one.
    Raises: a PyMongoError.
    """
    last = head(client)
    gap = Gap(last, max(last + size, replaced))
    _counters(client).update_one(
        _COUNTER,
        {
            "$set": {POSITION: Int64(gap.to)},
            "$push": {
                GAPS: {
                    AFTER: Int64(gap.after),
                    TO: Int64(gap.to),
                    "at": datetime.now(UTC),
                }
            },
        },
        upsert=True,
    )
    return gap


def _counters(client: MongoClient[Any]) -> Any:
    return client["notifications"][COUNTERS]
