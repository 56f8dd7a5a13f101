"""Owns the words by which a record is found: of its names, without case and accents, by their
beginnings. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from shared.codes.names import folded, squashed

_APOSTROPHE: Final = re.compile("['’ʼ`]")


def words_of(content: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """The words of the texts in these fields, with and without their apostrophes; of each text also
    the whole in one word."""
    texts = [text for name in names for text in _texts(content.get(name))]
    found = {
        word
        for text in texts
        for word in (
            *folded(text).split(),
            *folded(_APOSTROPHE.sub("", text)).split(),
            squashed(text),
        )
    }
    return sorted(found - {""})


def _texts(value: Any) -> Iterable[str]:
    """A text, those of a list, or those in several languages."""
    if isinstance(value, Mapping):
        return value.values()
    return (value,) if isinstance(value, str) else value or ()


def beginnings(text: str) -> list[list[str]]:
    """What words must begin so: all of one of the lists."""
    ways = [folded(text).split(), [squashed(text)]]
    return [way for way in ways if any(way)]
