"""Seals anew what the release before sealed, a part at a time; may be broken off and repeated.

Of a record nothing changes but how it lies there: no version, no event, no time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pymongo import ReplaceOne
from pymongo.errors import EncryptionError, PyMongoError

from services.participants.layout import FORM, LEFT, PROOFS, RESEALING
from services.participants.store import ParticipantStore
from services.participants.store.sealed import SealedCollection
from shared.records.pushes import Record
from shared.store.failures import answered
from shared.store.mongo import Tx
from shared.types import Document

PART: Final = 200  # records in one transaction


def reseal(store: ParticipantStore, passed_over: set[str]) -> int:
    """Seal the next part anew; returns how many records were looked at, 0 where none is left.

    Args: passed_over: the ids of records that could not be opened; more are added. They are left
        as they are, and told by the proof.
    Raises: Unavailable (retryable).
    """
    for sealed in (store.people, store.nominations):
        if done := _part(store, sealed, passed_over):
            return done
    return 0


def count_left(store: ParticipantStore) -> int:
    """How many records are still to be sealed anew; noted beside the proof, for operators' tools.

    Raises: Unavailable (retryable).
    """
    with answered():
        sealed = (store.people.collection, store.nominations.collection)
        left = sum(each.count_documents({FORM: None}) for each in sealed)
        store.db[PROOFS].update_one({"_id": RESEALING}, {"$set": {LEFT: left}}, upsert=True)
    store.cipher.needs_before = left > 0
    return left


def _part(store: ParticipantStore, sealed: SealedCollection, passed_over: set[str]) -> int:
    query = {FORM: None, "_id": {"$nin": sorted(passed_over)}}

    def work(tx: Tx) -> int:
        old = sealed.collection.find(query, session=tx.session).sort("_id", 1).limit(PART)
        documents = list(old)
        records = list(_opened(sealed, documents, passed_over))
        if records:
            anew = sealed.encode_all(tx, records)
            sealed.collection.bulk_write(
                [ReplaceOne({"_id": each["_id"]}, each) for each in anew],
                ordered=False,
                session=tx.session,
            )
        return len(documents)

    return store.transact(work)


def _opened(
    sealed: SealedCollection, documents: Iterable[Document], passed_over: set[str]
) -> Iterable[Record]:
    for document in documents:
        try:
            yield sealed.opened(document, {})
        except EncryptionError as error:
            if isinstance(error.cause, PyMongoError):
                raise error.cause from error
            passed_over.add(document["_id"])
        except (KeyError, TypeError, ValueError):  # no ciphertext, or none of a document
            passed_over.add(document["_id"])
