"""Building the projections anew from the event logs, beside the live ones, and swapping them.

Owns the steps and what makes them safe to be cut off anywhere: every step is a transaction of its
own, and only the last, the swap, is seen by questions and by the events' consumer.

While a generation is being built, the consumer notes for it what it applies to the live one
(`missed`). So whatever the live one has when they are swapped, the new one has too: either it was
in a log before the building began, and was read there, or it is noted. What neither has comes
through the queue and is claimed in the new one; what only the new one has is claimed there when it
comes through the queue.
"""

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import PyMongoError

from services.reporting.handlers.difference import Difference, differences
from services.reporting.handlers.reports import project, project_within
from services.reporting.rules.projections import LISTENS
from services.reporting.store.generation import COLLECTIONS, WHILE_BUILDING, Generation
from services.reporting.store.live import READ_TIMEOUT_S, ReportingStore
from shared.events import Event
from shared.killpoints import killpoint
from shared.store.lease import Lease
from shared.store.mongo import Document, Tx
from shared.store.replay import IDS_ASKED, EventLog, Failure, Stopped, apply

# In this order most people are described before they are counted, which spares writing them twice.
PRODUCERS: Final = ("participants", "activities")
LEASE_S: Final = 15.0
SWAP_WITH: Final = 500  # events applied in the swap itself: live projecting waits as long
SWAP_TIMEOUT_S: Final = 20.0
# No question that began before the swap still reads the old projections after so long.
DROP_AFTER_S: Final = READ_TIMEOUT_S + 2.0

_PREFIX: Final = re.compile(r"^rebuilt_[0-9a-f]{8}_")

Watch = Callable[[str, int, int], None]
"""Told of progress: the step, how many events of it are done, of how many."""


@dataclass(slots=True)
class Outcome:
    """What a rebuild has found and done.

    `before` and `after`: how many events each generation had applied when they were compared; the
    figures may differ by those that one of them had not yet. `waiting`: events whose predecessor
    is failed or discarded. `swapped`: whether the new projections are live.
    """

    read: int = 0
    before: int = 0
    after: int = 0
    differences: list[Difference] = field(default_factory=list)
    failed: dict[str, Failure] = field(default_factory=dict)
    waiting: dict[str, Event] = field(default_factory=dict)
    swapped: bool = False


def event_logs(client: pymongo.MongoClient[Document]) -> list[EventLog]:
    """The logs that reporting is built from, in the databases that are named like the producers."""
    return [EventLog(each, client[each]["outbox"], LISTENS) for each in PRODUCERS]


