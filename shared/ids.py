"""Identifiers: UUIDs in canonical lower-case text, time-ordered (version 7) where we make them."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

from shared.errors import Refused
from shared.texts import plain

IDS_ASKED: Final = 200  # to which a list may be narrowed at once: the largest page

_NOTHING: Final = frozenset(
    {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"}
)
_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def new_id() -> str:
    """A UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then 74 random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def canonical(value: object) -> str | None:
    """`value` as a canonical id, or None if it is no UUID in its usual 36-character form, or one of
    the two that stand for no thing (RFC 9562, sections 5.9 and 5.10). What nobody sees around it is
    no part of it, as in any text (`shared.texts`)."""
    if not isinstance(value, str):
        return None
    text = plain(value).lower()
    return text if _CANONICAL.fullmatch(text) and text not in _NOTHING else None


def asked_for(
    given: Any, *path: str, read: Callable[[object], str | None] = canonical
) -> list[str] | None:
    """The ids at `path` of a request, to which a list is narrowed, once each; None: not narrowed.

    Raises Refused (final) with the path: NOT_A_LIST, TOO_MANY (beyond IDS_ASKED), INVALID_ID (one
    that `read` does not take).
    """
    if given is None:
        return None
    if not isinstance(given, list):
        raise Refused("NOT_A_LIST", path=[*path])
    if len(given) > IDS_ASKED:
        raise Refused("TOO_MANY", path=[*path], limit=IDS_ASKED)
    ids: dict[str, None] = {}
    for place, each in enumerate(given):
        identifier = read(plain(each) if isinstance(each, str) else each)
        if identifier is None:
            raise Refused("INVALID_ID", path=[*path, place])
        ids[identifier] = None
    return list(ids)
