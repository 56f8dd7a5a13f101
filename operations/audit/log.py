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
    SCHEMA_VERSION,
    SEQUENCE,
    SUBJECT,
    TYPE,
)
from shared.record_types import RECORD_TYPES, record_type_of
from shared.store.outbox import version_in

FIELDS: Final = (TYPE, SCHEMA_VERSION, SUBJECT, SEQUENCE, RECORDED_AT, PUBLISHED_AT, BODY)


@dataclass(slots=True)
class Entry:
    """A row of an outbox; `data` is that of the event, empty where `problem` says why."""

    id: str
    type: str
    schema_version: int
    subject: str
    sequence: int
    recorded_at: datetime
    published_at: datetime | None
    data: Mapping[str, Any]
    time: str
    problem: str | None

    @property
    def record_type(self) -> str:
        return record_type_of(self.type)

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
    problem: str | None = None
    data: Mapping[str, Any] = {}
    time = ""
    try:
        event = orjson.loads(row[BODY])
        said = (event["id"], event["type"], event["subject"], event["sequence"])
        kind = wire_type(row[TYPE], version_in(row))
        if said != (row["_id"], kind, row[SUBJECT], row[SEQUENCE]):
            problem = "its body is another event"
        data, time = event["data"], event["time"]
    except (ValueError, KeyError, TypeError):
        problem = "its body is no event"
    return Entry(
        row["_id"],
        row[TYPE],
        version_in(row),
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
    """Of one subject's entries those in the version that the consumer reads; None: in the oldest
    that there is, which stands for all."""
    if not log:
        return log
    if consumer is None:
        version = min(each.schema_version for each in log)
    else:
        version = RECORD_TYPES[log[0].record_type].heard_by.get(consumer, 0)
    return [each for each in log if each.schema_version == version]


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