class Rebuild:
    """One rebuild, by one process; a second at the same time is refused.

    Args: db: reporting's database; it and the logs belong to one cluster and one client.
        pause: how the time is passed until the old projections may be dropped.
    """

    def __init__(
        self,
        db: Database[Document],
        logs: Sequence[EventLog],
        watch: Watch,
        pause: Callable[[float], None],
    ) -> None:
        self._db = db
        self._logs = logs
        self._watch = watch
        self._pause = pause
        self._live = ReportingStore(db)
        self._lease = Lease(db, "rebuild", LEASE_S)
        self._outcome = Outcome()
        self._new: Generation
        self._store: ReportingStore
        self._discarded: set[str] = set()

    def run(self, *, dry_run: bool = False, keep: bool = False, fresh: bool = False) -> Outcome:
        """Build, compare and swap; go on with what an earlier run of the same code left unfinished.

        Args: dry_run: drop what was built instead of swapping. keep: the old projections stay until
            the next rebuild. fresh: do not go on with an earlier run.
        Raises: Stopped: another rebuild is at work, or an event that the live projections have
            cannot be applied anew: nothing was swapped. Unavailable (retryable), a PyMongoError:
            the database failed; run it again.
        Effects: live projections are not touched before the swap; it is one transaction.
        """
        self._hold()
        try:
            self._begin(fresh)
            self._read_logs()
            self._catch_up()
            self._compare()
            if dry_run:
                self._abandon()
            else:
                self._swap(keep)
        finally:
            with suppress(PyMongoError):  # it runs out by itself
                self._lease.release()
        return self._outcome

    def _hold(self) -> None:
        if not self._lease.held():
            raise Stopped(
                f"another rebuild is at work, or was cut off less than {LEASE_S:.0f} s ago"
            )

    # Beginning

    def _begin(self, fresh: bool) -> None:
        self._live.ensure_indexes()
        live, beside = self._live.live()
        if beside and (fresh or beside["code"] != _code()):
            self._unregister()
            beside = None
        self._drop_all_but(live, beside["prefix"] if beside else None)
        prefix: str = beside["prefix"] if beside else f"rebuilt_{os.urandom(4).hex()}_"
        self._new = Generation(self._db, prefix)
        self._store = ReportingStore(self._db, pinned=prefix)
        parked = self._live.parked.collection.find({"state": "discarded"}, {"_id": 1})
        self._discarded = {row["_id"] for row in parked}
        if beside:
            return
        self._store.ensure_indexes()
        self._live.settings.update_one(
            {"_id": "live"},
            {
                "$set": {
                    "beside": {"prefix": prefix, "code": _code(), "started_at": datetime.now(UTC)}
                },
                "$setOnInsert": {"prefix": live},
            },
            upsert=True,
        )
        killpoint("rebuild.after_begin")

    def _drop_all_but(self, *prefixes: str | None) -> None:
        """Drop what earlier rebuilds left."""
        names = self._db.list_collection_names()
        found = {match[0] for name in names if (match := _PREFIX.match(name))}
        if any(name in names for name in COLLECTIONS if name != "inbox"):
            found.add("")
        for prefix in found.difference(prefixes):
            Generation(self._db, prefix).drop()

    def _unregister(self) -> None:
        self._live.settings.update_one({"_id": "live"}, {"$set": {"beside": None}})

    def _abandon(self) -> None:
        self._unregister()
        self._new.drop()

    # Applying

    def _read_logs(self) -> None:
        progress = self._new.collection("progress")
        marks = {row["_id"]: tuple(row["after"]) for row in progress.find()}
        done = self._new.collection("inbox").estimated_document_count()
        total = sum(log.count() for log in self._logs)
        for log in self._logs:
            for events, mark in log.read(marks.get(log.producer)):
                self._hold()
                self._apply(events)
                progress.replace_one({"_id": log.producer}, {"after": list(mark)}, upsert=True)
                killpoint("rebuild.after_batch")
                self._outcome.read += len(events)
                done += len(events)
                self._watch("reading the event logs", done, max(done, total))

    def _apply(self, events: Sequence[Event]) -> None:
        wanted = [each for each in events if each.id not in self._discarded]
        early, failed = apply(partial(project, store=self._store), wanted)
        self._outcome.waiting.update({each.id: each for each in early})
        self._outcome.failed.update({each.event.id: each for each in failed})

    def _catch_up(self) -> None:
        """Apply what was applied to the live projections meanwhile, until hardly any is left.

        Raises: Stopped: one of these events cannot be applied.
        """
        done = 0
        while noted := self._new.missed(IDS_ASKED):
            self._hold()
            self._apply(self._behind(noted))
            if stuck := self._new.wanting(noted):
                raise Stopped(self._explain(stuck))
            self._new.collection("missed").delete_many({"_id": {"$in": noted}})
            done += len(noted)
            self._watch("catching up", done, done)
            if len(noted) < SWAP_WITH:
                break

    def _behind(self, noted: Sequence[str], session: ClientSession | None = None) -> list[Event]:
        """What is to be applied so that all these events are: their subjects' whole history, as
        none of it can be skipped."""
        wanting = self._new.wanting(noted, session)
        if not wanting:
            return []
        return [each for log in self._logs for each in log.of_subjects_of(wanting, session)]

    def _explain(self, ids: Sequence[str]) -> str:
        reasons = {
            self._outcome.failed[each].reason for each in ids if each in self._outcome.failed
        }
        return (
            f"{len(ids)} events of the live projections cannot be applied anew, nothing was "
            f"swapped: {', '.join(ids[:5])} ({', '.join(sorted(reasons)) or 'not in the logs'})"
        )

    # Comparing and swapping

    def _compare(self) -> None:
        self._watch("comparing the figures", 0, 0)
        with self._live.snapshot() as live, self._store.snapshot() as new:
            before, after = live.position() or {}, new.position() or {}
        self._outcome.before = before.get("events_applied", 0)
        self._outcome.after = after.get("events_applied", 0)
        self._outcome.differences = differences(self._live, self._store)
        # Some of those that could not be applied were by a later attempt.
        for kept in (self._outcome.failed, self._outcome.waiting):
            for each in set(kept).difference(self._new.wanting(list(kept))):
                del kept[each]

    def _swap(self, keep: bool) -> None:
        old, _ = self._live.live()
        while not self._outcome.swapped:
            self._catch_up()
            killpoint("rebuild.before_swap")
            self._outcome.swapped = self._live.transact(
                partial(self._swap_within, old), SWAP_TIMEOUT_S
            )
        killpoint("rebuild.after_swap")
        for name in WHILE_BUILDING:
            self._new.collection(name).drop()
        if not keep:
            self._watch("letting the last questions to the old projections end", 0, 0)
            self._pause(DROP_AFTER_S)
            Generation(self._db, old).drop()

    def _swap_within(self, old: str, tx: Tx) -> bool:
        """Returns False if the live projections have meanwhile run too far ahead.

        From here to its end no other transaction gets an event into the live projections.
        """
        Generation(self._db, old).supersede(tx, by=self._new.prefix)
        noted = self._new.missed(SWAP_WITH + 1, tx.session)
        if len(noted) > SWAP_WITH:
            return False
        project_within(self._behind(noted, tx.session), self._store, tx)
        if stuck := self._new.wanting(noted, tx.session):
            raise Stopped(self._explain(stuck))
        self._live.settings.update_one(
            {"_id": "live"},
            {"$set": {"prefix": self._new.prefix, "beside": None}},
            session=tx.session,
        )
        return True


def _code() -> str:
    """Tells whether what an earlier run has built was built by the same code."""
    sources = sorted(Path(__file__).parents[1].rglob("*.py"))
    return hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()
