"""What lies in every service's database, whatever the service is about: names of collections and
fields, for the stores that write them and the operators' tools that read them.

    outbox   the service's events, kept for good: its event log
             {_id: event id, type: short, schema_version (absent: 1), older: true if the same
              event stands beside it in a later version, else absent, subject, sequence,
              body: JSON bytes as they go on the wire, actor, recorded_at,
              published_at: None until the broker has confirmed it}
    inbox    the events that were applied: {_id: event id, at}
    parked   the events that could not be
             {_id: event id, or `raw-<sha256>` of a body that is no event,
              type, schema_version (absent: 1), subject, sequence: the event's, None of a body that
              is none, reason: code, params: of its text, text: in English, body: raw bytes,
              attempts: since it last came in, first_at, last_at,
              state: parked | retried | discarded, decisions: [{action, at, by: key id, why}]}
    pushes   which items were applied under which push's id
             {_id: "<push id>/<operation>/<scope>", items: their ids, 16 bytes each}
    leases   {_id: job, holder, until}

A record that is pushed lies in the collection of its type (`shared.record_types`):

    {_id, chapter, version, withdrawn, content, created_at, updated_at,
     refs?: its keys elsewhere, identifiers?: those in public registers, each as a text or a mark}

and what it was before each correction lies in `versions`, the same under

    {_id: "<record>:<version in ten digits>", …}
"""

from __future__ import annotations

from typing import Final

OUTBOX: Final = "outbox"
INBOX: Final = "inbox"
PARKING_LOT: Final = "parked"
PUSHES: Final = "pushes"
LEASES: Final = "leases"
VERSIONS: Final = "versions"

# An event, in the outbox and in the parking lot.
TYPE: Final = "type"
SCHEMA_VERSION: Final = "schema_version"
OLDER: Final = "older"
SUBJECT: Final = "subject"
SEQUENCE: Final = "sequence"
BODY: Final = "body"
RECORDED_AT: Final = "recorded_at"
PUBLISHED_AT: Final = "published_at"

# Why it is parked, and what was decided.
STATE: Final = "state"
REASON: Final = "reason"
TEXT: Final = "text"
LAST_AT: Final = "last_at"
DECISIONS: Final = "decisions"
DECIDED_AT: Final = "at"
DECIDED_BY: Final = "by"

RELAY: Final = "relay"
"""The job of a lease: to publish the outbox."""
UNTIL: Final = "until"

# A record.
CHAPTER: Final = "chapter"
VERSION: Final = "version"
WITHDRAWN: Final = "withdrawn"
CONTENT: Final = "content"
CREATED_AT: Final = "created_at"
UPDATED_AT: Final = "updated_at"
REFS: Final = "refs"
IDENTIFIERS: Final = "identifiers"


def version_key(record_id: str, version: int) -> str:
    """The id of a version: those of one record sort as its versions count."""
    return f"{record_id}:{version:010d}"
