"""The database `reporting`: generations of the projections, and which of them is live.

    settings     one document, absent until the first rebuild
                 {_id: "live", prefix: of the generation that answers questions and takes events,
                  beside: None | {prefix, code, started_at} of the one that is being built}

A generation is these collections, each under its prefix (empty before the first rebuild):

    inbox        {_id: event id, at}: the events applied to it
    people       {_id: participant id, n: number, version, facts: ["sex/female", ...]}
                 and of whom something changed, whose facts are then those before all changes,
                 {..., changes: [{since: day, n: number, facts}, ...]}; of whom is one with another
                 {..., into: that one's id}
    attributes   {_id: "sex/female/0", bits: the numbers of a chunk of whom the fact holds}
    sessions     {_id: session id, activity_id, seq, present: numbers, scores: {...},
                  tests: [[number, pre | None, post | None], ...]}
    activities, projects, concerns, nominations, places   {_id, version, withdrawn, chapter, ...}
    counters     {_id: "people", n: how many numbers were given}
    position     {_id: "last", event_id, type, recorded_at, events_applied}

While it is being built beside the live one, also

    missed       {_id: event id}: applied to the live one meanwhile, perhaps not yet to this one
    progress     {_id: producer, after: the last event read from its log}

Sets of numbers are roaring bitmaps in their portable serialisation
(github.com/RoaringBitmap/RoaringFormatSpec).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.layout import INBOX
from shared.record_types import RECORD_TYPES

SETTINGS: Final = "settings"
LIVE: Final = "live"
PREFIX: Final = "prefix"
BESIDE: Final = "beside"

PROJECTED: Final[Mapping[str, str]] = {
    each.name: each.projected for each in RECORD_TYPES.values() if each.projected
}
"""Record type → the collection of its copies."""
PEOPLE: Final = PROJECTED["participant"]
SESSIONS: Final = PROJECTED["attendance"]
ATTRIBUTES: Final = "attributes"
COUNTERS: Final = "counters"
POSITION: Final = "position"
MISSED: Final = "missed"
PROGRESS: Final = "progress"

COLLECTIONS: Final = (
    INBOX,
    *PROJECTED.values(),
    ATTRIBUTES,
    COUNTERS,
    POSITION,
)
"""Of each generation."""
WHILE_BUILDING: Final = (MISSED, PROGRESS)

NUMBER: Final = "n"
VERSION: Final = "version"
FACTS: Final = "facts"
CHANGES: Final = "changes"
SINCE: Final = "since"
INTO: Final = "into"
BITS: Final = "bits"
ACTIVITY_ID: Final = "activity_id"
LAST_SEQUENCE: Final = "seq"
PRESENT: Final = "present"
SCORES: Final = "scores"
TESTS: Final = "tests"


def under(prefix: str, name: str) -> str:
    """The collection as it is called while the generation of this prefix is live: parking lot,
    outbox and settings belong to none."""
    return prefix + name if name in COLLECTIONS else name
