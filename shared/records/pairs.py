"""Pairs of a system and a text, by which a record is known elsewhere (`shared.records.known_by`),
each as one text too. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from shared.records.partial import known
from shared.texts import CONTROL, plain

EXTERNAL_REFS: Final = "external_refs"
IDENTIFIERS: Final = "identifiers"
MAX_PAIRS: Final = 20  # of a record
MAX_TEXT: Final = 200
SYSTEM: Final = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,49}")
REMOVE: Final = "remove"
_BETWEEN: Final = "\x1f"  # which no text can hold


class Unknown(NamedTuple):
    """Stands for an id that a key was to lead to, and tells why it does not."""

    code: str


def text_of(pair: Any) -> str | None:
    """The pair as one text; None if it is not whole."""
    if not isinstance(pair, Mapping):
        return None
    system, own = pair.get("system"), pair.get("key", pair.get("value"))
    return f"{system}{_BETWEEN}{own}" if known(system, own) else None


def texts(content: Mapping[str, Any], name: str) -> list[str]:
    """The pairs of a content as texts."""
    return [text for pair in content.get(name) or () if (text := text_of(pair))]


def read(given: Any) -> str | None:
    """A key as it came, as `text_of` has it; None if it is none. As the schema reads it, which
    says what is wrong."""
    if not isinstance(given, Mapping):
        return None
    system, key = given.get("system"), given.get("key")
    if not isinstance(system, str) or not isinstance(key, str):
        return None
    system, key = plain(system).lower(), plain(key)
    if not SYSTEM.fullmatch(system) or not 0 < len(key) <= MAX_TEXT or CONTROL.search(key):
        return None
    return f"{system}{_BETWEEN}{key}"


def removed(given: Any) -> bool:
    """Whether a pair as it came says that it goes."""
    return isinstance(given, Mapping) and given.get(REMOVE) is True


def with_pairs(kept: Any, given: Any) -> list[Any]:
    """The pairs that are kept, with what is given said over them."""
    found: dict[Any, Any] = {text_of(pair): pair for pair in kept or ()}
    unread = []
    for pair in given:
        if (text := text_of(pair)) is None:
            unread.append(pair)  # which is told
        elif pair.get(REMOVE) is True:
            found.pop(text, None)
        else:
            found[text] = {name: part for name, part in pair.items() if name != REMOVE}
    return [*found.values(), *unread]
