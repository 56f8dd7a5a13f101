"""Every code that a user can meet has a text in each language, with the same slots."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from shared.messages import catalogue, message

ROOT = Path(__file__).parents[3]
RAISED = re.compile(
    r"""(?:code=|fail\(|Problem\(|(?:Refused|NotFound|Forbidden|Conflict|Unavailable|TimedOut|"""
    r"""OutOfOrder|Internal)\()\s*"([A-Z][A-Z0-9_]{2,})\""""
)


def slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_a_code_speaks_three_languages_with_the_same_slots(code: str) -> None:
    texts = catalogue()[code]
    assert set(texts) == {"en", "fr", "pt"}
    assert all(text and text.strip() == text for text in texts.values())
    assert slots(texts["en"]) == slots(texts["fr"]) == slots(texts["pt"])


def test_every_code_that_the_source_names_has_a_text() -> None:
    named = {
        (code, path.relative_to(ROOT).as_posix())
        for folder in ("shared", "services", "gateway")
        for path in (ROOT / folder).rglob("*.py")
        for code in RAISED.findall(path.read_text(encoding="utf-8"))
    }
    assert {(c, p) for c, p in named if c not in catalogue()} == set()


def test_the_catalogue_is_sorted_so_that_two_hands_do_not_add_the_same_code() -> None:
    assert list(catalogue()) == sorted(catalogue())


def test_a_text_with_a_missing_value_is_still_a_text() -> None:
    assert "…" in message("TOO_LONG", "fr")
    assert message("NO_SUCH_CODE", "pt") == message("INTERNAL", "pt")
    assert message("TOO_LONG", "de", {"limit": 3}) == message("TOO_LONG", "en", {"limit": 3})
