"""One generation of the projections: how batches of events are written under one prefix.

Owns its collections, each under the generation's prefix (`services.reporting.layout`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bson.binary import Binary
from pymongo import ASCENDING, InsertOne, ReplaceOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pyroaring import BitMap

from services.reporting.layout import (
    ACTIVITY_ID,
    ATTRIBUTES,
    BITS,
    CHANGES,
    COLLECTIONS,
    COUNTERS,
    INTO,
    LAST_SEQUENCE,
    MISSED,
    NUMBER,
    PEOPLE,
    POSITION,
    PRESENT,
    PROJECTED,
    SCORES,
    SESSIONS,
    TESTS,
    VERSION,
    WHILE_BUILDING,
)
from services.reporting.rules.projections import (
    DOCUMENTS,
    MembershipChange,
    Person,
    ProjectedSheet,
)
from services.reporting.store.people import person_of, upserted
from services.reporting.store.snapshot import PAGE
from shared.events import Event
from shared.layout import INBOX
from shared.store import inbox
from shared.store.mongo import Tx
from shared.types import Document

NUMBERS_CACHED: Final = 200_000  # about 40 MB; whoever is not among them costs one query
_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)


class Generation:
    """The projections under one prefix, as a transaction writes them.

    Args: numbers: of participants, remembered from earlier transactions. beside: the prefix of the
        generation being built beside this live one, None if there is none.
    """

    def __init__(
        self,
        db: Database[Document],
        prefix: str,
        numbers: dict[str, int] | None = None,
        beside: str | None = None,
    ) -> None:
        self.prefix = prefix
        self._db = db
        self._numbers = {} if numbers is None else numbers
        self._beside = beside

    def collection(self, name: str) -> Collection[Document]:
        return self._db[self.prefix + name]

    def create_indexes(self) -> None:
        # No two people share a number, whatever else goes wrong.
        self.collection(PEOPLE).create_index(NUMBER, unique=True)
        # Those of several numbers, and those who are one with another: few.
        self.collection(PEOPLE).create_index(f"{CHANGES}.{NUMBER}", sparse=True)
        self.collection(PEOPLE).create_index(INTO, sparse=True)
        # The sheets of the activities in a report's scope.
        self.collection(SESSIONS).create_index(ACTIVITY_ID)
        # A chapter's report, and any report of a period.
        self.collection(PROJECTED["activity"]).create_index(
            [("chapter", ASCENDING), ("starts_on", ASCENDING)]
        )
        # Places that turned out to be another.
        self.collection(PROJECTED["place"]).create_index("same_as")
        # A project's report.
        self.collection(PROJECTED["activity"]).create_index("project_id")

    def drop(self) -> None:
        """Delete these projections; those that read them now fail."""
        for name in (*COLLECTIONS, *WHILE_BUILDING):
            self.collection(name).drop()

    def claim(self, tx: Tx, events: Sequence[Event]) -> list[Event]:
        """The events not applied to these projections before; they are to be applied now.

        Effects: they count as applied; a generation that is being built learns what it may miss.
        """
        fresh = inbox.claim(self.collection(INBOX), events, tx.session)
        if fresh and self._beside is not None:
            self._db[self._beside + MISSED].insert_many(
                [{"_id": event.id} for event in fresh], ordered=False, session=tx.session
            )
        return fresh

    def load_people(self, tx: Tx, ids: Sequence[str]) -> dict[str, Person]:
        """Those of these participants who were seen before."""
        return {row["_id"]: person_of(row) for row in self._find_in(tx, PEOPLE, ids)}

    def number(self, tx: Tx, unnumbered: Sequence[str]) -> dict[str, Person]:
        """Give the next numbers to participants never seen before, in their order.

        Effects: the counter moves by as many; `save_people` must write them.
        """
        first = self.numbers(tx, len(unnumbered))
        return {each: Person(first + i) for i, each in enumerate(unnumbered)}

    def numbers(self, tx: Tx, count: int) -> int:
        """The first of as many numbers that nobody has had.

        Effects: the counter moves by as many.
        """
        if not count:
            return 0
        before = self.collection(COUNTERS).find_one_and_update(
            {"_id": PEOPLE}, {"$inc": {NUMBER: count}}, upsert=True, session=tx.session
        )
        return int(before[NUMBER]) if before else 0

    def cached_numbers(self, ids: Iterable[str]) -> dict[str, int]:
        """The numbers of those that this process remembers; a number never changes."""
        return {each: self._numbers[each] for each in ids if each in self._numbers}

    def remember(self, numbers: Mapping[str, int]) -> None:
        """Keep numbers whose transaction has committed."""
        if len(self._numbers) + len(numbers) > NUMBERS_CACHED:
            self._numbers.clear()
        self._numbers.update(numbers)

    def save_people(self, tx: Tx, people: Mapping[str, Person]) -> None:
        """Write these participants, new or changed."""
        self._bulk(
            tx,
            PEOPLE,
            [
                UpdateOne(
                    {"_id": each},
                    upserted(person),
                    upsert=True,
                )
                for each, person in people.items()
            ],
        )

    def move(self, tx: Tx, moves: Mapping[str, MembershipChange]) -> None:
        """Let people join and leave the sets of those of whom a fact holds."""
        stored = {
            row["_id"]: BitMap.deserialize(row[BITS])
            for row in self._find_in(tx, ATTRIBUTES, list(moves))
        }
        self._bulk(
            tx,
            ATTRIBUTES,
            [
                ReplaceOne(
                    {"_id": key},
                    {BITS: _binary((stored.get(key, BitMap()) - move.leaving) | move.joining)},
                    upsert=True,
                )
                for key, move in moves.items()
            ],
        )

    def load_sheets(self, tx: Tx, session_ids: Sequence[str]) -> dict[str, ProjectedSheet]:
        return {
            row["_id"]: ProjectedSheet(
                row[ACTIVITY_ID],
                row[LAST_SEQUENCE],
                BitMap.deserialize(row[PRESENT]),
                row[SCORES],
                {number: (pre, post) for number, pre, post in row.get(TESTS, ())},
            )
            for row in self._find_in(tx, SESSIONS, session_ids)
        }

    def save_sheets(self, tx: Tx, sheets: Mapping[str, ProjectedSheet]) -> None:
        self._bulk(
            tx,
            SESSIONS,
            [
                ReplaceOne(
                    {"_id": session_id},
                    {
                        ACTIVITY_ID: sheet.activity_id,
                        LAST_SEQUENCE: sheet.sequence,
                        PRESENT: _binary(sheet.present),
                        SCORES: sheet.scores,
                        TESTS: [[number, *test] for number, test in sheet.tests.items()],
                    },
                    upsert=True,
                )
                for session_id, sheet in sheets.items()
            ],
        )

    def save_newer(self, tx: Tx, kind: str, documents: Mapping[str, Document]) -> None:
        """Write the documents whose `version` is newer than the stored one."""
        name = DOCUMENTS[kind]
        versions = {
            row["_id"]: row[VERSION]
            for row in self._find_in(tx, name, list(documents), {VERSION: 1})
        }
        self._bulk(
            tx,
            name,
            [
                ReplaceOne({"_id": each}, document, upsert=True)
                if each in versions
                else InsertOne(document)
                for each, document in documents.items()
                if versions.get(each, 0) < document[VERSION]
            ],
        )

    def advance(self, tx: Tx, events: Sequence[Event]) -> None:
        """Say that these events are applied; the youngest of all is what a report stands by."""
        last = max(events, key=lambda each: (_stored(each.time), each.id))
        at = _stored(last.time)
        younger = {
            "$or": [
                {"$lt": [{"$ifNull": ["$recorded_at", _LONG_AGO]}, at]},
                {
                    "$and": [
                        {"$eq": ["$recorded_at", at]},
                        {"$lt": ["$event_id", {"$literal": last.id}]},
                    ]
                },
            ]
        }
        said = {"event_id": last.id, "type": last.type, "recorded_at": at}
        self.collection(POSITION).update_one(
            {"_id": "last"},
            [
                {
                    "$set": {
                        "events_applied": {
                            "$add": [{"$ifNull": ["$events_applied", 0]}, len(events)]
                        },
                        **{
                            name: {"$cond": [younger, {"$literal": value}, f"${name}"]}
                            for name, value in said.items()
                        },
                    }
                }
            ],
            upsert=True,
            session=tx.session,
        )

    def supersede(self, tx: Tx, by: str) -> None:
        """Let every transaction that is writing to these projections start over.

        All of them write the position, so that the later of two is refused by the database.
        """
        self.collection(POSITION).update_one(
            {"_id": "last"}, {"$set": {"superseded_by": by}}, upsert=True, session=tx.session
        )

    def missed(self, limit: int, session: ClientSession | None = None) -> list[str]:
        """Ids of events, oldest first, that were applied to the live projections while these were
        being built, and that may be wanting here."""
        found = self.collection(MISSED).find({}, session=session).sort("_id", ASCENDING)
        return [row["_id"] for row in found.limit(limit)]

    def wanting(self, ids: Sequence[str], session: ClientSession | None = None) -> list[str]:
        """Those of these events that are not applied here."""
        found = self.collection(INBOX).find({"_id": {"$in": list(ids)}}, session=session)
        applied = {row["_id"] for row in found}
        return [each for each in ids if each not in applied]

    def _find_in(
        self, tx: Tx, name: str, ids: Sequence[str], fields: Mapping[str, int] | None = None
    ) -> list[Document]:
        if not ids:
            return []
        query = {"_id": {"$in": list(ids)}}
        return list(self.collection(name).find(query, fields, session=tx.session, batch_size=PAGE))

    def _bulk(
        self, tx: Tx, name: str, writes: list[InsertOne[Any] | ReplaceOne[Any] | UpdateOne]
    ) -> None:
        if writes:
            self.collection(name).bulk_write(writes, ordered=False, session=tx.session)


def _stored(time: datetime) -> datetime:
    """As the database keeps it: in milliseconds."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def _binary(members: BitMap) -> Binary:
    return Binary(members.serialize())
