"""The database `activities`: its collections, and the names that operators' tools know too.

activities, projects, organisations, concerns, places   records of the push engine
             {…, session_refs?: of an activity, the keys of its sessions,
              words?: of an organisation or a place, those of its names as they are looked for}
sheets      {_id: session id, activity_id, chapter, state, seq: of its last step,
             present, lines: how many, scores: sums, in the order of `shared.record_types.SCORES`,
             told?: the same sums over what was told score by score; absent: nothing}
attendance  the sheets' lines
            {_id: "<session>:<participant>", p: participant, st: present | absent | removed,
             pre?, post?: test scores, v: version, seq?: of the sheet's step that made it,
             in?: where one who is present counts: absent: here; "": nowhere, the person is
             withdrawn; else in the line of this participant, who is the same person}
attendance_versions   what lines were before they were corrected, under "<line>:<version>"
standings   how people stand of whom it was told
            {_id: participant, withdrawn, merged_into: the person they are one with | None,
             version: the person's then, 0 of whoever is only named by others,
             at: when it was heard, again?: true until their sheets were looked at once more}
reasons     why a record was withdrawn, reinstated or restored
            {_id: "<record>:<version>", reason, restored?: the version whose content came back};
            of a line, "<line>:<version>"

What a record was before it was corrected lies in `versions` (`shared.layout`); what made each of
its versions, who and when tells its event in the outbox.
"""

from __future__ import annotations

from typing import Final

from shared.record_types import RECORD_TYPES

ACTIVITIES: Final = RECORD_TYPES["activity"].collection
SHEETS: Final = RECORD_TYPES["attendance"].collection
ATTENDANCE: Final = "attendance"
STANDINGS: Final = "standings"
LINE_VERSIONS: Final = "attendance_versions"
REASONS: Final = "reasons"
RESTORED: Final = "restored"

SESSION_REFS: Final = "session_refs"
WORDS: Final = "words"

ACTIVITY_ID: Final = "activity_id"
LAST_SEQUENCE: Final = "seq"
PRESENT: Final = "present"
LINES: Final = "lines"
SCORES: Final = "scores"
TOLD: Final = "told"

STATUS: Final = "st"
PRE: Final = "pre"
POST: Final = "post"
LINE_VERSION: Final = "v"
PARTICIPANT: Final = "p"
COUNTS_IN: Final = "in"
IS_PRESENT: Final = "present"
IS_REMOVED: Final = "removed"


MERGED_INTO: Final = "merged_into"
HEARD_AT: Final = "at"
AGAIN: Final = "again"


def line_key(session_id: str, participant_id: str) -> str:
    """The id of a line; with an empty participant, what the ids of a sheet's lines begin with."""
    return f"{session_id}:{participant_id}"


def session_of(key: str) -> str:
    return key.partition(":")[0]


def participant_of(key: str) -> str:
    return key.rpartition(":")[2]
