"""Owns the database `participants` (`services.participants.layout`), and the cipher over it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import pymongo
from pymongo import ASCENDING, IndexModel
from pymongo.database import Database

from services.participants.layout import (
    CROSSING_MARKS,
    CROSSINGS,
    DISTINCT,
    FORM,
    KEYED,
    NOMINATIONS,
    PEOPLE,
    STANDINGS,
)
from services.participants.store.cipher import Cipher
from services.participants.store.distinct import INDEXES as DISTINCT_INDEXES
from services.participants.store.distinct import DistinctPairs
from services.participants.store.keys import read_master_key
from services.participants.store.lookalikes import Lookalikes
from services.participants.store.nominations import Nominations
from services.participants.store.people import People
from services.participants.store.sealed import SealedCollection
from shared import layout
from shared.config import Environment
from shared.records.collection import RecordCollection
from shared.records.pushes import Record, Write
from shared.records.versions import VersionCollection
from shared.store import vault
from shared.store.mongo import Store, Tx
from shared.types import Document

NAMESPACE_EXISTS: Final = 48

CROSSING_MARKS_INDEXES: Final = (
    # look: who shares a mark.
    IndexModel([("marks.mark", ASCENDING)]),
)
CROSSINGS_INDEXES: Final = (
    # look: the pairs that somebody is in.
    IndexModel([("ids", ASCENDING)]),
)


class ParticipantStore(Store):
    """The service's database and the cipher over it."""

    def __init__(self, db: Database[Document], master_key: bytes) -> None:
        super().__init__(db)
        self.cipher = Cipher(vault.of(db), master_key)
        self.people = People(db[PEOPLE], self.cipher)
        self.nominations = Nominations(db[NOMINATIONS], self.cipher)
        self.standings = RecordCollection(db[STANDINGS])
        self.distinct = DistinctPairs(db[DISTINCT])
        self.lookalikes = Lookalikes(self.people.collection, self.people.alike, self.distinct)
        self.versions: Mapping[str, VersionCollection[Record]] = {
            name: VersionCollection(db[layout.VERSIONS], records)
            for name, records in ((PEOPLE, self.people), (NOMINATIONS, self.nominations))
        }

    def save(self, tx: Tx, records: SealedCollection, writes: Sequence[Write]) -> None:
        """Store the records' last states, and what these were before."""
        records.save(tx, writes)
        self.versions[records.collection.name].keep(tx, (write.before for write in writes))

    def ensure_indexes(self) -> None:
        """Create what is missing, the data key included. Raises as `Cipher.prepare`."""
        super().ensure_indexes()
        self.people.ensure_indexes()
        self.nominations.ensure_indexes()
        self.distinct.collection.create_indexes(list(DISTINCT_INDEXES))
        self.db[CROSSING_MARKS].create_indexes(list(CROSSING_MARKS_INDEXES))
        self.db[CROSSINGS].create_indexes(list(CROSSINGS_INDEXES))
        self.create_collections(layout.VERSIONS, STANDINGS)
        self.create_key_collection()
        # What is sealed under a key that is lost shall not get a second one beside it.
        sealed = (self.people, self.nominations)
        self.cipher.needs_before = any(each.collection.find_one({FORM: None}) for each in sealed)
        keyed = any(each.collection.find_one({FORM: KEYED}) for each in sealed)
        self.cipher.prepare(may_create=not keyed)

    def ill_told(self, limit: int) -> list[str]:
        """People who are withdrawn and were not told to be, or the other way round."""
        people, told = self.people.collection, self.standings.collection
        found: list[str] = []
        for withdrawn, beside in ((people, told), (told, people)):
            pipeline: list[Document] = [
                {"$match": {layout.WITHDRAWN: True}},
                {"$lookup": {"from": beside.name, "localField": "_id", "foreignField": "_id",
                             "as": "beside"}},
                {"$match": {f"beside.{layout.WITHDRAWN}": {"$ne": True}}},
                {"$project": {"_id": True}},
                {"$limit": limit},
            ]  # fmt: skip
            found += [each["_id"] for each in withdrawn.aggregate(pipeline)]
        return found[:limit]

    def bare(self, tx: Tx, ids: Collection[str]) -> list[Record]:
        """People without their content, of which nothing is opened."""
        fields = (layout.CHAPTER, layout.VERSION, layout.WITHDRAWN, "created_at", layout.UPDATED_AT)
        found = self.people.collection.find(
            {"_id": {"$in": list(ids)}}, dict.fromkeys(fields, True), session=tx.session
        )
        return [self.people.decode({**each, layout.CONTENT: {}}) for each in found]

    def create_key_collection(self) -> None:
        """Create the collection of people's keys: one born in a transaction would conflict."""
        keys = vault.person_keys(self.cipher.vault)
        try:
            keys.database.create_collection(keys.name)
        except pymongo.errors.CollectionInvalid:
            pass
        except pymongo.errors.OperationFailure as error:
            if error.code != NAMESPACE_EXISTS:
                raise


def open_store(db: Database[Document]) -> ParticipantStore:
    """The store with the master key that the environment names. Raises ConfigError."""
    return ParticipantStore(db, read_master_key(Environment().path("FOSCAO_MASTER_KEY_FILE")))
