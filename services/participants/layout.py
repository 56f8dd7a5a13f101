"""The database `participants`: its collections, and the names that operators' tools know too.

    people       records, their content partly sealed
                 {_id, chapter, version, withdrawn, content: open fields, sealed: all the others,
                  form: 2, marked: 2, phone, email, names: marks, alike: marks of likenesses
                  [{by: reason, mark, name?: of the exact name}], …,
                  held?: counts transactions that needed the person as they were}
                 of whom is one with another: withdrawn: None, for the other's standing counts,
                 content: {merged_into, …}, no marks; of the other content: {merged_ids, …}
                 of a guest, the id by which another chapter enters a person: the same, chapter: the
                 person's, content: {guest_in: the other chapter, guest_of: whom it was made for,
                 merged_into}, this absent and withdrawn: True once it was taken back
    nominations  likewise
                 {_id, chapter, version, content: open fields, sealed, form: 2, participant_id,
                  target: the activity or project, slot}
    standings    how it was told last whether a person counts and as whom, of those of whom it was
                 told: records too, their version the person's, {…, content: {merged_into}}
    distinct     pairs of people of whom their chapter said that they are not the same
                 {_id: "<lesser id>:<greater id>", ids: both, chapter, by: key id, at}
    crossing_marks  marks of those who stand, by which people of different chapters are compared;
                 under a key of their own, read by no request
                 {_id: the person's, chapter, marks: [{by, mark}]}
    crossings    who of different chapters may be one and the same
                 {_id: "<lesser id>:<greater id>", ids: both, chapters: of both, reasons, since}
    crossing_looks  {_id: a chapter, until: when what was compared last of it was written}
    versions     what people and nominations were before they were corrected, sealed likewise;
                 without marks (`shared.layout`)
    proofs       what of it could be opened, proved every half minute
                 {_id: "sealed", at: by the database's clock, keys: [{id, fingerprint}],
                  lost: [key id], records, opened, unreadable: [{collection, id}],
                  unreadable_count, keyless: [person's id], keyless_count}
                 and, while records of the release before are sealed anew,
                 {_id: "resealing", left: how many}

Of a proof, `keys` are those that sealed records need, each as it was when it last opened (None:
never); `lost` those of them that are gone or do not open; `records` is how many are sealed,
`opened` how many of a sample could be opened; `unreadable` names the first of those that could not;
`keyless` the first of all the people whose key is gone.
Ids and counts: no value, and nothing that opens one.

The keys lie in a database of their own (`shared.store.vault`).
"""

from __future__ import annotations

from typing import Final

from shared.record_types import RECORD_TYPES

PEOPLE: Final = RECORD_TYPES["participant"].collection
NOMINATIONS: Final = RECORD_TYPES["nomination"].collection
STANDINGS: Final = RECORD_TYPES["standing"].collection
DISTINCT: Final = "distinct"
PROOFS: Final = "proofs"
CROSSING_MARKS: Final = "crossing_marks"
CROSSINGS: Final = "crossings"
CROSSING_LOOKS: Final = "crossing_looks"

TARGET: Final = "target"
MERGED_INTO: Final = "merged_into"
MERGED_IDS: Final = "merged_ids"
MERGES: Final = "merges"
GUEST_IN: Final = "guest_in"
GUEST_OF: Final = "guest_of"

SEALED: Final = "sealed"
"""What of a record is sealed; and the one proof of it."""
FORM: Final = "form"
KEYED: Final = 2
"""The form of a record that is sealed under the key of its person; one without a form was sealed by
the release before."""
ALIKE: Final = "alike"
MARKED: Final = "marked"
MARKS: Final = 2
"""By which marks a person is found; who has none of this number is found by the exact words of the
name alone, until the marks are renewed (`services.participants.store.marking`)."""
RESEALING: Final = "resealing"
"""The one note of how many of these there are."""
LEFT: Final = "left"
PROVED_AT: Final = "at"
KEYS: Final = "keys"
KEY_ID: Final = "id"
FINGERPRINT: Final = "fingerprint"
LOST: Final = "lost"
RECORDS: Final = "records"
OPENED: Final = "opened"
UNREADABLE: Final = "unreadable"
UNREADABLE_IN: Final = "collection"
UNREADABLE_ID: Final = "id"
UNREADABLE_COUNT: Final = "unreadable_count"
KEYLESS: Final = "keyless"
KEYLESS_COUNT: Final = "keyless_count"
