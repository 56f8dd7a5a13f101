"""Owns the reading of records, one path for all record types: by id, and page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from services.activities import filters
from services.activities.definitions import RecordDefinition
from services.activities.handlers.requests import definition_of, ids_in
from services.activities.store import ActivityStore
from shared.caller import Caller
from shared.codes import code_list, places
from shared.codes.countries import today
from shared.codes.states import state_on
from shared.paging import Asked
from shared.records import keys
from shared.records.pairs import EXTERNAL_REFS
from shared.records.pushes import Record, parse
from shared.times import rfc3339
from shared.types import Request


def get_many(request: Request, store: ActivityStore) -> dict[str, Any]:
    """`{"items": [record], "damaged": [id]}` of the `ids` that the caller may see, withdrawn ones
    included; `damaged` are those that cannot be shown. Of withdrawn ones, `withdrawal` tells who
    may write the record `{"at", "by": key id, "reason"}`.

    Raises: Refused (final): MALFORMED, UNKNOWN_KIND, TOO_MANY_ITEMS.
    """
    caller, definition = Caller.of(request), definition_of(request)
    records = store.records[definition.name].get_many(
        ids_in(request), as_reader(caller, definition)
    )
    return {
        "items": with_withdrawals(definition, list(records.values()), caller, store),
        "damaged": list(records.damaged),
    }


def lead(request: Request, store: ActivityStore) -> dict[str, Any]:
    """`{"ids": [id or null]}`: what the `ref` of each of the `items` `{"ref", "chapter"?}` leads to
    (`shared.records.keys`), 500 at most.

    Raises: Refused (final): MALFORMED, UNKNOWN_KIND, TOO_MANY_ITEMS.
    """
    caller, definition = Caller.of(request), definition_of(request)
    [push] = parse({"pushes": [request]})
    return {"ids": keys.lead(caller, push.items, store.records[definition.name].holders)}


def list_page(request: Request, store: ActivityStore) -> dict[str, Any]:
    """A page of records in the order of their type (`shared.paging`), `filter` as in
    `filters.query`.

    Raises: Refused (final): MALFORMED, UNKNOWN_KIND, PAGE_SIZE, FIRST_AND_LAST, BAD_CURSOR, or what
        is wrong with the filter, with its path.
    """
    caller, definition = Caller.of(request), definition_of(request)
    reader = as_reader(caller, definition)
    records = store.records[definition.name]
    query = filters.query(
        definition.name,
        request.get("filter") or {},
        lambda asked: records.listed_by(asked, caller),
        _with_same(store),
    )
    if reader.role == "secretariat":
        # Names the chapters, so that the index of each gives its part in order.
        query.setdefault("chapter", {"$in": list(code_list("country"))})
    order = (definition.order, ("_id", definition.order[1]))
    page = records.page(query, reader, Asked.of(request), order)
    items = with_withdrawals(definition, page.items, caller, store)
    return {"items": items, **page.frame()}


def _with_same(store: ActivityStore) -> Callable[[list[str]], list[str]]:
    """Of the places asked for, with those that turned out to be the same; units are asked no
    further about."""

    def expanded(place_ids: list[str]) -> list[str]:
        if any(map(places.may_be_same, place_ids)):
            return places.with_same(place_ids, store.places.same())
        return place_ids

    return expanded


def with_withdrawals(
    definition: RecordDefinition, records: Sequence[Record], caller: Caller, store: ActivityStore
) -> list[dict[str, Any]]:
    """The records as `dumped`; to a withdrawn one that the caller may write, by whom it was
    withdrawn, and why."""
    told = [
        (record.id, record.version)
        for record in records
        if record.withdrawn and caller.may_touch(record.chapter)
    ]
    made = store.steps.made(definition.name, told) if told else {}
    items = []
    for record in records:
        item = dumped(definition, record, insider=caller.may_touch(record.chapter))
        if step := made.get((record.id, record.version)):
            withdrawal = {"at": rfc3339(record.updated_at), "by": step.actor, "reason": step.reason}
            item["withdrawal"] = withdrawal
        items.append(item)
    return items


def dumped(definition: RecordDefinition, record: Record, *, insider: bool) -> dict[str, Any]:
    """The record as plain JSON values, its keys elsewhere for insiders alone; an activity without
    sessions shows the one it implies, and where it stands today if nobody has said so."""
    shown = {**record.frame(), **record.content}
    if not insider:
        shown.pop(EXTERNAL_REFS, None)
    if definition.has_sessions:
        stated = record.content.get("status")
        shown["sessions"] = definition.sessions(record)
        shown["status_stated"] = stated is not None
        shown["status"] = state_on(today(record.chapter), stated, record.content["starts_on"])
    return shown


def as_reader(caller: Caller, definition: RecordDefinition) -> Caller:
    """A chapter reads what is public of its type as the secretariat does."""
    return Caller("secretariat") if definition.public and caller.role == "chapter" else caller
