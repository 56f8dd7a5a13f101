"""The outbox: a service's events, written in the transaction that causes them, and kept for good.

Owns the collection `outbox` (`shared.layout`), which is the service's event log: replay and change
logs read it.

An event is written in each version that a consumer reads, a row each, and carries no more than the
contract names: whatever else its emitter put into it stays behind here.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, NamedTuple

from bson.binary import Binary
from pymongo import ASCENDING, IndexModel
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError

from shared.contracts import HOUSE
from shared.contracts.allow_list import Contracts
from shared.events import Event
from shared.layout import (
    BODY,
    OLDER,
    OUTBOX,
    PUBLISHED_AT,
    RECORDED_AT,
    SCHEMA_VERSION,
    SEQUENCE,
    SUBJECT,
    TYPE,
)
from shared.store.failures import answered
from shared.store.prefixes import below

INDEX_NOT_FOUND = 27

_UNPUBLISHED = "unpublished"  # named in queries, which the planner would not always give to it
INDEXES = (
    # No two events may claim the same step of a subject, but for another version of the type
    # beside the first; also the change log of a subject, in order.
    IndexModel(
        [
            (SUBJECT, ASCENDING),
            (SEQUENCE, ASCENDING),
            (TYPE, ASCENDING),
            (SCHEMA_VERSION, ASCENDING),
        ],
        name="subject_sequence_type_version",
        unique=True,
    ),
    # The relay's query: what is not yet published, oldest first. Empty in a quiet hour.
    IndexModel(
        [(RECORDED_AT, ASCENDING), (SEQUENCE, ASCENDING)],
        name=_UNPUBLISHED,
        partialFilterExpression={PUBLISHED_AT: None},
    ),
)


_BEFORE_VERSIONS = "subject_sequence_type"  # the index of 0.1, which would refuse a second version


class Done(NamedTuple):
    """A step of a subject: the past word of what was done, by which key, and when."""

    kind: str
    actor: str | None
    at: datetime


class Outbox:
    """Inserts events and wakes whoever publishes them.

    Args: contracts: what events may carry.
    """

    def __init__(self, db: Database[dict[str, Any]], contracts: Contracts = HOUSE) -> None:
        self.collection = db[OUTBOX]
        self.woken = threading.Event()
        self._contracts = contracts

    def ensure_indexes(self) -> None:
        """Create what is missing, and drop what stands in the way of versions."""
        self.collection.create_indexes(list(INDEXES))
        if _BEFORE_VERSIONS in self.collection.index_information():
            try:
                self.collection.drop_index(_BEFORE_VERSIONS)
            except OperationFailure as error:
                if error.code != INDEX_NOT_FOUND:  # another replica was faster
                    raise

    def insert(self, events: Iterable[Event], session: ClientSession) -> int:
        """Write the events into the caller's transaction, as much of them as their contracts name;
        returns how many rows.

        Raises: ContractBroken (final): an event without a contract, or of another shape.
            DuplicateKeyError or BulkWriteError if a subject's sequence is taken.
        """
        now = datetime.now(UTC)
        rows = [
            _row(
                event.in_version(data, version, first=version == first), now, older=version != last
            )
            for event in events
            for versions in (self._contracts.allowed(event.type, event.data),)
            for first, last in ((min(versions), max(versions)),)
            for version, data in versions.items()
        ]
        if rows:
            self.collection.insert_many(rows, ordered=False, session=session)
        return len(rows)

    def wake(self) -> None:
        """Tell the relay of this process that rows were committed."""
        self.woken.set()

    def steps(
        self, record_type: str, keys: Collection[tuple[str, int]]
    ) -> dict[tuple[str, int], Done]:
        """What was done in these steps of subjects, (subject, sequence)."""
        if not keys:
            return {}
        found = self.collection.find(
            {
                SUBJECT: {"$in": list({subject for subject, _ in keys})},
                SEQUENCE: {"$in": list({sequence for _, sequence in keys})},
                TYPE: below(f"{record_type}."),
            },
            dict.fromkeys((SUBJECT, SEQUENCE, TYPE, RECORDED_AT, "actor"), True),
        )
        wanted = set(keys)
        return {
            key: Done(row[TYPE].partition(".")[2], row["actor"], row[RECORDED_AT])
            for row in found
            if (key := (row[SUBJECT], row[SEQUENCE])) in wanted
        }

    def to_publish(
        self, *, besides: Iterable[EventKind], rows: int, size: int
    ) -> list[dict[str, Any]]:
        """The id, the kind, `subject` and `body` of what is not published yet, oldest first.

        Args: besides: kinds to leave out. rows, size: no more rows, and none once
            their bodies have come to more bytes.
        Raises: Unavailable (retryable).
        """
        query: dict[str, Any] = {PUBLISHED_AT: None}
        if left := [kind.condition() for kind in besides]:
            query["$nor"] = left
        found: list[dict[str, Any]] = []
        with (
            answered(),
            self.collection.find(
                query,
                dict.fromkeys((*EventKind.FIELDS, SUBJECT, BODY), 1),
                sort=[(RECORDED_AT, 1), (SEQUENCE, 1)],
            ).limit(rows) as cursor,
        ):
            for row in cursor:
                found.append(row)
                size -= len(row[BODY])
                if size < 0:
                    break
        return found

    def mark_published(self, ids: Sequence[str]) -> None:
        """Note that the broker has confirmed these. Raises: Unavailable (retryable)."""
        with answered():
            self.collection.update_many(
                {"_id": {"$in": list(ids)}}, {"$set": {PUBLISHED_AT: datetime.now(UTC)}}
            )

    def waits(self) -> bool:
        """Whether any row waits for the broker. Raises: Unavailable (retryable)."""
        with answered():
            return self._oldest() is not None

    def unpublished(self) -> float:
        """How many rows wait for the broker; NaN if the database does not answer."""
        try:
            return self.collection.count_documents({PUBLISHED_AT: None}, hint=_UNPUBLISHED)
        except PyMongoError:
            return math.nan

    def oldest_s(self) -> float:
        """Age in seconds of the oldest row that waits; 0 if none does, NaN as above."""
        try:
            row = self._oldest()
        except PyMongoError:
            return math.nan
        return (datetime.now(UTC) - row[RECORDED_AT]).total_seconds() if row else 0.0

    def _oldest(self) -> dict[str, Any] | None:
        return self.collection.find_one(
            {PUBLISHED_AT: None},
            {RECORDED_AT: 1},
            sort=[(RECORDED_AT, 1), (SEQUENCE, 1)],  # without it no index would serve
        )


@dataclass(frozen=True, slots=True)
class EventKind:
    """What decides who hears an event: its short type, the version of its contract, and whether the
    same event stands in the log in a later version too."""

    FIELDS: ClassVar = (TYPE, SCHEMA_VERSION, OLDER)

    type: str
    version: int = 1
    older: bool = False

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> EventKind:
        """That of a row of an outbox, of which `FIELDS` were read."""
        return cls(row[TYPE], version_in(row), row.get(OLDER, False))

    def condition(self) -> dict[str, Any]:
        """For rows of this kind; rows of the first version name none."""
        version = None if self.version == 1 else self.version
        return {TYPE: self.type, SCHEMA_VERSION: version, OLDER: self.older or None}


def version_in(row: Mapping[str, Any]) -> int:
    """The version of the contract that the event of this row keeps to."""
    version: int = row.get(SCHEMA_VERSION, 1)
    return version


def up_to_version(version: int) -> dict[str, Any]:
    """The condition for rows of this version and of the earlier ones."""
    return {SCHEMA_VERSION: {"$in": [None, *range(2, version + 1)]}}


def _row(event: Event, now: datetime, *, older: bool) -> dict[str, Any]:
    versioned: dict[str, Any] = {OLDER: True} if older else {}
    if event.schema_version != 1:
        versioned[SCHEMA_VERSION] = event.schema_version
    return {
        "_id": event.id,
        TYPE: event.type,
        **versioned,
        SUBJECT: event.subject,
        SEQUENCE: event.sequence,
        BODY: Binary(event.to_json()),
        "actor": event.actor,
        RECORDED_AT: now,
        PUBLISHED_AT: None,
    }
