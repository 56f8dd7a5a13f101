"""Pages of a list: how much one asks for, and the cursor that says where to go on."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

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
