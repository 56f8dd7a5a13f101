"""The database `notifications` (`services.notifications.layout`): the feed with its one cursor, the
endpoints, their attempts.

Owns the only pymongo of this service. A position is given out in the transaction that inserts the
item: the counter's row makes writers queue, so positions are in commit order and have no gap.
Only the restore of a backup leaves one, noted in the counter's row, so that no position is ever
given out twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from bson.int64 import Int64
from pymongo import ASCENDING, DESCENDING, IndexModel, ReturnDocument, UpdateOne
from pymongo.database import Database

from services.notifications import layout
from services.notifications.layout import (
    CHAPTERS,
    CURSOR,
    ENDPOINT_ID,
    FILTER,
    FILTER_FROM,
    POSITION,
    STATE,
    TYPES,
)
from services.notifications.rules.items import Applied
from services.notifications.rules.model import Attempt, Endpoint, Filter, Item, Secret, State
from shared.ids import new_id
from shared.paging import Asked, Page
from shared.store.mongo import Store, Tx
from shared.store.pages import keyset
from shared.types import Document

ATTEMPTS_KEPT_S: Final = 30 * 24 * 3600
_YOUNGEST_FIRST: Final = (("_id", DESCENDING),)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Items in order; everything up to position `next` was looked at; `head` is the feed's end."""

    items: list[Item]
    next: int
    head: int


