"""The store's half of a rebuild: a generation beside the live one, from its registration to its
going live or being dropped.
"""

import os
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.reporting.layout import (
    BESIDE,
    COLLECTIONS,
    LIVE,
    MISSED,
    PREFIX,
    PROGRESS,
    WHILE_BUILDING,
)
from services.reporting.store.generation import Generation
from services.reporting.store.live import ReportingStore
from shared.errors import Unavailable
from shared.events import Event
from shared.layout import INBOX, OUTBOX, STATE
from shared.parked import DISCARDED
from shared.record_types import PRODUCERS
from shared.store.lease import Lease
from shared.store.mongo import Tx
from shared.store.replay import EventLog, Mark
from shared.subscriptions import PATTERNS
from shared.types import Document

LEASE_S: Final = 15.0

_PREFIX: Final = re.compile(r"^rebuilt_[0-9a-f]{8}_")


def event_logs(client: MongoClient[Document]) -> list[EventLog]:
    """The logs that reporting is built from, in the databases that are named like the producers."""
    return [EventLog(each, client[each][OUTBOX], PATTERNS["reporting"]) for each in PRODUCERS]


class Building:
    """The generation that one process builds.

    `live` works on whichever generation answers questions, `new` on the one being built. `new` is
    there once `begin` was called. What its methods raise is a PyMongoError, or as they say.
    """

    def __init__(self, db: Database[Document]) -> None:
        self.live = ReportingStore(db)
        self.new: ReportingStore
        self._db = db
        self._lease = Lease(db, "rebuild", LEASE_S)
        self._generation: Generation

    def held(self) -> bool:
        """Whether this process is the one that builds. Raises: Unavailable (retryable)."""
        return self._lease.held()

    def release(self) -> None:
        """Let another build."""
        with suppress(Unavailable):  # it runs out by itself
            self._lease.release()

    def begin(self, code: str, *, fresh: bool) -> bool:
        """Go on with the generation that the same code began to build, or register a new one.

        Args: fresh: a new one in any case.
        Returns: whether it is new: the consumer notes from now on what it applies meanwhile.
        Effects: what earlier rebuilds left is dropped.
        """
        self.live.ensure_indexes()
        live, beside = self.live.live()
        if beside and (fresh or beside["code"] != code):
            self._unregister()
            beside = None
        self._drop_all_but(live, beside[PREFIX] if beside else None)
        prefix: str = beside[PREFIX] if beside else f"rebuilt_{os.urandom(4).hex()}_"
        self._generation = Generation(self._db, prefix)
        self.new = ReportingStore(self._db, pinned=prefix)
        if beside:
            return False
        self.new.ensure_indexes()
        self.live.settings.update_one(
            {"_id": LIVE},
            {
                "$set": {BESIDE: {PREFIX: prefix, "code": code, "started_at": datetime.now(UTC)}},
                "$setOnInsert": {PREFIX: live},
            },
            upsert=True,
        )
        return True

    def abandon(self) -> None:
        """Drop what was built."""
        self._unregister()
        self._generation.drop()

    def discarded(self) -> set[str]:
        """The ids of events that a person has given up."""
        rows = self.live.parked.collection.find({STATE: DISCARDED}, {"_id": 1})
        return {row["_id"] for row in rows}

    # What is applied, and what is not

    def applied(self) -> int:
        """About how many events are applied to the new generation."""
        return self._generation.collection(INBOX).estimated_document_count()

    def marks(self) -> dict[str, Mark]:
        """By producer, what was read last of its log."""
        rows = self._generation.collection(PROGRESS).find()
        return {row["_id"]: tuple(row["after"]) for row in rows}

    def keep_mark(self, producer: str, mark: Mark) -> None:
        self._generation.collection(PROGRESS).replace_one(
            {"_id": producer}, {"after": list(mark)}, upsert=True
        )

    def missed(self, limit: int, within: Tx | None = None) -> list[str]:
        """Ids of events, oldest first, that were applied to the live projections meanwhile."""
        return self._generation.missed(limit, _session(within))

    def forget_missed(self, ids: Collection[str]) -> None:
        self._generation.collection(MISSED).delete_many({"_id": {"$in": list(ids)}})

    def wanting(self, ids: Sequence[str], within: Tx | None = None) -> list[str]:
        """Those of these events that are not applied to the new generation."""
        return self._generation.wanting(ids, _session(within))

    def histories(
        self, logs: Sequence[EventLog], ids: Sequence[str], within: Tx | None = None
    ) -> list[Event]:
        """What is to be applied so that all these events are: their subjects' whole histories, as
        none of them can be skipped."""
        if not (wanting := self.wanting(ids, within)):
            return []
        session = _session(within)
        return [each for log in logs for each in log.of_subjects_of(wanting, session)]

    # Going live

    def stop_live(self, old: str, tx: Tx) -> None:
        """From here to its end no other transaction gets an event into the live projections.

        Args: old: their prefix.
        """
        Generation(self._db, old).supersede(tx, by=self._generation.prefix)

    def go_live(self, tx: Tx) -> None:
        self.live.settings.update_one(
            {"_id": LIVE},
            {"$set": {PREFIX: self._generation.prefix, BESIDE: None}},
            session=tx.session,
        )

    def tidy(self) -> None:
        """Drop what was needed only while building."""
        for name in WHILE_BUILDING:
            self._generation.collection(name).drop()

    def drop(self, prefix: str) -> None:
        """Delete the generation under this prefix."""
        Generation(self._db, prefix).drop()

    def _drop_all_but(self, *prefixes: str | None) -> None:
        names = self._db.list_collection_names()
        found = {match[0] for name in names if (match := _PREFIX.match(name))}
        if any(name in names for name in COLLECTIONS if name != INBOX):
            found.add("")
        for prefix in found.difference(prefixes):
            self.drop(prefix)

    def _unregister(self) -> None:
        self.live.settings.update_one({"_id": LIVE}, {"$set": {BESIDE: None}})


def _session(tx: Tx | None) -> ClientSession | None:
    return None if tx is None else tx.session
