"""Owns the words by which a record is found: of its names, without case and accents, by their
beginnings. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from shared.codes.names import folded, squashed

_APOSTROPHE: Final = re.compile("['’ʼ`]")


def words_of(content: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """The words of these fields, with and without their apostrophes; of each field also the whole
    in one word."""
    texts = [content[name] for name in names if content.get(name)]
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


def beginnings(text: str) -> list[list[str]]:
    """What words must begin so: all of one of the lists."""
    ways = [folded(text).split(), [squashed(text)]]
    return [way for way in ways if any(way)]
