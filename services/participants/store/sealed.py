"""Owns how a record lies sealed in the database (`services.participants.layout`), and is opened."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pymongo
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from marshmallow import Schema
from pymongo.client_session import ClientSession
from pymongo.errors import EncryptionError

from services.participants.layout import FORM, KEYED, SEALED
from services.participants.store.before import CipherBefore
from services.participants.store.cipher import Cipher, Unreadable, place
from shared import layout
from shared.errors import Unavailable
from shared.records.collection import RecordCollection
from shared.records.pushes import Record
from shared.store.mongo import Tx
from shared.types import Document


class SealedCollection(RecordCollection, ABC):
    """Records of which only the `open_fields` lie in the clear; all else is sealed under the key of
    the person whom a record is about."""

    def __init__(
        self,
        collection: pymongo.collection.Collection[Document],
        cipher: Cipher,
        open_fields: Collection[str],
        schema: Schema,
    ) -> None:
        super().__init__(collection, schema)
        self.cipher = cipher
        self._open = open_fields

    unopened = (*RecordCollection.unopened, Unreadable, EncryptionError, Unavailable)

    @abstractmethod
    def person_of(self, document: Mapping[str, Any]) -> str:
        """Whom a document is about."""

    def mark(self, chapter: str, kind: str, text: str) -> bytes:
        return self.cipher.marks(chapter)(kind, text)

    def without_key(self, tx: Tx, people: Collection[str]) -> None:
        """Of these people no key is there; may there be a new one? Raises Unavailable KEY_LOST."""

    def bare_all(self, tx: Tx, records: Sequence[Record]) -> list[Document]:
        documents = [self.encode(record) for record in records]
        people = list(dict.fromkeys(map(self.person_of, documents)))
        keys = self.cipher.people.get(people, tx.session)
        if missing := [each for each in people if each not in keys]:
            self.without_key(tx, missing)
            keys |= self.cipher.people.make(missing, tx.session)
        for document, record in zip(documents, records, strict=True):
            secret = {n: value for n, value in record.content.items() if n not in self._open}
            key = keys[self.person_of(document)]
            document[SEALED] = self.cipher.seal(key, secret, self._place(document))
        return documents

    def encode(self, record: Record) -> Document:
        content = {name: value for name, value in record.content.items() if name in self._open}
        return {**super().encode(record), layout.CONTENT: content, FORM: KEYED}

    def decoder(
        self, documents: Sequence[Mapping[str, Any]], session: ClientSession | None = None
    ) -> Callable[[Mapping[str, Any]], Record]:
        return partial(self.opened, keys=self.keys_of(documents, session))

    def keys_of(
        self,
        documents: Iterable[Mapping[str, Any]],
        session: ClientSession | None = None,
        cipher: Cipher | None = None,
    ) -> dict[str, AESGCM]:
        """The keys that open the documents, as far as they are there."""
        people = set()
        for each in documents:
            with suppress(*RecordCollection.unopened):  # told once it is to be opened
                if FORM in each:
                    people.add(self.person_of(each))
        return (cipher or self.cipher).people.get(people, session)

    def opened(
        self,
        document: Mapping[str, Any],
        keys: Mapping[str, AESGCM],
        before: CipherBefore | None = None,
    ) -> Record:
        """The record of a document. Raises Unreadable, EncryptionError (final); Unavailable
        KEY_LOST: the key is not there."""
        if FORM in document:
            if (key := keys.get(self.person_of(document))) is None:
                raise Unavailable("KEY_LOST")
            secret = self.cipher.unseal(key, document.get(SEALED), self._place(document))
        elif (earlier := before or self.cipher.before) is not None and not self.cipher.lost:
            secret = earlier.unseal(document[SEALED])
        else:
            raise Unavailable("KEY_LOST")
        return self.decode({**document, layout.CONTENT: document[layout.CONTENT] | secret})

    def _place(self, document: Mapping[str, Any]) -> bytes:
        return place(
            self.person_of(document),
            document[layout.CHAPTER],
            self.collection.name,
            document["_id"],
            document[layout.VERSION],
        )
