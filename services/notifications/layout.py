"""The database `notifications`: its collections, and the names that operators' tools know too.

    feed       {_id: position, id: of the event, type, subject, time, chapter, country, place, data,
                schema_version (absent: 1), later?: data in further versions}
    counters   {_id: "feed", position: the last one given out,
                gaps?: [{after, to, at}]: positions that restores of a backup have left out}
    subjects   {_id: "<record type>/<subject>", sequence: the last one applied, place}
    endpoints  {_id, owner, url, description, filter: {types, chapters, schema_version}, state,
                cursor: all up to here is delivered or not wanted, filter_from: the position behind
                which the filter counts, failures, next_attempt_at, last_error,
                secrets: [{sealed, expires_at}], created_at, updated_at, lease_holder, lease_until}
    owners     {_id: key id, admitted, revoked_at}
    attempts   one POST each, for 30 days
               {_id, endpoint_id, position, event_id, number, resend, status, error: None after a
                success, duration_ms, at, next_attempt_at}
    resends    {_id: "<endpoint>:<position>", endpoint_id, position, failures, next_attempt_at}

A claim in the inbox says `overtaken` where its event has no item, as a later step came before it.
"""

from __future__ import annotations

from typing import Final

FEED: Final = "feed"
COUNTERS: Final = "counters"
SUBJECTS: Final = "subjects"
ENDPOINTS: Final = "endpoints"
OWNERS: Final = "owners"
ATTEMPTS: Final = "attempts"
RESENDS: Final = "resends"

# An item of the feed.
ITEM_ID: Final = "id"
TYPE: Final = "type"
SUBJECT: Final = "subject"
TIME: Final = "time"
CHAPTER: Final = "chapter"
DATA: Final = "data"

# The counter of the feed, by whose name it goes.
POSITION: Final = "position"
GAPS: Final = "gaps"
AFTER: Final = "after"
TO: Final = "to"

SEQUENCE: Final = "sequence"
SUPERSEDED: Final = "overtaken"

# An endpoint.
STATE: Final = "state"
CURSOR: Final = "cursor"
FILTER: Final = "filter"
TYPES: Final = "types"
CHAPTERS: Final = "chapters"
FILTER_FROM: Final = "filter_from"
REVOKED: Final = "revoked"
DELETED: Final = "deleted"

# An attempt.
ENDPOINT_ID: Final = "endpoint_id"
EVENT_ID: Final = "event_id"
RESEND: Final = "resend"
ERROR: Final = "error"


def subject_key(record_type: str, subject: str) -> str:
    """The id in `subjects`; with an empty subject, what the ids of a record type begin with."""
    return f"{record_type}/{subject}"
