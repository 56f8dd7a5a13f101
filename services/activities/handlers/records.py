"""Owns the use cases of records, one path for all kinds: push, withdraw, reinstate, read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.activities import filters
from services.activities.handlers.agreement import Rules
from services.activities.kinds import KINDS, Kind
from services.activities.rules.sheets import Sheet
from services.activities.store import ActivityStore
from shared.caller import Caller
from shared.codes import code_list
from shared.cursors import bounded
from shared.errors import Refused
from shared.events import Event
from shared.ids import canonical
from shared.records import engine
from shared.records.pushes import MAX_ITEMS, Decision, Push, Record, Write, answer, ids_of, parse
from shared.store.mongo import Tx

SOURCE = "/activities"
PAST = {
    "created": "recorded",
    "updated": "corrected",
    "withdrawn": "withdrawn",
    "reinstated": "reinstated",
}
Request = Mapping[str, Any]


def push(kind: Kind, request: Request, store: ActivityStore) -> dict[str, Any]:
    """Create or update records of one kind.

    Args: request: `{"pushes": [{"caller", "items", "mode", "dry_run"}]}`, 500 items at most.
    Returns: a receipt per item: CREATED, UPDATED, UNCHANGED, or REJECTED with coded problems.
    Raises: Refused (final): TOO_MANY_ITEMS, MALFORMED. Unavailable (retryable, with the same ids).
    Effects: one transaction: the records, the sheets of sessions that come or go, and one
        `<kind>.recorded` or `<kind>.corrected` for each record written.
    """
    pushes = parse(request)
    now = datetime.now(UTC)
    today = now.date().isoformat()
    latest = (now + timedelta(hours=1)).date().isoformat()  # where it is latest among the chapters

    def work(tx: Tx) -> dict[str, Any]:
        existing = store.records[kind.name].load(tx, ids_of(pushes))
        rules = Rules.read(tx, store, kind, pushes, existing, latest)
        decision = engine.push(
            pushes,
            kind.schema,
            existing,
            rules.problems,
            merge=lambda kept, given: kind.complete({**kept, **given}, today),
        )
        return _carry_out(tx, store, kind, decision, rules.sheets)

    return store.transact(work)


def withdraw(kind: Kind, request: Request, store: ActivityStore) -> dict[str, Any]:
    """Set tombstones: items `{"id", "reason", "expected_version"?}`; receipts, errors as `push`.

    Effects: one transaction: the records, their sessions closed for attendance (the sheets stay),
        and one `<kind>.withdrawn` each.
    """
    return _tombstones(kind, request, store, engine.withdraw)


def reinstate(kind: Kind, request: Request, store: ActivityStore) -> dict[str, Any]:
    """Undo `withdraw`: sessions open again, one `<kind>.reinstated` each."""
    return _tombstones(kind, request, store, engine.reinstate)


def get_many(request: Request, store: ActivityStore) -> dict[str, Any]:
    """`{"items": [record]}` of the `ids` that the caller may see, withdrawn ones included.

    Raises: Refused (final): MALFORMED, UNKNOWN_KIND, TOO_MANY_ITEMS.
    """
    caller, kind = caller_of(request), kind_of(request)
    records = store.records[kind.name].get_many(ids_in(request), _as_reader(caller, kind))
    return {"items": [dumped(kind, record) for record in records.values()]}


def list_page(request: Request, store: ActivityStore) -> dict[str, Any]:
    """`{"items": [record], "next": cursor or None}` in the kind's order, `filter` as in `listing`.

    Raises: Refused (final): MALFORMED, UNKNOWN_KIND, PAGE_SIZE, BAD_CURSOR, or what is
        wrong with the filter, with its path.
    """
    caller, kind = caller_of(request), kind_of(request)
    reader = _as_reader(caller, kind)
    query = filters.query(kind.name, request.get("filter") or {})
    if reader.role == "secretariat":
        # Names the chapters, so that the index of each gives its part in order.
        query.setdefault("chapter", {"$in": list(code_list("country"))})
    records, cursor = store.records[kind.name].page(
        query,
        reader,
        after=request.get("after"),
        first=bounded(request.get("first")),
        sort=(kind.order, ("_id", kind.order[1])),
    )
    return {"items": [dumped(kind, record) for record in records], "next": cursor}


def dumped(kind: Kind, record: Record) -> dict[str, Any]:
    """The record as plain JSON values; an activity without sessions shows the one it implies."""
    sessions = kind.sessions(record)
    return {
        "id": record.id,
        "chapter": record.chapter,
        "version": record.version,
        "withdrawn": record.withdrawn,
        "created_at": record.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": record.updated_at.isoformat().replace("+00:00", "Z"),
        **record.content,
        **({"sessions": sessions} if sessions else {}),
    }


def _tombstones(
    kind: Kind,
    request: Request,
    store: ActivityStore,
    decide: Callable[[Sequence[Push], Mapping[str, Record]], Decision],
) -> dict[str, Any]:
    pushes = parse(request)

    def work(tx: Tx) -> dict[str, Any]:
        existing = store.records[kind.name].load(tx, ids_of(pushes))
        return _carry_out(tx, store, kind, decide(pushes, existing), None)

    return store.transact(work)


def _carry_out(
    tx: Tx,
    store: ActivityStore,
    kind: Kind,
    decision: Decision,
    sheets: Mapping[str, Sheet] | None,
) -> dict[str, Any]:
    """Write what was decided; `sheets` are the stored ones, None if all are known to be there."""
    if decision.writes:
        store.save(tx, kind, decision.writes)
        new, states = _session_changes(kind, decision.writes, sheets)
        store.add_sheets(tx, new)
        store.set_sheet_states(tx, states)
        emit(tx, [(write.caller, _event(kind, write)) for write in decision.writes])
    return answer(decision)


def _session_changes(
    kind: Kind, writes: Iterable[Write], sheets: Mapping[str, Sheet] | None
) -> tuple[list[Sheet], dict[str, str]]:
    """The sheets to make, and the states of those that open or close: session id → state."""
    new: dict[str, Sheet] = {}
    states: dict[str, str] = {}
    for write in writes:
        had = kind.session_ids(write.before) if _open(write.before) else set()
        has = kind.session_ids(write.after) if _open(write.after) else set()
        for session_id in has - had:
            if sheets is None or session_id in sheets or session_id in new:
                states[session_id] = "open"
            else:
                new[session_id] = Sheet(session_id, write.after.id, write.after.chapter)
        states |= dict.fromkeys(had - has, "withdrawn" if write.after.withdrawn else "dropped")
    return list(new.values()), states


def _open(record: Record | None) -> bool:
    return record is not None and not record.withdrawn


def emit(tx: Tx, events: Iterable[tuple[Caller, Event]]) -> None:
    """Write events to the outbox, in one go per acting key."""
    by_actor: dict[str, list[Event]] = {}
    for caller, event in events:
        by_actor.setdefault(caller.key_id, []).append(event)
    for actor, batch in by_actor.items():
        tx.emit(batch, actor)


def _event(kind: Kind, write: Write) -> Event:
    after = write.after
    data = kind.state(after)
    if write.kind == "updated" and write.before:
        data["private_changed"] = _private_changes(kind, write.before, after)
    return Event.new(
        f"{kind.name}.{PAST[write.kind]}", SOURCE, after.id, after.version, data,
        caller=write.caller,
    )  # fmt: skip


def _private_changes(kind: Kind, before: Record, after: Record) -> list[str]:
    """The fields of which something changed that the event does not show, for the change log."""
    old, new = kind.state(before), kind.state(after)
    return [
        name
        for name in sorted({*before.content, *after.content})
        if before.content.get(name) != after.content.get(name) and old.get(name) == new.get(name)
    ]


def caller_of(request: Request) -> Caller:
    """Who asks. Raises Refused (final): MALFORMED, BAD_CALLER."""
    try:
        return Caller.from_dict(request["caller"])
    except (KeyError, TypeError, AttributeError) as error:
        raise Refused("MALFORMED") from error


def kind_of(request: Request) -> Kind:
    """The kind a request speaks of. Raises Refused (final): UNKNOWN_KIND."""
    name = str(request.get("kind"))[:80]
    if name not in KINDS:
        raise Refused("UNKNOWN_KIND", value=name)
    return KINDS[name]


def ids_in(request: Request, name: str = "ids", limit: int = MAX_ITEMS) -> list[str]:
    """The valid ids that a request names, once each. Raises Refused (final): TOO_MANY_ITEMS."""
    ids = list(dict.fromkeys(i for i in map(canonical, request.get(name) or ()) if i))
    if len(ids) > limit:
        raise Refused("TOO_MANY_ITEMS", limit=limit, count=len(ids))
    return ids


def _as_reader(caller: Caller, kind: Kind) -> Caller:
    """A chapter reads what is public of its kind as the secretariat does."""
    return Caller("secretariat") if kind.public and caller.role == "chapter" else caller
