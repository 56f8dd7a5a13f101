"""What each stage of the audit compares, as one stream: what the databases have, joined by key.

Owns what is read of each collection. One stream after the other is read to its end; of a stream one
group is in memory at a time.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from operations.audit.groups import At, Delivery, Feed, Occurrence, Session, Subject, Webhook
from operations.audit.log import FIELDS as LOG
from operations.audit.log import entries
from operations.audit.reading import Databases, Keyed, in_chunks, joined
from operations.audit.scope import AuditScope
from operations.sealed import Sight
from services.activities import layout as activities
from services.notifications import layout as notifications
from services.reporting import layout as reporting
from shared import layout
from shared.record_types import CONSUMERS, PRODUCERS, RECORD_TYPES, RecordType
from shared.store.prefixes import below
from shared.types import Document

_ATTENDANCE: Final = RECORD_TYPES["attendance"]
_IN_ORDER: Final = [(layout.SEQUENCE, 1)]
_POSITIONS: Final = 2_000  # in one query

_RECORD: Final = (layout.VERSION, layout.WITHDRAWN, layout.CHAPTER, layout.CONTENT)
_SHEET: Final = (
    activities.ACTIVITY_ID, activities.LAST_SEQUENCE, activities.PRESENT, activities.LINES,
    activities.SCORES, activities.TOLD,
)  # fmt: skip
_SESSION: Final = (
    reporting.ACTIVITY_ID,
    reporting.LAST_SEQUENCE,
    reporting.PRESENT,
    reporting.SCORES,
    reporting.TESTS,
)
_PARKED: Final = (layout.STATE, layout.REASON, layout.TEXT, layout.LAST_AT, layout.DECISIONS)
_ITEM: Final = (
    notifications.TYPE, notifications.SUBJECT, notifications.TIME, notifications.CHAPTER,
    notifications.DATA,
)  # fmt: skip
_ENDPOINT: Final = (
    notifications.STATE, notifications.CURSOR, notifications.FILTER, notifications.FILTER_FROM,
)  # fmt: skip
_DELIVERED: Final = (notifications.ITEM_ID, notifications.TYPE, notifications.TIME)


class Streams:
    """All that is in `scope`, as the databases had it at one moment. Raises PyMongoErrors."""

    def __init__(self, db: Databases, scope: AuditScope) -> None:
        self._db = db
        self._scope = scope

    def sealed(self) -> Sight:
        """What there is to know of whether people's records can be opened."""
        return self._db.sealed()

    def numbers(self) -> dict[str, int]:
        """The numbers that reporting gave to each participant, further ones under `<id>@<day>`; of
        all, whatever the scope."""
        fields = (reporting.NUMBER, reporting.CHANGES)
        found: dict[str, int] = {}
        for row in self._db.find("reporting", reporting.PEOPLE, {}, fields):
            found[row["_id"]] = row[reporting.NUMBER]
            for each in row.get(reporting.CHANGES, ()):
                found[f"{row['_id']}@{each[reporting.SINCE]}"] = each[reporting.NUMBER]
        return found

    def standings(self) -> Iterator[Document]:
        """How people stand, as activities has heard it; of all, whatever the scope."""
        return self._db.find("activities", activities.STANDINGS, {}, None)

    def sets(self) -> Iterator[Document]:
        """The stored sets of people, in chunks; all of them, whatever the scope."""
        return self._db.find("reporting", reporting.ATTRIBUTES, {}, (reporting.BITS,))

    def claimed(self, consumer: str, events: Iterable[str]) -> set[str]:
        """Those of the events that the consumer has applied."""
        return {key for key, _ in self._db.by(consumer, layout.INBOX, "_id", events, ())}

    def records(self, record_type: RecordType) -> Iterator[Subject]:
        """The records of one kind, by id."""
        subjects = self._scope.subjects
        streams = joined(
            self._db.by(record_type.owner, record_type.collection, "_id", subjects, _RECORD),
            self._log(record_type),
            self._copies(record_type),
            self._known(record_type),
        )
        for key, (stored, log, copies, known) in streams:
            yield Subject(key, _only(stored), entries(log), _only(copies), _sequence(known))

    def sheets(self) -> Iterator[Session]:
        """The attendance sheets, by the ids of their sessions."""
        owner, subjects = _ATTENDANCE.owner, self._scope.subjects
        streams = joined(
            self._db.by(owner, activities.SHEETS, "_id", subjects, _SHEET),
            self._db.lines(self._sessions()),
            self._log(_ATTENDANCE),
            self._db.by("reporting", reporting.SESSIONS, "_id", subjects, _SESSION),
            self._known(_ATTENDANCE),
        )
        for key, (sheets, rows, log, copies, known) in streams:
            sheet, copy = _only(sheets), _only(copies)
            yield Session(key, sheet, rows, entries(log), copy, _sequence(known))

    def events(self) -> Iterator[Occurrence]:
        """The events, by id, wherever one of them is known."""
        db, events = self._db, self._scope.events
        logs = (db.by(each, layout.OUTBOX, "_id", events, LOG) for each in PRODUCERS)
        claim = (notifications.SUPERSEDED,)
        streams = joined(
            heapq.merge(*logs, key=itemgetter(0)),
            *(db.by(each, layout.INBOX, "_id", events, claim) for each in CONSUMERS),
            *(db.by(each, layout.PARKING_LOT, "_id", events, _PARKED) for each in CONSUMERS),
            db.by("notifications", notifications.FEED, notifications.ITEM_ID, events, _ITEM),
        )
        for key, (log, *places, items) in streams:
            claims, parked = places[: len(CONSUMERS)], places[len(CONSUMERS) :]
            at = {
                each: At(_only(claim), _only(row))
                for each, claim, row in zip(CONSUMERS, claims, parked, strict=True)
            }
            yield Occurrence(key, entries(log), at, items)

    def feed(self) -> Feed:
        """The feed as a whole, whatever the scope."""
        counter = self._counter()
        shape = [{"$group": {"_id": None, "n": {"$sum": 1}, "last": {"$max": "$_id"}}}]
        rows = self._db.aggregate("notifications", notifications.FEED, shape)
        found = next(rows, {"n": 0, "last": 0})
        positions = (
            position for position, _ in self._db.by("notifications", notifications.FEED, "_id")
        )
        gaps = counter.get(notifications.GAPS, [])
        return Feed(_head(counter), gaps, found["n"], found["last"], positions)

    def webhooks(self) -> Iterator[Webhook]:
        """The partners' endpoints that are not deleted, by id."""
        head = _head(self._counter())
        alive = {notifications.STATE: {"$ne": notifications.DELETED}}
        found = self._db.by("notifications", notifications.ENDPOINTS, "_id", None, _ENDPOINT, alive)
        endpoints = list(found)
        positions = self._positions() if endpoints else None
        for key, endpoint in endpoints:
            waiting = 0
            if positions is None and endpoint[notifications.STATE] != notifications.REVOKED:
                behind = {"_id": {"$gt": endpoint[notifications.CURSOR]}, **_filter(endpoint)}
                waiting = self._db.count("notifications", notifications.FEED, behind)
            yield Webhook(key, endpoint, head, waiting, self._deliveries(endpoint, positions))

    def _deliveries(
        self, endpoint: Document, positions: Sequence[int] | None
    ) -> Iterator[Delivery]:
        """Args: positions: those in scope; None: all."""
        accepted = self._db.aggregate(
            "notifications", notifications.ATTEMPTS, _answered(endpoint["_id"])
        )
        streams = joined(
            ((_padded(position), item) for position, item in self._wanted(endpoint, positions)),
            ((_padded(row["_id"]), row) for row in accepted),
        )
        for _, (items, answers) in streams:
            yield Delivery(_only(items), _only(answers))

    def _wanted(
        self, endpoint: Document, positions: Sequence[int] | None
    ) -> Iterator[tuple[int, Document]]:
        """What the endpoint has passed since its filter counts, and should have been sent."""
        end: int = endpoint[notifications.CURSOR]
        start: int = endpoint.get(notifications.FILTER_FROM, end)
        passed: Iterable[Sequence[int] | None] = (None,)
        query = {**_filter(endpoint), "_id": {"$gt": start, "$lte": end}}
        if positions is not None:
            within = sorted(each for each in positions if start < each <= end)
            passed, query = in_chunks(within, _POSITIONS), _filter(endpoint)
        for chunk in passed:
            yield from self._db.by(
                "notifications", notifications.FEED, "_id", chunk, _DELIVERED, query
            )

    def _positions(self) -> list[int] | None:
        """Those of the events in scope, None if all are."""
        if (events := self._scope.events) is None:
            return None
        found = self._db.by("notifications", notifications.FEED, notifications.ITEM_ID, events)
        return [item["_id"] for _, item in found]

    def _copies(self, record_type: RecordType) -> Keyed:
        """What reporting keeps of the records; of how people stand, activities."""
        service, name = "reporting", record_type.projected
        if record_type.name == "standing":
            service, name = "activities", activities.STANDINGS
        return self._db.by(service, name, "_id", self._scope.subjects, None) if name else ()

    def _log(self, record_type: RecordType) -> Keyed:
        """The log's rows about things of one kind, by subject and step."""
        types = {layout.TYPE: below(f"{record_type.name}.")}
        subjects = self._scope.subjects
        return self._db.by(
            record_type.owner, layout.OUTBOX, layout.SUBJECT, subjects, LOG, types, _IN_ORDER
        )

    def _known(self, record_type: RecordType) -> Keyed:
        """The last steps that notifications knows of, by subject."""
        if "notifications" not in record_type.heard_by:
            return
        start, subjects = notifications.subject_key(record_type.name, ""), self._scope.subjects
        keys = None if subjects is None else [start + each for each in subjects]
        query = {"_id": below(start)} if keys is None else None
        fields = (notifications.SEQUENCE,)
        rows = self._db.by("notifications", notifications.SUBJECTS, "_id", keys, fields, query)
        for key, row in rows:
            yield key.removeprefix(start), row

    def _sessions(self) -> list[str] | None:
        """The ids in scope that are sessions: those with a sheet, or with a step of one."""
        if (subjects := self._scope.subjects) is None:
            return None
        sheets = self._db.by(_ATTENDANCE.owner, activities.SHEETS, "_id", subjects)
        return sorted({key for key, _ in sheets} | {key for key, _ in self._log(_ATTENDANCE)})

    def _counter(self) -> Document:
        query = {"_id": notifications.FEED}
        fields = (notifications.POSITION, notifications.GAPS)
        found = self._db.find("notifications", notifications.COUNTERS, query, fields)
        return next(found, {})


