"""`python -m bench.audit`: how long the audit takes over a large programme.

Writes a consistent programme straight into the collections of a database of its own, in the
services' own shapes: people, activities with five sessions each, and a sheet of each session, told
by one event; the log, the claims, the projections, the feed and one partner who got it all. Then it
audits everything, and prints the figures.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bson.binary import Binary
from bson.int64 import Int64
from pymongo import MongoClient
from pymongo.collection import Collection
from pyroaring import BitMap

from cli.audit import show
from cli.outcome import output
from deploy.local.database import Database
from operations.audit.log import AuditClock
from operations.audit.reading import Databases
from operations.audit.run import audit
from operations.audit.scope import EVERYTHING
from services.activities.layout import (
    ACTIVITIES,
    ACTIVITY_ID,
    IS_PRESENT,
    LAST_SEQUENCE,
    LINES,
    PRESENT,
    STATUS,
    line_key,
)
from services.activities.layout import SCORES as SUMS
from services.activities.store import ActivityStore
from services.notifications import layout as notifications
from services.notifications.rules import items
from services.notifications.rules.items import Applied
from services.notifications.rules.model import Item
from services.notifications.store.feed import NotificationStore
from services.participants.layout import (
    KEYS,
    LOST,
    OPENED,
    PEOPLE,
    PROOFS,
    PROVED_AT,
    RECORDS,
    SEALED,
    UNREADABLE,
    UNREADABLE_COUNT,
)
from services.reporting import layout as reporting
from services.reporting.rules.projections import CHUNK_BITS, document, facts_of
from services.reporting.store.live import ReportingStore
from shared.caller import Caller
from shared.events import Event
from shared.ids import new_id
from shared.layout import (
    BODY,
    INBOX,
    OUTBOX,
    PUBLISHED_AT,
    RECORDED_AT,
    SEQUENCE,
    SUBJECT,
    TYPE,
)
from shared.record_types import SCORES
from shared.records.collection import RecordCollection
from shared.records.pushes import Record
from shared.store import outbox
from shared.types import Document

SESSIONS: Final = 5  # of an activity
AT: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)
CALLER: Final = Caller("chapter", "ML", "bench")
_PORTION: Final = 5_000


class Programme:
    """Writes each part of the programme to the collections of the service that has it."""

    def __init__(self, client: MongoClient[Document]) -> None:
        self.people = client["participants"]
        self.activities = ActivityStore(client["activities"])
        self.reporting = ReportingStore(client["reporting"])
        self.notifications = NotificationStore(client["notifications"])
        for store in (self.activities, self.reporting, self.notifications):
            store.ensure_indexes()
        self.people[OUTBOX].create_indexes(list(outbox.INDEXES))
        self.random = random.Random(0)  # the same programme each time
        self.numbers: dict[str, int] = {}
        self.known: dict[str, Applied] = {}
        self.position = 0

    def register(self, count: int) -> None:
        """People, with their facts in reporting's sets."""
        sets: defaultdict[str, list[int]] = defaultdict(list)
        records, events, copies = [], [], []
        for number in range(count):
            key = new_id()
            content = {"sex": self.random.choice(("female", "male")), "groups": ["youth"]}
            data = {
                **{"id": key, "chapter": "ML", "birth_year": self.random.randint(1950, 2003)},
                **{**content, "disability": None, "place": None},
                **{"withdrawn": False, "version": 1},
            }
            records.append(_record(self.people[PEOPLE], key, content))
            events.append(_event("participant.registered", key, 1, data))
            facts = facts_of(data)
            self.numbers[key] = number
            copies.append(
                {
                    **{"_id": key, reporting.NUMBER: number},
                    **{reporting.VERSION: 1, reporting.FACTS: sorted(facts)},
                }
            )
            for fact in facts:
                sets[f"{fact}/{number >> CHUNK_BITS}"].append(number)
        _write(self.people[PEOPLE], records)
        _write(self.reporting.db[reporting.PEOPLE], copies)
        bits = ({"_id": key, reporting.BITS: _bits(numbers)} for key, numbers in sets.items())
        _write(self.reporting.db[reporting.ATTRIBUTES], bits)
        self._log(self.people[OUTBOX], events, told=False)

    def hold(self, count: int, present: int) -> int:
        """Activities with sessions, so many people present in each; returns how many rows."""
        everybody = list(self.numbers)
        rows = 0
        for start in range(0, count, 100):
            activities, sheets, lines, events, copies, sessions = [], [], [], [], [], []
            for _ in range(min(100, count - start)):
                activity, session_ids = new_id(), [new_id() for _ in range(SESSIONS)]
                content = {
                    **{"project_id": None, "type": "technical_training", "status": "held"},
                    **{"title": {"en": "Training"}, "place": "ML.SIK.YAN.KALANA"},
                    **{"starts_on": "2025-11-03", "ends_on": "2025-11-07"},
                    "sessions": [{"id": each, "on": "2025-11-03"} for each in session_ids],
                }
                state = {"id": activity, "chapter": "ML", "version": 1, "withdrawn": False}
                recorded = _event("activity.recorded", activity, 1, {**state, **content})
                events.append(recorded)
                copies.append(document(recorded))
                activities.append(_record(self.activities.db[ACTIVITIES], activity, content))
                for session in session_ids:
                    people = self.random.sample(everybody, present)
                    rows += len(people)
                    events.append(_sheet_event(session, activity, people))
                    lines += [
                        {"_id": line_key(session, each), "p": each, STATUS: IS_PRESENT, "v": 1}
                        for each in people
                    ]
                    totals = {LAST_SEQUENCE: 1, PRESENT: present, LINES: present}
                    sheets.append(
                        {
                            **{"_id": session, ACTIVITY_ID: activity, "chapter": "ML"},
                            **{"state": "open", **totals, SUMS: [0] * len(SCORES)},
                        }
                    )
                    sessions.append(
                        {
                            **{
                                "_id": session,
                                reporting.ACTIVITY_ID: activity,
                                reporting.LAST_SEQUENCE: 1,
                            },
                            reporting.PRESENT: _bits(self.numbers[each] for each in people),
                            reporting.SCORES: dict.fromkeys(SCORES, 0),
                        }
                    )
            _write(self.activities.db[ACTIVITIES], activities)
            _write(self.activities.sheets.collection, sheets)
            _write(self.activities.lines.collection, lines)
            _write(self.reporting.db[reporting.PROJECTED["activity"]], copies)
            _write(self.reporting.db[reporting.SESSIONS], sessions)
            self._log(self.activities.outbox.collection, events, told=True)
        return rows

    def prove(self) -> None:
        """Every name can be opened, as `participants` notes it of itself."""
        proof = {
            **{KEYS: [], LOST: [], RECORDS: len(self.numbers), OPENED: len(self.numbers)},
            **{UNREADABLE: [], UNREADABLE_COUNT: 0},
        }
        self.people[PROOFS].update_one(
            {"_id": SEALED}, {"$set": proof, "$currentDate": {PROVED_AT: True}}, upsert=True
        )

    def deliver(self) -> None:
        """One partner, who has accepted the whole feed."""
        endpoint = new_id()
        wanted: Document = {notifications.TYPES: [], notifications.CHAPTERS: []}
        counter = {"_id": notifications.FEED, notifications.POSITION: Int64(self.position)}
        _write(self.notifications.counters, [counter])
        _write(
            self.notifications.endpoints,
            [
                {
                    **{
                        "_id": endpoint,
                        notifications.STATE: "active",
                        notifications.FILTER: wanted,
                    },
                    notifications.CURSOR: Int64(self.position),
                    notifications.FILTER_FROM: Int64(0),
                }
            ],
        )
        items = self.notifications.feed.find({}, {notifications.ITEM_ID: 1})
        _write(
            self.notifications.attempts,
            (
                {
                    **{"_id": new_id(), notifications.ENDPOINT_ID: endpoint},
                    notifications.POSITION: item["_id"],
                    notifications.EVENT_ID: item[notifications.ITEM_ID],
                    **{notifications.RESEND: False, notifications.ERROR: None},
                    "at": datetime.now(UTC),
                }
                for item in items
            ),
        )

    def _log(self, log: Collection[Document], events: Sequence[Event], *, told: bool) -> None:
        _write(log, (_logged(event) for event in events))
        claims = [{"_id": event.id, "at": AT + timedelta(seconds=1)} for event in events]
        _write(self.reporting.db[INBOX], claims)
        if not told:
            return
        _write(self.notifications.inbox, claims)
        growth = items.grow(events, self.known)
        self.known |= growth.applied
        _write(self.notifications.feed, (self._placed(item) for item in growth.items))
        subjects = (
            {"_id": key, notifications.SEQUENCE: each.sequence, "place": each.place}
            for key, each in growth.applied.items()
        )
        _write(self.notifications.subjects, subjects)

    def _placed(self, item: Item) -> Document:
        self.position += 1
        shown = items.to_dict(item, item.schema_version)
        names = ("id", "type", "subject", "chapter", "country", "place", "data")
        return {
            "_id": Int64(self.position),
            "time": item.time,
            **{name: shown[name] for name in names},
        }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.audit", description=__doc__)
    parser.add_argument("--activities", type=int, default=2_000)
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--present", type=int, default=100, help="people in each session")
    parser.add_argument("--most-seconds", type=float, default=60.0)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="foscao-bench-") as home,
        Database(Path(home)) as server,
        MongoClient[Document](server.root_uri, tz_aware=True) as client,
    ):
        began = time.monotonic()
        programme = Programme(client)
        programme.register(asked.people)
        rows = programme.hold(asked.activities, asked.present)
        programme.deliver()
        programme.prove()
        written = time.monotonic()
        with Databases(client) as databases:
            clock = AuditClock(databases.now, timedelta(0))
            account = audit(databases, EVERYTHING, clock, progress=_clock())
        took_s = time.monotonic() - written
    show(account, output())
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nwritten in {written - began:.1f} s: {asked.people:,} people, {rows:,} rows")
    print(f"audited in {took_s:.1f} s, with {memory_mb:.0f} MB at most (writing included)")
    return 0 if account.clean and took_s <= asked.most_seconds else 1


