"""Owns what is told of a restoration in the record itself: the reason may speak of a person, and so
is sealed with the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from services.participants.schemas import REASON, RESTORED, UNITED, said
from shared.records.pushes import Record, Write


def as_said(records: Mapping[str, Record]) -> dict[str, Record]:
    """The records with what was pushed alone."""
    return {key: replace(each, content=said(each)) for key, each in records.items()}


def told(writes: Iterable[Write], existing: Mapping[str, Record]) -> Iterator[Write]:
    """The writes of a restoration, with what is told of it in the records."""
    latest = dict(existing)
    for write in writes:
        after = with_reason(write.after, write.reason)
        which = {"version": write.restored, "in": after.version}
        before = latest[after.id].content
        one_with = {name: before[name] for name in UNITED if name in before}
        after = replace(after, content={**after.content, **one_with, RESTORED: which})
        yield replace(write, before=latest[after.id], after=after)
        latest[after.id] = after


def with_reason(record: Record, reason: str | None) -> Record:
    """The record with why it was changed last."""
    return replace(record, content={**record.content, REASON: reason})
