"""Owns the reading of records, one path for all kinds: by id, and page by page."""

from __future__ import annotations

from typing import Any

from services.activities import filters
from services.activities.handlers.requests import Request, ids_in, kind_of
from services.activities.kinds import Kind
from services.activities.store import ActivityStore
from shared.caller import Caller
from shared.codes import code_list
from shared.paging import Asked
from shared.records.pushes import Record


def get_many(request: Request, store: ActivityStore) -> dict[str, Any]:
    """`{"items": [record]}` of the `ids` that the caller may see, withdrawn ones included.

    Raises: Refused (final): MALFORMED, UNKNOWN_KIND, TOO_MANY_ITEMS.
    """
    caller, kind = Caller.of(request), kind_of(request)
    records = store.records[kind.name].get_many(ids_in(request), _as_reader(caller, kind))
    return {"items": [dumped(kind, record) for record in records.values()]}


def list_page(request: Request, store: ActivityStore) -> dict[str, Any]:
    """A page of records in the kind's order (`shared.paging`), `filter` as in `filters.query`.

    Raises: Refused (final): MALFORMED, UNKNOWN_KIND, PAGE_SIZE, FIRST_AND_LAST, BAD_CURSOR, or what
        is wrong with the filter, with its path.
    """
    caller, kind = Caller.of(request), kind_of(request)
    reader = _as_reader(caller, kind)
    query = filters.query(kind.name, request.get("filter") or {})
    if reader.role == "secretariat":
        # Names the chapters, so that the index of each gives its part in order.
        query.setdefault("chapter", {"$in": list(code_list("country"))})
    order = (kind.order, ("_id", kind.order[1]))
    page = store.records[kind.name].page(query, reader, Asked.of(request), order)
    return page.answer(lambda record: dumped(kind, record))


def dumped(kind: Kind, record: Record) -> dict[str, Any]:
    """The record as plain JSON values; an activity without sessions shows the one it implies."""
    sessions = kind.sessions(record)
    return {
        **record.frame(),
        **record.content,
        **({"sessions": sessions} if sessions else {}),
    }


def _as_reader(caller: Caller, kind: Kind) -> Caller:
    """A chapter reads what is public of its kind as the secretariat does."""
    return Caller("secretariat") if kind.public and caller.role == "chapter" else caller
