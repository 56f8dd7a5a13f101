"""Marks people anew whose marks were made by earlier rules, so that they too are found.

By what a person is found is computed when the person is written. A release with other rules, or
with newer numbering plans, would look for marks that older records do not have.
"""

from __future__ import annotations

from typing import Final

import pymongo
from bson.errors import BSONError
from pymongo import UpdateOne
from pymongo.errors import EncryptionError, PyMongoError

from services.participants.layout import MARKED_BY
from services.participants.store.people import MARKING, ParticipantStore
from shared.layout import VERSION
from shared.store.failures import answered
from shared.types import Document

AT_ONCE: Final = 200
TIMEOUT_S: Final = 15.0
_MARKS: Final = ("phone", "email", "names", "alike")


def mark_anew(store: ParticipantStore, after: str = "") -> tuple[int, str | None]:
    """Mark the next people behind the id `after` whose marks are not of `MARKING`.

    Returns: how many were looked at, and the last one's id; None if nobody is left.
    Raises: Unavailable (retryable): KEY_LOST, or the database did not answer in 15 s.
    Effects: marks alone. A person whom somebody writes meanwhile is marked by that; one whose
        content does not open is left as it is (`services.participants.store.proof` tells).
    """
    people = store.people
    with answered(), pymongo.timeout(TIMEOUT_S):
        wanted = {"_id": {"$gt": after}, MARKED_BY: {"$ne": MARKING}}
        found = list(people.collection.find(wanted).sort("_id").limit(AT_ONCE))
        changes = [change for each in found if (change := _change(store, each))]
        if changes:
            people.collection.bulk_write(changes, ordered=False)
    return len(found), found[-1]["_id"] if len(found) == AT_ONCE else None


def _change(store: ParticipantStore, document: Document) -> UpdateOne | None:
    try:
        marks = store.people.found_by(store.people.decode(document))
    except EncryptionError as error:
        if isinstance(error.cause, PyMongoError):
            raise error.cause from error
        return None
    except (BSONError, KeyError, TypeError, ValueError):  # no ciphertext, or none of a document
        return None
    gone = {name: "" for name in _MARKS if name not in marks}
    return UpdateOne(
        {"_id": document["_id"], VERSION: document[VERSION]},
        {"$set": marks, **({"$unset": gone} if gone else {})},
    )
