"""Owns the versions of records: how each of them read, what made it, what differs between two."""

from __future__ import annotations

from typing import Any

from services.activities.definitions import RecordDefinition
from services.activities.handlers.reading import as_reader, dumped, with_withdrawals
from services.activities.handlers.requests import definition_of
from services.activities.store import ActivityStore
from shared.caller import Caller
from shared.errors import NotFound, Refused
from shared.ids import canonical
from shared.paging import Asked
from shared.records.comparing import differences
from shared.records.pairs import EXTERNAL_REFS
from shared.records.pushes import Record
from shared.times import rfc3339
from shared.types import Request


def history(request: Request, store: ActivityStore) -> dict[str, Any]:
    """The versions of one record, newest first, to those who may read the record.

    Args: request: `{"caller", "kind", "id"}`, and which page (`shared.paging`).
    Returns: the page, its items `{"version", "kind" (recorded, corrected, …), "at", "actor",
        "reason", "restored": the version whose content it brought back, "record": as it read}`.
        `actor` and `reason` are told to those who may write the record. A version that a release
        before wrote over is not there.
    Raises: NotFound (final), also where the caller may not see it; Refused (final): UNKNOWN_KIND,
        PAGE_SIZE, FIRST_AND_LAST, BAD_CURSOR.
    """
    caller, definition = Caller.of(request), definition_of(request)
    record = _record(request, store, definition, caller)
    page = store.versions[definition.name].page(record, Asked.of(request))
    made = store.steps.made(definition.name, [(record.id, each.version) for each in page.items])
    insider = caller.may_touch(record.chapter)

    def shown(each: Record) -> dict[str, Any]:
        step = made[record.id, each.version]
        return {
            "version": each.version,
            "kind": step.kind,
            "at": rfc3339(each.updated_at),
            "actor": step.actor if insider else None,
            "reason": step.reason if insider else None,
            "restored": step.restored,
            "record": dumped(definition, each, insider=insider),
        }

    return page.answer(shown)


def version(request: Request, store: ActivityStore) -> dict[str, Any]:
    """`{"item": record}`: the record as it read in `version`, a whole number from 1.

    Raises: NotFound (final): there is none, it is not kept, or the caller may not see it; Refused
        (final): UNKNOWN_KIND.
    """
    caller, definition = Caller.of(request), definition_of(request)
    record = _record(request, store, definition, caller)
    asked = _version(record, request.get("version"), store, definition)
    [item] = with_withdrawals(definition, [asked], caller, store)
    return {"item": item}


def compare(request: Request, store: ActivityStore) -> dict[str, Any]:
    """`{"items": [{"path", "before", "after"}]}`: what differs between the versions `from` and `to`
    of a record, by the paths of `shared.records.comparing`; and `withdrawn`.

    Raises: as `version`.
    """
    caller, definition = Caller.of(request), definition_of(request)
    record = _record(request, store, definition, caller)
    old, new = (_version(record, request.get(each), store, definition) for each in ("from", "to"))
    insider = caller.may_touch(record.chapter)
    found = [
        each._asdict()
        for each in differences(definition.schema, old.content, new.content)
        if insider or each.path != EXTERNAL_REFS
    ]
    if old.withdrawn is not new.withdrawn:
        found.append({"path": "withdrawn", "before": old.withdrawn, "after": new.withdrawn})
    return {"items": found}


def _record(
    request: Request, store: ActivityStore, definition: RecordDefinition, caller: Caller
) -> Record:
    """The record as it is. Raises NotFound, also where the caller may not read it."""
    identifier = canonical(request.get("id")) or ""
    reader = as_reader(caller, definition)
    found = store.records[definition.name].get_many([identifier], reader)
    if identifier in found.damaged:
        raise Refused("DAMAGED_RECORD", id=identifier)
    if identifier not in found:
        raise NotFound()
    return found[identifier]


def _version(
    record: Record, asked: Any, store: ActivityStore, definition: RecordDefinition
) -> Record:
    if asked == record.version:
        return record
    if not isinstance(asked, int) or not 1 <= asked < record.version:
        raise NotFound()
    key = record.id, asked
    kept = store.versions[definition.name].get([key])
    if key not in kept:
        raise NotFound()
    return kept[key]
