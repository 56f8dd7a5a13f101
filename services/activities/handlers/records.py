"""Owns the writing of records, one path for all record types: push, withdraw, reinstate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.activities.definitions import ACTIVITY, RecordDefinition
from services.activities.handlers.integrity import Integrity
from services.activities.handlers.requests import definition_of
from services.activities.rules import session_keys
from services.activities.rules.lines import AttendanceSheet
from services.activities.store import ActivityStore
from shared.caller import Caller
from shared.codes.countries import today
from shared.contracts import HOUSE
from shared.events import Event
from shared.records import engine, keys, restoring
from shared.records.collection import recall, remember
from shared.records.pushes import Decision, Push, Record, Write, answer, ids_of, parse
from shared.records.repetitions import Repetitions
from shared.records.restoring import versions_in
from shared.store.mongo import Tx
from shared.types import Request

SOURCE = "/activities"


def push(request: Request, store: ActivityStore) -> dict[str, Any]:
    """Create or update records of one type.

    Args: request: `{"kind", "pushes": [{"caller", "items", "mode", "dry_run", "push_id"}]}`, 500
        items at most. Keys may stand in the place of ids (`shared.records.keys`).
    Returns: a receipt per item: CREATED, UPDATED, UNCHANGED, or REJECTED with coded problems.
    Raises: Refused (final): UNKNOWN_KIND, TOO_MANY_ITEMS, MALFORMED. Unavailable (retryable, with
        the same ids).
    Effects: one transaction: the records, the sheets of sessions that come or go, and one
        `<record type>.recorded` or `<record type>.corrected` for each record written.
    """
    definition, pushes = definition_of(request), parse(request)

    def work(tx: Tx) -> dict[str, Any]:
        decision, integrity, repetitions = _decided(tx, store, definition, pushes)
        remember(tx, repetitions)
        return _carry_out(tx, store, definition, decision, integrity.sheets)

    return store.transact(work)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a push of activities would leave: the sheets of the sessions that it makes, opens or
    closes, and of each activity that it changes the stated state and the first day, and by what
    its sessions are named."""

    sheets: Mapping[str, AttendanceSheet]
    standing: Mapping[str, tuple[str | None, str]]
    activities: Sequence[session_keys.Named]


def foreseen(tx: Tx, store: ActivityStore, pushed: Push) -> Foreseen:
    """What the push would do, without doing it."""
    meant = replace(pushed, dry_run=False, all_or_nothing=False)
    decision, integrity, _ = _decided(tx, store, ACTIVITY, [meant])
    new, states = _session_changes(ACTIVITY, decision.writes, integrity.sheets)
    changed = {
        key: replace(integrity.sheets[key], state=state)
        for key, state in states.items()
        if key in integrity.sheets
    }
    return Foreseen(
        {**changed, **{sheet.id: sheet for sheet in new}},
        {
            each.after.id: (each.after.content.get("status"), each.after.content["starts_on"])
            for each in decision.writes
        },
        [(each.after.id, each.after.chapter, each.after.content) for each in decision.writes],
    )


def _decided(
    tx: Tx, store: ActivityStore, definition: RecordDefinition, pushes: Sequence[Push]
) -> tuple[Decision, Integrity, Repetitions]:
    find = store.records[definition.name].find(tx)
    resolved = keys.resolve(pushes, find, store.references(tx, definition))
    existing = store.records[definition.name].load(tx, ids_of(resolved.pushes))
    pushes = resolved.pushes
    if definition.has_sessions:
        pushes = session_keys.with_ids(pushes, existing)
    repetitions = recall(tx, f"{definition.name}/push", pushes if existing else ())
    integrity = Integrity.read(tx, store, definition, pushes, existing)
    decision = engine.push(
        pushes,
        definition.schema,
        existing,
        integrity.problems,
        claims=integrity.claims,
        holders={**integrity.holders, **resolved.holders},
        remarks=integrity.remarks,
        complete=lambda content, kept, given, chapter: definition.complete(
            content, kept, given, today(chapter)
        ),
        repetitions=repetitions,
    )
    return resolved.told(decision), integrity, repetitions


def withdraw(request: Request, store: ActivityStore) -> dict[str, Any]:
    """Set tombstones: items `{"id", "reason", "expected_version"?}`; receipts, errors as `push`.

    Effects: one transaction: the records, their sessions closed for attendance (the sheets stay),
        and one `<record type>.withdrawn` each.
    """
    return _tombstones(request, store, "withdraw", engine.withdraw)


def reinstate(request: Request, store: ActivityStore) -> dict[str, Any]:
    """Undo `withdraw`: sessions open again, one `<record type>.reinstated` each."""
    return _tombstones(request, store, "reinstate", engine.reinstate)


