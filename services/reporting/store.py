"""The projections in MongoDB: how batches of events are written.

Owns, each under the store's prefix (a rebuild writes beside the live ones under another prefix):

    people       {_id: participant id, n: number, version, facts: ["sex/female", ...]}
    attributes   {_id: "sex/female/0", bits: the numbers of a chunk of whom the fact holds}
    sessions     {_id: session id, activity_id, seq, present: numbers, scores: {...}}
    activities, projects, concerns, nominations   {_id, version, withdrawn, chapter, ...}
    counters     {_id: "people", n: how many numbers were given}
    position     {_id: "last", event_id, type, recorded_at, events_applied}

Sets of numbers are roaring bitmaps in their portable serialisation
(github.com/RoaringBitmap/RoaringFormatSpec).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pymongo
from bson.binary import Binary
from pymongo import ASCENDING, InsertOne, ReplaceOne, UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import PyMongoError
from pyroaring import BitMap

from services.reporting.projections import Move, Person, Sheet
from services.reporting.snapshot import KINDS, PAGE, Snapshot
from shared.events import Event
from shared.mongo import Document, Store, Tx, as_hub_error

NUMBERS_CACHED: Final = 200_000  # about 40 MB; the next report of a stranger costs one query
READ_TIMEOUT_S: Final = 10.0


class ReportingStore(Store):
    """The projections, written by batches of events, read in snapshots."""

    def __init__(self, db: Database[Document], prefix: str = "") -> None:
        super().__init__(db)
        self._prefix = prefix
        self.inbox = db[f"{prefix}inbox"]
        self._numbers: dict[str, int] = {}

    def collection(self, name: str) -> Collection[Document]:
        return self.db[self._prefix + name]

    def ensure_indexes(self) -> None:
        super().ensure_indexes()
        self.create_collections(
            *(
                self._prefix + name
                for name in (
                    "inbox",
                    "people",
                    "attributes",
                    "sessions",
                    *KINDS.values(),
                    "counters",
                    "position",
                )
            )
        )
        # No two people share a number, whatever else goes wrong.
        self.collection("people").create_index("n", unique=True)
        # The sheets of the activities in a report's scope.
        self.collection("sessions").create_index("activity_id")
        # A chapter's report, and any report of a period.
        self.collection("activities").create_index(
            [("chapter", ASCENDING), ("starts_on", ASCENDING)]
        )
        # A project's report.
        self.collection("activities").create_index("project_id")

    # Writing, inside a transaction

    def load_people(self, tx: Tx, ids: Sequence[str]) -> dict[str, Person]:
        """Those of these participants who were seen before."""
        return {
            row["_id"]: Person(row["n"], row["version"], frozenset(row["facts"]))
            for row in self._find_in(tx, "people", ids)
        }

    def number(self, tx: Tx, strangers: Sequence[str]) -> dict[str, Person]:
        """Give the next numbers to participants never seen before, in their order.

        Effects: the counter moves by as many; `save_people` must write them.
        """
        if not strangers:
            return {}
        before = self.collection("counters").find_one_and_update(
            {"_id": "people"}, {"$inc": {"n": len(strangers)}}, upsert=True, session=tx.session
        )
        first = before["n"] if before else 0
        return {each: Person(first + i) for i, each in enumerate(strangers)}

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
            "people",
            [
                UpdateOne(
                    {"_id": each},
                    {
                        "$set": {"version": person.version, "facts": sorted(person.facts)},
                        "$setOnInsert": {"n": person.number},
                    },
                    upsert=True,
                )
                for each, person in people.items()
            ],
        )

    def move(self, tx: Tx, moves: Mapping[str, Move]) -> None:
        """Let people join and leave the sets of those of whom a fact holds."""
        stored = {
            row["_id"]: BitMap.deserialize(row["bits"])
            for row in self._find_in(tx, "attributes", list(moves))
        }
        self._bulk(
            tx,
            "attributes",
            [
                ReplaceOne(
                    {"_id": key},
                    {"bits": _binary((stored.get(key, BitMap()) - move.leaving) | move.joining)},
                    upsert=True,
                )
                for key, move in moves.items()
            ],
        )

    def load_sheets(self, tx: Tx, session_ids: Sequence[str]) -> dict[str, Sheet]:
        return {
            row["_id"]: Sheet(
                row["activity_id"], row["seq"], BitMap.deserialize(row["present"]), row["scores"]
            )
            for row in self._find_in(tx, "sessions", session_ids)
        }

    def save_sheets(self, tx: Tx, sheets: Mapping[str, Sheet]) -> None:
        self._bulk(
            tx,
            "sessions",
            [
                ReplaceOne(
                    {"_id": session_id},
                    {
                        "activity_id": sheet.activity_id,
                        "seq": sheet.sequence,
                        "present": _binary(sheet.present),
                        "scores": sheet.scores,
                    },
                    upsert=True,
                )
                for session_id, sheet in sheets.items()
            ],
        )

    def save_newer(self, tx: Tx, kind: str, documents: Mapping[str, Document]) -> None:
        """Write the documents whose `version` is newer than the stored one."""
        name = KINDS[kind]
        versions = {
            row["_id"]: row["version"]
            for row in self._find_in(tx, name, list(documents), {"version": 1})
        }
        self._bulk(
            tx,
            name,
            [
                ReplaceOne({"_id": each}, document, upsert=True)
                if each in versions
                else InsertOne(document)
                for each, document in documents.items()
                if versions.get(each, 0) < document["version"]
            ],
        )

    def advance(self, tx: Tx, events: Sequence[Event]) -> None:
        """Say that these events are applied; the youngest of them is what a report stands by."""
        last = max(events, key=lambda each: (each.time, each.id))
        self.collection("position").update_one(
            {"_id": "last"},
            {
                "$set": {"event_id": last.id, "type": last.type, "recorded_at": last.time},
                "$inc": {"events_applied": len(events)},
            },
            upsert=True,
            session=tx.session,
        )

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

    # Reading

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """All reads inside see one moment: figures and the event they stand by belong together.

        Raises: Unavailable (retryable): the database did not answer in time.
        """
        try:
            with (
                pymongo.timeout(READ_TIMEOUT_S),
                self.db.client.start_session(snapshot=True) as session,
            ):
                yield Snapshot(self.db, self._prefix, session)
        except PyMongoError as error:
            if (translated := as_hub_error(error)) is None:
                raise
            raise translated from error


def _binary(members: BitMap) -> Binary:
    return Binary(members.serialize())
