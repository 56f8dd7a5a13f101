"""Renews the marks by which people are found (`services.participants.layout`), where a release
before made others.

Of a record nothing else changes: no version, no event, no time. Whoever is sealed by the release
before gets new marks when they are sealed anew (`services.participants.store.resealing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pymongo import UpdateOne

from services.participants.layout import ALIKE, FORM, KEYED, MARKED, MARKS
from services.participants.store import ParticipantStore
from services.participants.store.cipher import Unreadable
from shared import layout
from shared.errors import Unavailable
from shared.store.failures import answered
from shared.types import Document

PART: Final = 200  # people opened at once


def renew(store: ParticipantStore, go_on: Callable[[], bool] = lambda: True) -> int:
    """Renew all marks that are not as they are made now; returns of how many people.

    Args: go_on: asked before each part.
    Raises: Unavailable (retryable): what was renewed stays.
    Effects: who is corrected meanwhile is passed over, for that makes the marks anew. Who cannot be
        opened stays as they are, and is told by the proof.
    """
    done, last = 0, ""
    while go_on() and (found := _next(store, last)):
        last = found[-1]["_id"]
        updates = list(_updates(store, found))
        if updates:
            with answered():
                done += store.people.collection.bulk_write(updates, ordered=False).modified_count
    return done


def _next(store: ParticipantStore, last: str) -> list[Document]:
    query = {"_id": {"$gt": last}, FORM: KEYED, MARKED: {"$ne": MARKS}}
    with answered():
        return list(store.people.collection.find(query).sort("_id", 1).limit(PART))


def _updates(store: ParticipantStore, found: list[Document]) -> Iterator[UpdateOne]:
    with answered():
        keys = store.people.keys_of(found)
    for document in found:
        try:
            marks = store.people.marked(store.people.opened(document, keys))
        except (Unreadable, Unavailable):
            if store.cipher.lost:
                raise
            continue
        gone = {} if ALIKE in marks else {"$unset": {ALIKE: True}}
        yield UpdateOne(_as_read(document), {"$set": marks, **gone})


def _as_read(document: Mapping[str, Any]) -> Document:
    return {"_id": document["_id"], layout.VERSION: document[layout.VERSION]}
