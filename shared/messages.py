"""The human text of every code, in French, English and Portuguese: shared/messages.csv."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

FALLBACK = "INTERNAL"


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """code → language → text with `{slots}`."""
    text = (files("shared") / "messages.csv").read_text(encoding="utf-8")
    return {row.pop("code"): row for row in csv.DictReader(text.splitlines())}


class _Slots(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"  # a text with a hole says more than an error about an error


def message(code: str, lang: str, params: Mapping[str, Any] | None = None) -> str:
    """The text of a code, lists in it parted by commas; a code without a text yields the one of
    INTERNAL."""
    texts = catalogue().get(code) or catalogue()[FALLBACK]
    template = texts.get(lang) or texts["en"]
    return template.format_map(
        _Slots({name: _text(value) for name, value in (params or {}).items()})
    )


def _text(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
