"""Keyset pages: stable under concurrent writes, as cheap on the last page as on the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from shared.cursors import DEFAULT_FIRST, decode_cursor, encode_cursor


def keyset(
    collection: Collection[dict[str, Any]],
    query: Mapping[str, Any],
    *,
    sort: Sequence[tuple[str, int]] = (("_id", 1),),
    after: str | None = None,
    first: int = DEFAULT_FIRST,
    session: ClientSession | None = None,
    leave_out: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of documents and the cursor of the next page, None on the last.

    `sort` names the fields and directions and must end in a unique one; an index shall carry it.
    Fields of `sort` must be present in every document; `leave_out` names one not to be read.
    Raises Refused BAD_CURSOR (final).
    """
    conditions = [dict(query)] if query else []
    if after is not None:
        values = decode_cursor(after, len(sort))
        name, direction = sort[0]
        # Says nothing new, but gives the index its bound where the planner makes none of the $or.
        conditions.append({name: {"$gte" if direction > 0 else "$lte": values[0]}})
        conditions.append({"$or": _behind(sort, values)})
    found = list(
        collection.find(
            {"$and": conditions} if conditions else {},
            {leave_out: 0} if leave_out else None,
            session=session,
        )
        .sort(list(sort))
        .limit(first + 1)
    )
    page = found[:first]
    if len(found) <= first:
        return page, None
    return page, encode_cursor([_dig(page[-1], name) for name, _ in sort])


def _behind(sort: Sequence[tuple[str, int]], values: Sequence[Any]) -> list[dict[str, Any]]:
    """What sorts after `values`: equal on a prefix of the fields, then beyond on the next one."""
    return [
        {
            **{earlier: value for (earlier, _), value in zip(sort[:i], values, strict=False)},
            name: {"$gt" if direction > 0 else "$lt": values[i]},
        }
        for i, (name, direction) in enumerate(sort)
    ]


def _dig(document: Mapping[str, Any], dotted: str) -> Any:
    value: Any = document
    for part in dotted.split("."):
        value = value[part]
    return value
