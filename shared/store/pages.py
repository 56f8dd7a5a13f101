"""Keyset pages: stable under concurrent writes, as cheap on the last page as on the first."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from shared.days import moment
from shared.errors import Refused

MAX_FIRST = 200
DEFAULT_FIRST = 50


def bounded(first: Any, *, limit: int = MAX_FIRST) -> int:
    """The asked page size. Raises Refused PAGE_SIZE (final) outside 1..limit."""
    if first is None:
        return min(DEFAULT_FIRST, limit)
    if not isinstance(first, int) or isinstance(first, bool) or not 1 <= first <= limit:
        raise Refused("PAGE_SIZE", limit=limit)
    return first


def encode_cursor(values: Sequence[Any]) -> str:
    """An opaque cursor that stands behind the row with these sort values; times have an offset."""
    marked = [
        {"t": value.isoformat()} if isinstance(value, datetime) else value for value in values
    ]
    return base64.urlsafe_b64encode(orjson.dumps(marked)).rstrip(b"=").decode()


def decode_cursor(cursor: str, width: int) -> list[Any]:
    """The sort values of a cursor. Raises Refused BAD_CURSOR (final)."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        values = orjson.loads(raw)
        if not isinstance(values, list) or len(values) != width:
            raise Refused("BAD_CURSOR")
        decoded = [_instant(value["t"]) if isinstance(value, dict) else value for value in values]
    except (binascii.Error, ValueError, TypeError, KeyError) as error:
        raise Refused("BAD_CURSOR") from error
    if not all(isinstance(v, str | int | float | datetime) or v is None for v in decoded):
        raise Refused("BAD_CURSOR")
    return decoded


def _instant(text: Any) -> datetime:
    at = moment(text)
    if at is None:
        raise Refused("BAD_CURSOR")
    return at


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
