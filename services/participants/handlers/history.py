"""Owns the versions of people and of nominations: how each of them read, what made it, what differs
between two, and bringing one back. All of it is for those who may read the person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import Schema

from services.participants.definitions import NOMINATED, PARTICIPANT
from services.participants.handlers.requests import reader_of
from services.participants.layout import MERGES
from services.participants.schemas import (
    NOMINATION,
    PERSON,
    REASON,
    RESTORED,
    nomination_view,
    person_view,
)
from services.participants.store import ParticipantStore
from shared.caller import Caller
from shared.errors import NotFound, Refused
from shared.ids import canonical
from shared.paging import Asked
from shared.record_types import RECORD_TYPES
from shared.records.collection import RecordCollection
from shared.records.comparing import Difference, differences
from shared.records.pushes import Record
from shared.records.versions import VersionCollection
from shared.store.outbox import Done
from shared.times import rfc3339
from shared.types import Answer, Request


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    schema: Schema
    view: Callable[[Record], dict[str, Any]]
    reason: Callable[[Record], Any]

    def records(self, store: ParticipantStore) -> RecordCollection:
        return store.people if self.name == PARTICIPANT.name else store.nominations

    def versions(self, store: ParticipantStore) -> VersionCollection[Record]:
        return store.versions[RECORD_TYPES[self.name].collection]


_KINDS: Final[Mapping[str, _Kind]] = {
    each.name: each
    for each in (
        _Kind(PARTICIPANT.name, PERSON, person_view, lambda r: r.content.get(REASON)),
        _Kind(NOMINATED.name, NOMINATION, nomination_view, lambda r: r.content.get("reason")),
    )
}
_REASONED: Final = frozenset({"withdrawn", "reinstated", "decided", "merged", "separated"})


def history(request: Request, store: ParticipantStore) -> Answer:
    """The versions of one person or nomination, newest first.

    Args: request: `{"caller", "kind", "id"}`, and which page (`shared.paging`).
    Returns: the page, its items `{"version", "kind" (registered, corrected, …), "at", "actor",
        "reason", "restored": the version that it brought back, "record": as it read}`. A version
        that a release before wrote over is not there.
    Raises: NotFound (final), also where the caller may not see it; Refused (final): UNKNOWN_KIND,
        PAGE_SIZE, FIRST_AND_LAST, BAD_CURSOR; Forbidden; Unavailable (retryable).
    """
    caller, kind = reader_of(request), _kind_of(request)
    record = _record(request, store, kind, caller)
    page = kind.versions(store).page(record, Asked.of(request))
    steps = store.outbox.steps(kind.name, [(record.id, each.version) for each in page.items])
    return page.answer(lambda each: {**_made(kind, each, steps), "record": kind.view(each)})


def changes(request: Request, store: ParticipantStore) -> Answer:
    """The same, oldest first, each with what it changed of the version before, as the change log
    of other records: `{…, "changed": {path: {"before", "after"}}, "private_changed": []}`. Of a
    version whose predecessor is not kept, nothing is told but that it was made.
    """
    caller, kind = reader_of(request), _kind_of(request)
    record = _record(request, store, kind, caller)
    asked, versions = Asked.of(request), kind.versions(store)
    page = versions.page(record, asked, oldest_first=True)
    keys = [(record.id, each.version) for each in page.items]
    steps = store.outbox.steps(kind.name, keys)
    before = versions.get([(key, version - 1) for key, version in keys])

    def shown(each: Record) -> dict[str, Any]:
        old = before.get((each.id, each.version - 1))
        found = _differences(kind, old, each) if old or each.version == 1 else ()
        changed = {path: {"before": a, "after": b} for path, a, b in found}
        return {**_made(kind, each, steps), "changed": changed, "private_changed": []}

    return page.answer(shown)


def version(request: Request, store: ParticipantStore) -> Answer:
    """`{"item": record}`: the record as it read in `version`, a whole number from 1.

    Raises: NotFound (final): there is none, it is not kept, or the caller may not see it; Refused
        UNKNOWN_KIND (final); Forbidden; Unavailable (retryable).
    """
    caller, kind = reader_of(request), _kind_of(request)
    record = _record(request, store, kind, caller)
    return {"item": kind.view(_version(record, request.get("version"), store, kind))}


def compare(request: Request, store: ParticipantStore) -> Answer:
    """`{"items": [{"path", "before", "after"}]}`: what differs between the versions `from` and
    `to`, by the paths of `shared.records.comparing`. Raises as `version`."""
    caller, kind = reader_of(request), _kind_of(request)
    record = _record(request, store, kind, caller)
    old, new = (_version(record, request.get(each), store, kind) for each in ("from", "to"))
    return {"items": [each._asdict() for each in _differences(kind, old, new)]}


def _kind_of(request: Request) -> _Kind:
    name = str(request.get("kind"))[:80]
    if name not in _KINDS:
        raise Refused("UNKNOWN_KIND", value=name, kinds=list(_KINDS))
    return _KINDS[name]


def _record(request: Request, store: ParticipantStore, kind: _Kind, caller: Caller) -> Record:
    identifier = canonical(request.get("id")) or ""
    found = kind.records(store).get_many([identifier], caller)
    if identifier in found.damaged:
        raise Refused("DAMAGED_RECORD", id=identifier)
    if identifier not in found:
        raise NotFound()
    return found[identifier]


def _version(record: Record, asked: Any, store: ParticipantStore, kind: _Kind) -> Record:
    if asked == record.version:
        return record
    if not isinstance(asked, int) or not 1 <= asked < record.version:
        raise NotFound()
    key = record.id, asked
    kept = kind.versions(store).get([key])
    if key not in kept:
        raise NotFound()
    return kept[key]


def _made(kind: _Kind, record: Record, steps: Mapping[tuple[str, int], Done]) -> dict[str, Any]:
    done, actor, _ = steps[record.id, record.version]
    restored = record.content.get(RESTORED) or {}
    restored = restored if restored.get("in") == record.version else {}
    reason = record.content.get(REASON)
    return {
        "version": record.version,
        "kind": done,
        "at": rfc3339(record.updated_at),
        "actor": actor,
        "reason": reason if restored else kind.reason(record) if done in _REASONED else None,
        "restored": restored.get("version"),
    }


def _differences(kind: _Kind, old: Record | None, new: Record) -> Iterable[Difference]:
    found = differences(kind.schema, old.content if old else {}, new.content)
    yield from (each for each in found if each.path not in (RESTORED, MERGES))
    if old is not None and old.withdrawn is not new.withdrawn:
        yield Difference("withdrawn", old.withdrawn, new.withdrawn)
