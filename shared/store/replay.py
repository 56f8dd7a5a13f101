"""Replay: the event logs of the producers, read again from the first event.

Owns the order and the completeness of reading. A log is an outbox (shared/store/outbox.py), where
rows are added and never removed, so that whoever keeps the mark of what was read last can go on
there.

A consumer catches up like this, whether it is new or builds anew what it has:

1. It listens (its queue is bound) or is otherwise told of what is applied from now on.
2. It reads each log from the first event, applies the batches as it applies those of its queue, in
   transactions that claim each event in its inbox, and keeps the mark.

What is committed before the second step begins is read by it, whatever its id or its time; what is
committed later comes by the first. What comes both ways is claimed once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pymongo import ASCENDING
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from shared.errors import Unavailable
from shared.events import Event
from shared.layout import BODY, SCHEMA_VERSION, SEQUENCE, SUBJECT, TYPE
from shared.store.outbox import up_to_version

BATCH: Final = 2_000  # four times a queue's: nobody waits for the single event
BATCH_BYTES: Final = 8_000_000
IDS_ASKED: Final = 10_000  # in one query: 400 kB

Mark = tuple[str, int, str, int | None]
"""Subject, sequence, type and version (None: the first) of an event: its place in its log."""
_EVENT: Final = (SUBJECT, SEQUENCE, TYPE)
_PLACE: Final = (*_EVENT, SCHEMA_VERSION)
_ORDER: Final = [(name, ASCENDING) for name in _PLACE]


class Stopped(Exception):
    """The replay must end here, through no fault of the events; the text says why."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An event that could not be applied: `reason` is a code or the name of an exception."""

    event: Event
    reason: str


class EventLog:
    """The log of one producer, as much of it as `patterns` match (`activity.*.v1`).

    `activity.*.v2` is each event in version 2 where there is one, and in the latest before where it
    was recorded when there was none yet: whoever reads a version reads the earlier ones too.
    """

    def __init__(
        self, producer: str, outbox: Collection[dict[str, Any]], patterns: Sequence[str]
    ) -> None:
        self.producer = producer
        self._outbox = outbox
        versions = _versions(patterns)
        self._wanted: Mapping[str, Any] = {"$or": list(_conditions(versions))}
        self._single = max(versions, default=1) == 1

    def count(self) -> int:
        """How many events, each once."""
        if self._single:
            return self._outbox.count_documents(dict(self._wanted))
        each = {"$group": {"_id": {name: f"${name}" for name in _EVENT}}}
        counted = self._outbox.aggregate(
            [{"$match": dict(self._wanted)}, each, {"$count": "n"}], allowDiskUse=True
        )
        return sum(int(row["n"]) for row in counted)

    def read(self, after: Mark | None = None) -> Iterator[tuple[list[Event], Mark]]:
        """Batches of events, each with its mark, after which a later reading goes on.

        Every event committed before the first batch is among them; of later ones some, so that a
        reading ends however much is pushed meanwhile. In the order of subjects, so that each
        subject's history comes in its sequence and mostly in one batch. The order between subjects
        is not that of time, on which no consumer may rely anyway.
        Raises: a PyMongoError.
        """
        newest = self._outbox.find_one(dict(self._wanted), {SUBJECT: 1}, sort=[(SUBJECT, -1)])
        if newest is None:
            return
        while rows := self._page(after, newest[SUBJECT]):
            last = rows[-1]
            after = (last[SUBJECT], last[SEQUENCE], last[TYPE], last.get(SCHEMA_VERSION))
            yield _events(rows), after

    def of_subjects_of(
        self, ids: Sequence[str], session: ClientSession | None = None
    ) -> list[Event]:
        """The whole history of each subject that one of these events (at most IDS_ASKED) is about,
        as far as it is told in this log, in its sequence.

        Raises: a PyMongoError.
        """
        told = self._outbox.find({"_id": {"$in": list(ids)}}, {SUBJECT: 1}, session=session)
        subjects = list({row[SUBJECT] for row in told})
        query = {SUBJECT: {"$in": subjects}, **self._wanted}
        fields = dict.fromkeys((BODY, *_PLACE), 1)
        return _events(self._outbox.find(query, fields, session=session).sort(_ORDER))

    def _page(self, after: Mark | None, until: str) -> list[dict[str, Any]]:
        behind = _behind(after) if after else {}
        query = {**self._wanted, "$and": [{SUBJECT: {"$lte": until}}, behind]}
        fields = {"_id": 0, BODY: 1, **dict.fromkeys(_PLACE, 1)}
        found = self._outbox.find(query, fields).sort(_ORDER).limit(BATCH)
        rows: list[dict[str, Any]] = []
        size = 0
        with found:
            for row in found:
                rows.append(row)
                size += len(row[BODY])
                if size > BATCH_BYTES:
                    break
        if rows and not self._single:  # a page ends behind the last version of its last event
            last = {name: rows[-1][name] for name in _EVENT}
            rows += self._outbox.find({**self._wanted, **last}, fields).sort(_ORDER)
        return rows


def apply(
    handle: Callable[[Sequence[Event]], Sequence[Event]], events: Sequence[Event]
) -> tuple[list[Event], list[Failure]]:
    """Hand a batch to the handler; if it fails, halve it until those at fault are alone.

    Args: handle: returns the events that came too early.
    Returns: the events that came too early, and those that failed.
    Raises: Unavailable (retryable), Stopped, a PyMongoError: no event is at fault; hand in the
        same batch again, or give up.
    """
    if not events:
        return [], []
    try:
        return list(handle(events)), []
    except (Unavailable, Stopped, PyMongoError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not cost the neighbours
        if len(events) == 1:
            return [], [Failure(events[0], str(getattr(error, "code", type(error).__name__)))]
    half = len(events) // 2
    early, failed = apply(handle, events[:half])
    early_too, failed_too = apply(handle, events[half:])
    return early + early_too, failed + failed_too


def _versions(patterns: Iterable[str]) -> dict[int, list[str]]:
    """The regular expressions of the types that the patterns name, by version."""
    types: dict[int, list[str]] = {}
    for each in patterns:
        of_type, _, version = each.rpartition(".v")
        types.setdefault(int(version), []).append(re.escape(of_type).replace(r"\*", r"[^.]+"))
    return types


def _conditions(versions: Mapping[int, Sequence[str]]) -> Iterator[dict[str, Any]]:
    """One for each version: the rows in it and in the earlier ones."""
    for number, types in versions.items():
        yield {TYPE: {"$regex": f"^({'|'.join(types)})$"}, **up_to_version(number)}


def _behind(mark: Mark) -> dict[str, Any]:
    subject, sequence, kind, version = mark
    return {
        "$or": [
            {SUBJECT: {"$gt": subject}},
            {SUBJECT: subject, SEQUENCE: {"$gt": sequence}},
            {SUBJECT: subject, SEQUENCE: sequence, TYPE: {"$gt": kind}},
            {
                SUBJECT: subject,
                SEQUENCE: sequence,
                TYPE: kind,
                # Rows of the first version name none, and nothing is greater than none.
                SCHEMA_VERSION: {"$gt": version or 1},
            },
        ]
    }


def _events(rows: Iterable[Mapping[str, Any]]) -> list[Event]:
    """The events, each in the last of its versions among the rows, which are in `_ORDER`."""
    latest = {tuple(row[name] for name in _EVENT): row[BODY] for row in rows}
    return [Event.from_json(bytes(body)) for body in latest.values()]