def _clock() -> Any:
    begun = time.monotonic()

    def told(what: str) -> None:
        print(f"{time.monotonic() - begun:6.1f} s  {what}", file=sys.stderr, flush=True)

    return told


def _record(collection: Collection[Document], key: str, content: Document) -> Document:
    record = Record(key, "ML", 1, False, content, AT, AT)
    return RecordCollection(collection).encode(record)


def _event(kind: str, subject: str, sequence: int, data: Document) -> Event:
    return Event.new(kind, "/bench", subject, sequence, data, caller=CALLER)


def _sheet_event(session: str, activity: str, people: Sequence[str]) -> Event:
    data = {
        **{"session_id": session, "activity_id": activity, "chapter": "ML"},
        "rows": [{"participant_id": each, "present": True} for each in people],
        **{"present_total": len(people), "scores": dict.fromkeys(SCORES, 0)},
    }
    return _event("attendance.recorded", session, 1, data)


def _logged(event: Event) -> Document:
    return {
        **{"_id": event.id, TYPE: event.type, SUBJECT: event.subject, SEQUENCE: event.sequence},
        **{BODY: Binary(event.to_json()), "actor": "bench", RECORDED_AT: AT, PUBLISHED_AT: AT},
    }


def _bits(numbers: Iterable[int]) -> Binary:
    return Binary(BitMap(numbers).serialize())


def _write(collection: Collection[Document], documents: Iterable[Document]) -> None:
    for portion in _portions(documents):
        collection.insert_many(portion, ordered=False)


def _portions(documents: Iterable[Document]) -> Iterator[list[Document]]:
    portion: list[Document] = []
    for each in documents:
        portion.append(each)
        if len(portion) == _PORTION:
            yield portion
            portion = []
    if portion:
        yield portion


if __name__ == "__main__":
    sys.exit(main())
