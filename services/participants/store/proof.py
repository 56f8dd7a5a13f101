"""Proves that what lies sealed can be opened, by opening some of it, and notes the outcome.

That the server, the service and its figures are well says nothing of this: a key that is gone is
missed only once somebody reads a name. What is noted, and where: `services.participants.layout`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pymongo
from bson.binary import Binary
from bson.errors import BSONError
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pymongo.errors import EncryptionError, PyMongoError

from services.participants.layout import (
    FINGERPRINT,
    FORM,
    KEY_ID,
    KEYED,
    KEYLESS,
    KEYLESS_COUNT,
    KEYS,
    LOST,
    MARKED,
    OPENED,
    PROOFS,
    PROVED_AT,
    RECORDS,
    SEALED,
    UNREADABLE,
    UNREADABLE_COUNT,
    UNREADABLE_ID,
    UNREADABLE_IN,
)
from services.participants.store import ParticipantStore
from services.participants.store.before import CipherBefore
from services.participants.store.cipher import Cipher, Unreadable
from services.participants.store.keys import KeyLost
from services.participants.store.sealed import SealedCollection
from shared.errors import Unavailable
from shared.layout import CONTENT
from shared.store import vault
from shared.store.failures import answered
from shared.types import Document

TIMEOUT_S: Final = 15.0
SAMPLE: Final = 200
NAMED: Final = 50
_FOUND_BY: Final = frozenset({"phone", "email"})

Name = tuple[str, str]  # collection, id


def prove(store: ParticipantStore) -> Document:
    """Open the data keys and a sample of the records; note and return what came of it.

    The sample of each collection: 200 at random, the oldest and the newest, and what could not be
    opened the last time. The keys are read anew, not remembered.
    Raises: Unavailable (retryable): the database did not answer in 15 s; nothing is noted.
    """
    with answered(), pymongo.timeout(TIMEOUT_S):
        proofs = store.db[PROOFS]
        before = proofs.find_one({"_id": SEALED}) or {}
        doubtful = {
            (each[UNREADABLE_IN], each[UNREADABLE_ID]) for each in before.get(UNREADABLE, ())
        }
        cipher = store.cipher.anew()
        try:
            proof = _proved(store, cipher, doubtful)
            opened = {each[KEY_ID]: each[FINGERPRINT] for each in before.get(KEYS, ())}
            for key in proof[KEYS]:
                if key[KEY_ID] in proof[LOST]:
                    key[FINGERPRINT] = opened.get(key[KEY_ID])
        finally:
            cipher.close()
        proofs.update_one(
            {"_id": SEALED}, {"$set": proof, "$currentDate": {PROVED_AT: True}}, upsert=True
        )
    return proof


def _proved(store: ParticipantStore, cipher: Cipher, doubtful: set[Name]) -> Document:
    present = vault.fingerprints(store.cipher.vault)
    needed = {store.cipher.key_id}
    keyless = vault.keyless(store.people.collection, {FORM: KEYED})
    collections = (store.people, store.nominations)
    opened, unreadable = 0, list[Name]()
    lost = set[str]()
    try:
        cipher.prepare(may_create=False)
        if not cipher.is_as(store.cipher):
            lost.add(store.cipher.key_id)
    except KeyLost:
        lost.add(store.cipher.key_id)
    for sealed in collections:
        name = sealed.collection.name
        sample = list(_sample(sealed, [key for at, key in doubtful if at == name]))
        keys = {} if lost else sealed.keys_of(filter(_tells_whose, sample), None, cipher)
        for document in sample:
            needed |= {CipherBefore.key_of(each) for each in _ciphertexts(document)}
            if lost:  # nothing opens; the sample only tells which keys are needed
                continue
            if _opens(sealed, cipher, document, keys):
                opened += 1
            else:
                unreadable.append((name, document["_id"]))
    lost |= needed - present.keys()
    return {
        KEYS: [{KEY_ID: each, FINGERPRINT: present.get(each)} for each in sorted(needed)],
        LOST: sorted(lost),
        RECORDS: sum(each.collection.estimated_document_count() for each in collections),
        OPENED: opened,
        UNREADABLE: [{UNREADABLE_IN: at, UNREADABLE_ID: key} for at, key in unreadable[:NAMED]],
        UNREADABLE_COUNT: len(unreadable),
        KEYLESS: keyless[:NAMED],
        KEYLESS_COUNT: len(keyless),
    }


def _sample(sealed: SealedCollection, doubtful: list[str]) -> Iterator[Document]:
    """Each once. Oldest and newest by the order in which the database stored them."""
    found = sealed.collection
    chosen: tuple[Iterable[Document], ...] = (
        found.aggregate([{"$sample": {"size": SAMPLE}}]),
        found.find({}).sort("$natural", 1).limit(1),
        found.find({}).sort("$natural", -1).limit(1),
        found.find({"_id": {"$in": doubtful}}),
    )
    seen = set[str]()
    for documents in chosen:
        for document in documents:
            if document["_id"] not in seen:
                seen.add(document["_id"])
                yield document


def _tells_whose(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get(CONTENT), dict)


def _ciphertexts(document: Mapping[str, Any]) -> list[Binary]:
    """Those that the release before sealed."""
    values = (document.get(name) for name in (SEALED, *_FOUND_BY))
    return [
        each
        for each in values
        if isinstance(each, Binary) and CipherBefore.sealed_by_it(each) and len(each) > 17
    ]


def _opens(
    sealed: SealedCollection,
    cipher: Cipher,
    document: Mapping[str, Any],
    keys: Mapping[str, AESGCM],
) -> bool:
    """Whether it opens, and is found by what it says. Raises PyMongoError: the vault does not
    answer."""
    try:
        record = sealed.opened(document, keys, cipher.before)
        if FORM not in document:
            return all(
                _opened_before(cipher, document[name]) for name in _FOUND_BY & document.keys()
            )
        marks = sealed.marked(record)
        if document.get(MARKED) != marks.get(MARKED):  # by the release before; being renewed
            marks = {name: marks[name] for name in _FOUND_BY & marks.keys()}
        return all(document.get(name) == mark for name, mark in marks.items())
    except EncryptionError as error:
        if isinstance(error.cause, PyMongoError):
            raise error.cause from error
        return False
    except (Unreadable, Unavailable, BSONError, KeyError, TypeError, ValueError):
        return False


def _opened_before(cipher: Cipher, value: Any) -> bool:
    return cipher.before is not None and isinstance(cipher.before.unseal(value), str)