class NotificationStore(Store):
    def __init__(self, db: Database[Document]) -> None:
        super().__init__(db)
        self.feed = self.db[layout.FEED]
        self.counters = self.db[layout.COUNTERS]
        self.subjects = self.db[layout.SUBJECTS]
        self.endpoints = self.db[layout.ENDPOINTS]
        self.owners = self.db[layout.OWNERS]
        self.attempts = self.db[layout.ATTEMPTS]
        self.resends = self.db[layout.RESENDS]

    def ensure_indexes(self) -> None:
        super().ensure_indexes()
        self.create_collections(layout.FEED, layout.COUNTERS, layout.SUBJECTS, layout.ENDPOINTS)
        self.create_collections(layout.OWNERS, layout.ATTEMPTS, layout.RESENDS)
        # An event has one place in the feed, whatever became of the inbox.
        self.feed.create_index(layout.ITEM_ID, unique=True)
        # The sender's question, every second: whose turn is it?
        self.endpoints.create_index([(STATE, ASCENDING), (CURSOR, ASCENDING)])
        self.attempts.create_indexes(
            [
                IndexModel([(ENDPOINT_ID, ASCENDING), ("_id", DESCENDING)]),  # attempts()
                IndexModel("at", expireAfterSeconds=ATTEMPTS_KEPT_S),
            ]
        )
        self.resends.create_index([(ENDPOINT_ID, ASCENDING), ("next_attempt_at", ASCENDING)])

    # The feed

    def known(self, tx: Tx, keys: Sequence[str]) -> dict[str, Applied]:
        """What the feed remembers of the subjects among `keys`."""
        found = self.subjects.find({"_id": {"$in": list(keys)}}, session=tx.session)
        return {each["_id"]: Applied(each[layout.SEQUENCE], each["place"]) for each in found}

    def append(self, tx: Tx, items: Sequence[Item], applied: Mapping[str, Applied]) -> None:
        """Give the items the next positions, in order, and remember their subjects."""
        if items:
            counter = self.counters.find_one_and_update(
                {"_id": layout.FEED},
                {"$inc": {POSITION: Int64(len(items))}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
                session=tx.session,
            )
            assert counter is not None, "an upsert returns a document"  # noqa: S101
            first = counter[POSITION] - len(items) + 1
            self.feed.insert_many(
                [_from_item(replace(item, position=first + n)) for n, item in enumerate(items)],
                session=tx.session,
            )
        if applied:
            self.subjects.bulk_write(
                [
                    UpdateOne(
                        {"_id": key},
                        {"$set": {layout.SEQUENCE: each.sequence, "place": each.place}},
                        upsert=True,
                    )
                    for key, each in applied.items()
                ],
                ordered=False,
                session=tx.session,
            )

    def note_superseded(self, tx: Tx, event_ids: Sequence[str]) -> None:
        """Say with their claims why these events have no item, for whoever audits the feed."""
        if event_ids:
            self.inbox.update_many(
                {"_id": {"$in": list(event_ids)}},
                {"$set": {layout.SUPERSEDED: True}},
                session=tx.session,
            )

    def head(self) -> int:
        """The last position of the feed, 0 if it is empty."""
        counter = self.counters.find_one({"_id": layout.FEED})
        return counter[POSITION] if counter else 0

    def read(self, after: int, wanted: Filter, first: int) -> Stretch:
        """The next items behind position `after` that match, at most `first`."""
        head = self.head()  # read first: what is counted by now is there to be found
        query = {"_id": {"$gt": after, "$lte": head}, **_matching(wanted)}
        items = [to_item(each) for each in self.feed.find(query).sort("_id").limit(first)]
        return Stretch(items, items[-1].position if len(items) == first else max(after, head), head)

    def matching(self, positions: Iterable[int], wanted: Filter) -> list[Item]:
        """The items at these positions that match, in order."""
        query = {"_id": {"$in": list(positions)}, **_matching(wanted)}
        return [to_item(each) for each in self.feed.find(query).sort("_id")]

    # The endpoints

    def insert_endpoint(self, tx: Tx, endpoint: Endpoint) -> bool:
        """Whether it was inserted: False if its id is taken."""
        if self.endpoints.find_one({"_id": endpoint.id}, {"_id": 1}, session=tx.session):
            return False
        self.endpoints.insert_one(_from_endpoint(endpoint), session=tx.session)
        return True

    def count_endpoints(self, tx: Tx, owner: str, *, besides: str) -> int:
        """How many endpoints the owner has, those deleted and the one `besides` left out."""
        return self.endpoints.count_documents(
            {"owner": owner, STATE: {"$ne": State.DELETED}, "_id": {"$ne": besides}},
            session=tx.session,
        )

    def endpoint(self, endpoint_id: str, owner: str | None) -> Endpoint | None:
        """The endpoint, deleted or not, if it is the owner's (None: whoever's)."""
        found = self.endpoints.find_one({"_id": endpoint_id, **_owned(owner)})
        return to_endpoint(found) if found else None

    def list_endpoints(
        self, owner: str | None, asked: Asked, ids: Sequence[str] | None = None
    ) -> Page[Endpoint]:
        """The owner's endpoints, all or of these ids, without the deleted ones, youngest id
        first."""
        query: Document = {STATE: {"$ne": State.DELETED}, **_owned(owner)}
        if ids is not None:
            query["_id"] = {"$in": list(ids)}
        return keyset(self.endpoints, query, asked, order=_YOUNGEST_FIRST).of(to_endpoint)

    def change_endpoint(self, tx: Tx, seen: Endpoint, **changes: Any) -> Endpoint | None:
        """Store what the owner changed; None if somebody else did since it was `seen`.

        Args: changes: by field of `Endpoint`; the others are the sender's to move meanwhile.
        Effects: a new filter counts from where the cursor stands in this moment.
        """
        written: Document = {name: {"$literal": _plain(value)} for name, value in changes.items()}
        if FILTER in changes:
            written[FILTER_FROM] = f"${CURSOR}"
        found = self.endpoints.find_one_and_update(
            {"_id": seen.id, "updated_at": seen.updated_at},
            [{"$set": written}],
            return_document=ReturnDocument.AFTER,
            session=tx.session,
        )
        return to_endpoint(found) if found else None

    def list_attempts(self, endpoint_id: str, asked: Asked) -> Page[Attempt]:
        """What was tried, newest first."""
        query = {ENDPOINT_ID: endpoint_id}
        return keyset(self.attempts, query, asked, order=_YOUNGEST_FIRST).of(to_attempt)

    def queue_resends(
        self, tx: Tx, endpoint_id: str, positions: Sequence[int], now: datetime
    ) -> None:
        """Ask for each position once; one that waits already starts its schedule anew."""
        if positions:
            self.resends.bulk_write(
                [
                    UpdateOne(
                        {"_id": f"{endpoint_id}:{position}"},
                        {
                            "$set": {
                                ENDPOINT_ID: endpoint_id,
                                POSITION: position,
                                "failures": 0,
                                "next_attempt_at": now,
                            }
                        },
                        upsert=True,
                    )
                    for position in positions
                ],
                ordered=False,
                session=tx.session,
            )

    def drop_resends(self, endpoint_ids: Sequence[str], tx: Tx | None = None) -> None:
        """Forget what waits to be sent again."""
        gone = {ENDPOINT_ID: {"$in": list(endpoint_ids)}}
        self.resends.delete_many(gone, session=tx.session if tx else None)


def to_item(document: Mapping[str, Any]) -> Item:
    later = {int(version): data for version, data in document.get("later", {}).items()}
    return Item(
        position=document["_id"],
        schema_version=document.get("schema_version", 1),
        later=later,
        **{name: document[name] for name in _ITEM_FIELDS},
    )


def to_endpoint(document: Mapping[str, Any]) -> Endpoint:
    wanted = document[FILTER]
    return Endpoint(
        id=document["_id"],
        filter=Filter(
            tuple(wanted[TYPES]), tuple(wanted[CHAPTERS]), wanted.get("schema_version", 1)
        ),
        state=State(document[STATE]),
        secrets=tuple(Secret(each["sealed"], each["expires_at"]) for each in document["secrets"]),
        last_position=document[CURSOR],
        **{name: document[name] for name in _ENDPOINT_FIELDS},
    )


def to_attempt(document: Mapping[str, Any]) -> Attempt:
    return Attempt(**{each.name: document[each.name] for each in fields(Attempt)})


def from_attempt(attempt: Attempt) -> Document:
    return {"_id": new_id(), **{each.name: getattr(attempt, each.name) for each in fields(Attempt)}}


_ITEM_FIELDS = tuple(
    each.name for each in fields(Item) if each.name not in ("position", "schema_version", "later")
)
_ENDPOINT_FIELDS = tuple(
    each.name
    for each in fields(Endpoint)
    if each.name not in ("id", FILTER, STATE, "last_position", "secrets")
)


def _from_item(item: Item) -> Document:
    document: Document = {
        "_id": Int64(item.position),
        **{name: _plain(getattr(item, name)) for name in _ITEM_FIELDS},
    }
    if item.schema_version != 1:
        document["schema_version"] = item.schema_version
    if item.later:
        document["later"] = {str(version): data for version, data in item.later.items()}
    return document


def _from_endpoint(endpoint: Endpoint) -> Document:
    return {
        "_id": endpoint.id,
        FILTER: _plain(endpoint.filter),
        STATE: _plain(endpoint.state),
        CURSOR: endpoint.last_position,
        "secrets": _plain(endpoint.secrets),
        **{name: getattr(endpoint, name) for name in _ENDPOINT_FIELDS},
        # What lies behind it, an audit judges by the filter.
        FILTER_FROM: Int64(endpoint.last_position),
        "lease_holder": None,
        "lease_until": endpoint.created_at,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Filter):
        return {
            TYPES: list(value.types),
            CHAPTERS: list(value.chapters),
            "schema_version": value.schema_version,
        }
    if isinstance(value, tuple) and all(isinstance(each, Secret) for each in value):
        return [{"sealed": each.sealed, "expires_at": each.expires_at} for each in value]
    return value.value if isinstance(value, State) else value


def _matching(wanted: Filter) -> Document:
    query: Document = {}
    if wanted.nothing:
        query[layout.ITEM_ID] = {"$in": []}
    if wanted.types:
        query[layout.TYPE] = {"$in": list(wanted.types)}
    if wanted.chapters:
        query[layout.CHAPTER] = {"$in": list(wanted.chapters)}
    return query


def _owned(owner: str | None) -> Document:
    return {} if owner is None else {"owner": owner}
