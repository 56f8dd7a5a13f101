"""Keyset pages: stable under concurrent writes, as cheap on the last page as on the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import ExecutionTimeout

from shared.cursors import decode_cursor, encode_cursor
from shared.keysets import Condition, Order, behind, between, reverse, values_of
from shared.paging import Asked, Page
from shared.types import Document

COUNT_MS: Final = 2_000


def keyset(
    collection: Collection[Document],
    query: Mapping[str, Any],
    asked: Asked,
    *,
    order: Order = (("_id", 1),),
    session: ClientSession | None = None,
    leave_out: str | None = None,
) -> Page[Document]:
    """The part of the list that is asked for; `leave_out` names a field not to be read.

    An index shall carry `order`; backwards it is read from its other end.
    Raises Refused BAD_CURSOR (final).
    """
    after, before = _decoded(asked.after, order), _decoded(asked.before, order)
    walked = list(
        collection.find(
            _all(query, *between(order, after, before)),
            {leave_out: 0} if leave_out else None,
            session=session,
        )
        .sort(reverse(order) if asked.backwards else list(order))
        .limit(asked.size + 1)
    )
    return asked.cut(
        walked,
        lambda document: encode_cursor(values_of(document, order)),
        behind=asked.behind is not None and _behind(collection, query, asked, order, session),
        total_count=counted(collection, query, session) if asked.count else None,
    )


def counted(
    collection: Collection[Document],
    query: Mapping[str, Any],
    session: ClientSession | None = None,
) -> int | None:
    """How many documents match; None where counting them takes the server longer than COUNT_MS."""
    try:
        return collection.count_documents(query, session=session, maxTimeMS=COUNT_MS)
    except ExecutionTimeout:
        return None


def _behind(
    collection: Collection[Document],
    query: Mapping[str, Any],
    asked: Asked,
    order: Order,
    session: ClientSession | None,
) -> bool:
    """Whether anything stands at the cursor where the walk begins, or on its other side. What the
    cursor was given for is usually still there, so the first document looked at will do."""
    back = list(order) if asked.backwards else reverse(order)
    start = _decoded(asked.behind, order) or ()
    condition = _all(query, behind(back, start, itself=True))
    found = collection.find(condition, {"_id": True}, session=session).sort(back).limit(1)
    return any(True for _ in found)


def _decoded(cursor: Any, order: Order) -> list[Any] | None:
    return None if cursor is None else decode_cursor(cursor, len(order))


def _all(query: Mapping[str, Any], *conditions: Condition) -> Condition:
    parts = [dict(query), *conditions] if query else list(conditions)
    return {"$and": parts} if parts else {}
