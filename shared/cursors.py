"""Cursors: opaque texts that say where in a list an item stands."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from shared.days import parse_timestamp
from shared.errors import Refused


def encode_cursor(values: Sequence[Any]) -> str:
    """The cursor of the row with these sort values; times have an offset."""
    marked = [
        {"t": value.isoformat()} if isinstance(value, datetime) else value for value in values
    ]
    return base64.urlsafe_b64encode(orjson.dumps(marked)).rstrip(b"=").decode()


def decode_cursor(cursor: Any, width: int) -> list[Any]:
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
    at = parse_timestamp(text)
    if at is None:
        raise Refused("BAD_CURSOR")
    return at
