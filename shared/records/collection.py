"""Versioned records in MongoDB: the store's half of the push engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pymongo import ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from shared.caller import Caller
from shared.keysets import Order
from shared.layout import CHAPTER, CONTENT, UPDATED_AT, VERSION, WITHDRAWN
from shared.paging import Asked, Page
from shared.records.pushes import Push, Record, Write
from shared.records.repetitions import Repetitions, name
from shared.store.pages import keyset

if TYPE_CHECKING:
    from shared.store.mongo import Tx


class RecordCollection:
    """Records as documents (`shared.layout`).

    A store whose content may not lie there in the clear overrides `encode` and `decode`.
    """

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self.collection = collection

    def encode(self, record: Record) -> dict[str, Any]:
        return {
            "_id": record.id,
            CHAPTER: record.chapter,
            VERSION: record.version,
            WITHDRAWN: record.withdrawn,
            CONTENT: record.content,
            "created_at": record.created_at,
            UPDATED_AT: record.updated_at,
        }

    def decode(self, document: Mapping[str, Any]) -> Record:
        return Record(
            id=document["_id"],
            chapter=document[CHAPTER],
            version=document[VERSION],
            withdrawn=document[WITHDRAWN],
            content=document[CONTENT],
            created_at=document["created_at"],
            updated_at=document[UPDATED_AT],
        )

    def encode_all(self, tx: Tx, records: Sequence[Record]) -> list[dict[str, Any]]:  # noqa: ARG002
        """Each as a document; for a store that must look something up first."""
        return [self.encode(record) for record in records]

    def bare_all(self, tx: Tx, records: Sequence[Record]) -> list[dict[str, Any]]:
        """Each as a document by which it is not found: as it is kept once it was written over."""
        return self.encode_all(tx, records)

    def decode_all(
        self,
        documents: Sequence[Mapping[str, Any]],
        session: ClientSession | None = None,  # noqa: ARG002
    ) -> list[Record]:
        """The records of the documents, in order; likewise."""
        return [self.decode(document) for document in documents]

    def load(self, tx: Tx, ids: Sequence[str]) -> dict[str, Record]:
        """The stored records among `ids`, read in the transaction's snapshot."""
        if not ids:
            return {}
        found = self.collection.find({"_id": {"$in": list(ids)}}, session=tx.session)
        return {record.id: record for record in self.decode_all(list(found), tx.session)}

    def save(self, tx: Tx, writes: Iterable[Write]) -> None:
        """Write the last state of each written record, in bulk."""
        last: dict[str, Record] = {}
        new: set[str] = set()
        for write in writes:
            if write.before is None:
                new.add(write.after.id)
            last[write.after.id] = write.after
        documents = self.encode_all(tx, list(last.values()))
        fresh = [each for each in documents if each["_id"] in new]
        changed = [
            ReplaceOne({"_id": each["_id"]}, each) for each in documents if each["_id"] not in new
        ]
        if fresh:
            self.collection.insert_many(fresh, ordered=False, session=tx.session)
        if changed:
            self.collection.bulk_write(changed, ordered=False, session=tx.session)

    def get_many(
        self, ids: Sequence[str], caller: Caller, session: ClientSession | None = None
    ) -> dict[str, Record]:
        """The records among `ids` that the caller may see, withdrawn ones included."""
        query = {"_id": {"$in": list(ids)}, **visible_to(caller)}
        found = list(self.collection.find(query, session=session))
        return {record.id: record for record in self.decode_all(found, session)}

    def page(
        self,
        query: Mapping[str, Any],
        caller: Caller,
        asked: Asked,
        order: Order = (("_id", 1),),
    ) -> Page[Record]:
        """The part asked for of what the caller may see. Raises Refused BAD_CURSOR (final)."""
        seen = {"$and": [query, visible_to(caller)]} if query else visible_to(caller)
        page = keyset(self.collection, seen, asked, order=order)
        records = iter(self.decode_all(page.items))
        return page.of(lambda _: next(records))


def recall(
    tx: Tx, operation: str, pushes: Iterable[Push], scopes: Iterable[str] = ("",)
) -> Repetitions:
    """What was applied before of these pushes, as the transaction sees it. `scopes`: those in which
    their items may lie. What was applied has left its record: where none of the items is stored,
    there is nothing to recall, and no need to look."""
    scopes = list(scopes)
    names = {key for push in pushes for each in scopes if (key := name(push, operation, each))}
    return Repetitions(operation, tx.ledger.load(list(names), tx.session))


def remember(tx: Tx, repetitions: Repetitions) -> None:
    """Store in the transaction what now is applied."""
    tx.ledger.add(repetitions.news, tx.session)


def visible_to(caller: Caller) -> dict[str, Any]:
    """The condition that keeps a chapter to its own; callers without a chapter or the
    secretariat's reach see nothing."""
    if caller.role == "secretariat":
        return {}
    return {CHAPTER: caller.chapter if caller.role == "chapter" else {"$in": []}}