def _answered(endpoint_id: str) -> list[dict[str, Any]]:
    """The pipeline over attempts: by position, how often the partner has accepted what."""
    return [
        {"$match": {notifications.ENDPOINT_ID: endpoint_id, notifications.ERROR: None}},
        {
            "$group": {
                "_id": f"${notifications.POSITION}",
                "times": {"$sum": {"$cond": [f"${notifications.RESEND}", 0, 1]}},
                "events": {"$addToSet": f"${notifications.EVENT_ID}"},
            }
        },
        {"$sort": {"_id": 1}},
    ]


def _filter(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    query: dict[str, Any] = {}
    wanted = endpoint[notifications.FILTER]
    if types := wanted[notifications.TYPES]:
        query[notifications.TYPE] = {"$in": types}
    if chapters := wanted[notifications.CHAPTERS]:
        query[notifications.CHAPTER] = {"$in": chapters}
    return query


def _head(counter: Mapping[str, Any]) -> int:
    return int(counter.get(notifications.POSITION, 0))


def _sequence(known: Sequence[Document]) -> int:
    return int(known[0][notifications.SEQUENCE]) if known else 0


def _only(found: Sequence[Document]) -> Document | None:
    return found[0] if found else None


def _padded(position: int) -> str:
    """A position as a key that sorts as numbers do."""
    return f"{position:020d}"
