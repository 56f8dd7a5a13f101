"""One event as its producer's outbox keeps it, and whether it may still be on its way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from shared.events import wire_type
from shared.layout import (
    BODY,
    PUBLISHED_AT,
    RECORDED_AT,
    SEQUENCE,
    SUBJECT,
)
from shared.record_types import record_type_of
from shared.store.outbox import EventKind
from shared.subscriptions import listens

FIELDS: Final = (*EventKind.FIELDS, SUBJECT, SEQUENCE, RECORDED_AT, PUBLISHED_AT, BODY)


@dataclass(slots=True)
class Entry:
    """A row of an outbox; `data` is that of the event, empty where `problem` says why."""

    id: str
    kind: EventKind
    subject: str
    sequence: int
    recorded_at: datetime
    published_at: datetime | None
    data: Mapping[str, Any]
    time: str
    problem: str | None

    @property
    def type(self) -> str:
        return self.kind.type

    @property
    def record_type(self) -> str:
        return record_type_of(self.type)

    def heard_by(self, consumer: str) -> bool:
        """Whether the consumer is told of the event by this row and not by one in another
        version."""
        kind = self.kind
        return listens(consumer, kind.type, kind.version, older=kind.older)

    @property
    def name(self) -> str:
        """The event for people: its type, subject and step."""
        return f"{self.type} {self.subject} #{self.sequence}"

    @property
    def ids(self) -> dict[str, Any]:
        return {
            "event": self.id,
            "type": self.type,
            "subject": self.subject,
            "sequence": self.sequence,
        }


def entry(row: Mapping[str, Any]) -> Entry:
    """The row with its frozen event; a body that is not this row's event is a problem."""
    kind = EventKind.of(row)
    problem: str | None = None
    data: Mapping[str, Any] = {}
    time = ""
    try:
        event = orjson.loads(row[BODY])
        said = (event["id"], event["type"], event["subject"], event["sequence"])
        if said != (row["_id"], wire_type(kind.type, kind.version), row[SUBJECT], row[SEQUENCE]):
            problem = "its body is another event"
        data, time = event["data"], event["time"]
    except (ValueError, KeyError, TypeError):
        problem = "its body is no event"
    return Entry(
        row["_id"],
        kind,
        row[SUBJECT],
        row[SEQUENCE],
        row[RECORDED_AT],
        row[PUBLISHED_AT],
        data,
        time,
        problem,
    )


def entries(rows: Iterable[Mapping[str, Any]]) -> list[Entry]:
    return [entry(row) for row in rows]


def as_read_by(consumer: str | None, log: Sequence[Entry]) -> Sequence[Entry]:
    """Of one subject's entries those by which the consumer is told of each event; None: each event
    in the latest version that there is, which stands for all."""
    if consumer is None:
        return [each for each in log if not each.kind.older]
    return [each for each in log if each.heard_by(consumer)]


@dataclass(frozen=True, slots=True)
class AuditClock:
    """When the audit looks, and how old an event may be that has not arrived yet."""

    now: datetime
    grace: timedelta

    def fresh(self, at: datetime | None) -> bool:
        """Whether this was so recently that what follows may still be under way.

        Clocks differ: a time ahead of the database's is as close as one behind it.
        """
        return at is not None and abs(self.now - at) < self.grace


def steps(log: Sequence[Entry]) -> tuple[list[Entry], list[Entry]]:
    """The first entry of each sequence, in order; and those whose sequence was taken."""
    first: dict[int, Entry] = {}
    double: list[Entry] = []
    for each in log:
        if first.setdefault(each.sequence, each) is not each:
            double.append(each)
    return [first[sequence] for sequence in sorted(first)], double
