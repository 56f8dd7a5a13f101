"""Cursors come back from clients: whatever is no cursor of ours is refused as such."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.cursors import decode_cursor, encode_cursor
from shared.errors import Refused


def test_a_cursor_gives_back_what_it_was_made_of() -> None:
    values = ["a", 1, None, datetime(2026, 11, 23, 8, 30, tzinfo=UTC)]
    assert decode_cursor(encode_cursor(values), 4) == values


@pytest.mark.parametrize(
    "value",
    [
        {"$gt": ""},
        {"t": 1},
        {"t": "soon"},
        {"t": "0001-01-01T00:00:00+14:00"},
        {"t": "2026-11-23T08:30:00"},
        {"t": "2026-W01-1T00Z"},
        ["a"],
    ],
)
def test_what_is_no_value_of_a_cursor_is_refused(value: Any) -> None:
    forged = base64.urlsafe_b64encode(json.dumps([value]).encode()).decode()
    with pytest.raises(Refused, match="BAD_CURSOR"):
        decode_cursor(forged, 1)
