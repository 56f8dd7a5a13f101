"""Versioned records in MongoDB: the store's half of the push engine."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Collection as Many
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from marshmallow import Schema
from pymongo import ASCENDING, IndexModel, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from shared.caller import Caller
from shared.codes import code_list
from shared.keysets import Order
from shared.layout import (
    CHAPTER,
    CONTENT,
    CREATED_AT,
    IDENTIFIERS,
    REFS,
    UPDATED_AT,
    VERSION,
    WITHDRAWN,
)
from shared.paging import Asked, Page
from shared.records import pairs
from shared.records.keys import Find
from shared.records.pairs import EXTERNAL_REFS, texts
from shared.records.pushes import Push, Record, Write
from shared.records.repetitions import Repetitions, name
from shared.records.soundness import Check, Damaged, content_of
from shared.store.pages import keyset

if TYPE_CHECKING:
    from shared.store.mongo import Tx


T = TypeVar("T")
log = logging.getLogger(__name__)


LATEST_COMMIT: Final = timedelta(seconds=60)
"""How much later than its `updated_at` says a write may be seen: a transaction lives ten seconds at
most (`transactionLifetimeLimitSeconds`), the rest is for clocks that differ."""

_FOUND_BY: Final = {REFS: EXTERNAL_REFS, IDENTIFIERS: pairs.IDENTIFIERS}

INDEXES: Final = (
    # push: no two records of a chapter have one key, also when pushed at once. Who has a key.
    IndexModel(
        [(CHAPTER, ASCENDING), (REFS, ASCENDING)],
        name="refs",
        unique=True,
        partialFilterExpression={REFS: {"$exists": True}},
    ),
    # list: by identifiers.
    IndexModel(
        [(IDENTIFIERS, ASCENDING)],
        name="identifiers",
        partialFilterExpression={IDENTIFIERS: {"$exists": True}},
    ),
    # list: what was changed lately.
    IndexModel([(CHAPTER, ASCENDING), (UPDATED_AT, ASCENDING)], name="updated"),
)
"""What every collection of records has."""

_FRAME: Final[Mapping[str, type]] = {
    CHAPTER: str,
    VERSION: int,
    WITHDRAWN: bool,
    CREATED_AT: datetime,
    UPDATED_AT: datetime,
}


Decode = Callable[[Mapping[str, Any]], Record]
"""What makes a record of a document."""


class Found(dict[str, Record]):
    """Records by their ids; `damaged` are the ids of those that cannot be shown."""

    damaged: tuple[str, ...] = ()


class RecordCollection:
    """Records as documents (`shared.layout`).

    A store whose content may not lie there in the clear overrides `encode` and `decoder`.

    Args: schema: of their content; what is not of its form is not shown. None: no matter.
    """

    unopened: tuple[type[Exception], ...] = (KeyError, TypeError)
    """What `decode` raises of a document that does not open."""

    def __init__(
        self, collection: Collection[dict[str, Any]], schema: Schema | None = None
    ) -> None:
        self.collection = collection
        self._wrong: Check = content_of(schema) if schema else lambda _: None

    def encode(self, record: Record) -> dict[str, Any]:
        return {
            "_id": record.id,
            CHAPTER: record.chapter,
            VERSION: record.version,
            WITHDRAWN: record.withdrawn,
            CONTENT: record.content,
            CREATED_AT: record.created_at,
            UPDATED_AT: record.updated_at,
        }

    def decode(self, document: Mapping[str, Any]) -> Record:
        return Record(
            id=document["_id"],
            chapter=document[CHAPTER],
            version=document[VERSION],
            withdrawn=document[WITHDRAWN],
            content=document[CONTENT],
            created_at=document[CREATED_AT],
            updated_at=document[UPDATED_AT],
        )

    def mark(self, chapter: str, kind: str, text: str) -> Any:  # noqa: ARG002
        """As what a key or an identifier of a record lies there."""
        return text

    def marked(self, record: Record) -> dict[str, Any]:
        """What a record is found by, beside its content."""
        return {
            found_by: [self.mark(record.chapter, found_by, text) for text in told]
            for found_by, kept in _FOUND_BY.items()
            if (told := texts(record.content, kept))
        }

    def encode_all(self, tx: Tx, records: Sequence[Record]) -> list[dict[str, Any]]:
        """Each as a document by which it is found."""
        documents = self.bare_all(tx, records)
        for document, record in zip(documents, records, strict=True):
            document |= self.marked(record)
        return documents

    def bare_all(self, tx: Tx, records: Sequence[Record]) -> list[dict[str, Any]]:  # noqa: ARG002
        """Each as a document by which it is not found: as it is kept once it was written over. For
        a store that must look something up first."""
        return [self.encode(record) for record in records]

    def decoder(
        self,
        documents: Sequence[Mapping[str, Any]],  # noqa: ARG002
        session: ClientSession | None = None,  # noqa: ARG002
    ) -> Decode:
        """What makes a record of each of the documents; likewise."""
        return self.decode

    def decode_all(
        self, documents: Sequence[Mapping[str, Any]], session: ClientSession | None = None
    ) -> list[Record]:
        """The records of the documents, in order, whether they can be shown or not."""
        decode = self.decoder(documents, session)
        return [decode(document) for document in documents]

    def readable(
        self, documents: Sequence[Mapping[str, Any]], session: ClientSession | None = None
    ) -> list[Record | Damaged]:
        """Each record as it can be shown, or what is wrong with it, which is logged."""
        decode = self.decoder(documents, session)
        read: list[Record | Damaged] = []
        for document in documents:
            try:
                read.append(self.sound(document, decode))
            except Damaged as damaged:
                log.warning(
                    "damaged in %s: %s, in %s", self.collection.name, damaged.id, damaged.path
                )
                read.append(damaged)
        return read

    def sound(self, document: Mapping[str, Any], decode: Decode) -> Record:
        """The record of a document. Raises Damaged: it cannot be shown."""
        for field, kind in _FRAME.items():
            if type(document.get(field)) is not kind:
                raise Damaged(str(document["_id"]), field)
        if not isinstance(document.get(CONTENT), Mapping):
            raise Damaged(str(document["_id"]), CONTENT)
        try:
            record = decode(document)
        except self.unopened as error:
            raise Damaged(str(document["_id"]), type(error).__name__) from error
        if (path := self.wrong(record.content)) is not None:
            raise Damaged(record.id, f"{CONTENT}.{path}")
        return record

    def wrong(self, content: Mapping[str, Any]) -> str | None:
        """The path of what in a content is not of the form of its schema; None if it is sound."""
        return self._wrong(content)

    def holders(
        self, keys: Mapping[str, Many[str]], session: ClientSession | None = None
    ) -> dict[tuple[str, str], str]:
        """Chapter → keys (`known_by.text_of`): (chapter, key) → the id of the record that has it,
        withdrawn ones included."""
        wanted = {
            (chapter, self.mark(chapter, REFS, key)): key
            for chapter, several in keys.items()
            for key in several
        }
        marks = list({mark for _, mark in wanted})
        query = {CHAPTER: {"$in": list(keys)}, REFS: {"$in": marks}}
        found = self.collection.find(query, {CHAPTER: True, REFS: True}, session=session)
        return {
            (each[CHAPTER], key): each["_id"]
            for each in found
            for mark in each[REFS]
            if (key := wanted.get((each[CHAPTER], mark)))
        }

    def find(self, tx: Tx) -> Find:
        """`holders` as the transaction sees them."""
        return lambda keys: self.holders(keys, tx.session)

    def listed_by(self, asked: Mapping[str, Any], caller: Caller) -> list[dict[str, Any]]:
        """The conditions that every list has (`shared.records.filters.Listed`). Keys are looked for
        where the caller's lead: what another chapter's are called by tells nothing."""
        chapters = [caller.chapter] if caller.chapter else list(code_list("country"))
        conditions: list[dict[str, Any]] = []
        for found_by, kept in _FOUND_BY.items():
            if kept in asked:
                marks = {
                    self.mark(chapter, found_by, text)
                    for chapter in chapters
                    for text in texts(asked, kept)
                }
                conditions.append({found_by: {"$in": list(marks)}})
                if found_by == REFS:
                    conditions.append({CHAPTER: {"$in": chapters}})
        if since := asked.get("updated_since"):
            conditions.append({UPDATED_AT: {"$gte": since - LATEST_COMMIT}})
        return conditions

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
    ) -> Found:
        """The records among `ids` that the caller may see, withdrawn ones included."""
        query = {"_id": {"$in": list(ids)}, **visible_to(caller)}
        read = self.readable(list(self.collection.find(query, session=session)), session)
        found = Found({each.id: each for each in read if isinstance(each, Record)})
        found.damaged = tuple(each.id for each in read if isinstance(each, Damaged))
        return found

    def any(self, query: Mapping[str, Any], caller: Caller) -> bool:
        """Whether there is anything of it that the caller may see."""
        seen = {"$and": [query, visible_to(caller)]}
        return self.collection.find_one(seen, {"_id": True}) is not None

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
        return sifted(page, self.readable(page.items))


def sifted(page: Page[Any], read: Sequence[T | Damaged]) -> Page[T]:
    """The page of what was read in its documents' places, without the damaged."""
    broken = {n: each.id for n, each in enumerate(read) if isinstance(each, Damaged)}
    whole = iter([each for each in read if not isinstance(each, Damaged)])
    return page.without(broken).of(lambda _: next(whole))


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