def restore(request: Request, store: ActivityStore) -> dict[str, Any]:
    """Give records the content of one of their versions again, in a new version: items `{"id",
    "version", "reason", "expected_version"?}`; receipts, errors as `push`, which checks alike.

    Effects: as `push`; the event is `<record type>.corrected`.
    """
    definition, pushes = definition_of(request), parse(request)

    def work(tx: Tx) -> dict[str, Any]:
        find = store.records[definition.name].find(tx)
        resolved = keys.resolve(pushes, find)
        existing = store.records[definition.name].load(tx, ids_of(resolved.pushes))
        kept = store.versions[definition.name].get(versions_in(resolved.pushes), tx.session)
        versions = {key: record.content for key, record in kept.items()}
        repetitions = recall(tx, f"{definition.name}/restore", resolved.pushes)
        read = [*kept.values(), *existing.values()]
        as_said = [Push(Caller(""), [{"id": each.id, **each.content} for each in read])]
        integrity = Integrity.read(tx, store, definition, as_said, existing)
        decision = restoring.restore(
            resolved.pushes,
            definition.schema,
            existing,
            versions,
            integrity.problems_of_restored,
            claims=integrity.claims,
            holders={**integrity.holders, **keys.holders_of(read, find)},
            repetitions=repetitions,
        )
        remember(tx, repetitions)
        return _carry_out(tx, store, definition, resolved.told(decision), integrity.sheets)

    return store.transact(work)


def _tombstones(
    request: Request,
    store: ActivityStore,
    operation: str,
    decide: Callable[[Sequence[Push], Mapping[str, Record], Repetitions], Decision],
) -> dict[str, Any]:
    definition, pushes = definition_of(request), parse(request)

    def work(tx: Tx) -> dict[str, Any]:
        resolved = keys.resolve(pushes, store.records[definition.name].find(tx))
        existing = store.records[definition.name].load(tx, ids_of(resolved.pushes))
        repetitions = recall(tx, f"{definition.name}/{operation}", pushes)
        decision = decide(resolved.pushes, existing, repetitions)
        remember(tx, repetitions)
        return _carry_out(tx, store, definition, resolved.told(decision), None)

    return store.transact(work)


def _carry_out(
    tx: Tx,
    store: ActivityStore,
    definition: RecordDefinition,
    decision: Decision,
    sheets: Mapping[str, AttendanceSheet] | None,
) -> dict[str, Any]:
    """Write what was decided; `sheets` are the stored ones, None if all are known to be there."""
    if decision.writes:
        store.save(tx, definition, decision.writes)
        new, states = _session_changes(definition, decision.writes, sheets)
        store.sheets.add(tx, new)
        store.sheets.set_states(tx, states)
        tx.emit(_event(definition, write) for write in decision.writes)
    return answer(decision)


def _session_changes(
    definition: RecordDefinition,
    writes: Iterable[Write],
    sheets: Mapping[str, AttendanceSheet] | None,
) -> tuple[list[AttendanceSheet], dict[str, str]]:
    """The sheets to make, and the states of those that open or close: session id → state."""
    new: dict[str, AttendanceSheet] = {}
    states: dict[str, str] = {}
    for write in writes:
        had = definition.session_ids(write.before) if _open(write.before) else set()
        has = definition.session_ids(write.after) if _open(write.after) else set()
        for session_id in has - had:
            if sheets is None or session_id in sheets or session_id in new:
                states[session_id] = "open"
            else:
                new[session_id] = AttendanceSheet(session_id, write.after.id, write.after.chapter)
        states |= dict.fromkeys(had - has, "withdrawn" if write.after.withdrawn else "dropped")
    return list(new.values()), states


def _open(record: Record | None) -> bool:
    return record is not None and not record.withdrawn


def _event(definition: RecordDefinition, write: Write) -> Event:
    after = write.after
    event_type, data = definition.record_type.event(write.kind), definition.state(after)
    if write.kind == "updated" and write.before:
        data["private_changed"] = _private_changes(definition, event_type, write.before, after)
    return Event.new(event_type, SOURCE, after.id, after.version, data, caller=write.caller)


def _private_changes(
    definition: RecordDefinition, event_type: str, before: Record, after: Record
) -> list[str]:
    """The fields of which something changed that no version of the event shows, for the change
    log."""
    old = HOUSE.allowed(event_type, definition.state(before))
    new = HOUSE.allowed(event_type, definition.state(after))
    return [
        name
        for name in sorted({*before.content, *after.content})
        if before.content.get(name) != after.content.get(name)
        and all(old[version].get(name) == new[version].get(name) for version in new)
    ]
