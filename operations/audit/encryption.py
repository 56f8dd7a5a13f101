"""Sealed → opened: a sample of what the people's service could open, and all keys that it needs."""

from __future__ import annotations

from typing import Final

from operations.audit.tally import Tally
from operations.sealed import Sight, troubles

STAGE: Final = "people: sealed → opened"


def check(tally: Tally, sight: Sight) -> None:
    """Count what was opened, and name what keeps the rest from it."""
    tally.match(STAGE, sight.opened)
    for each in troubles(sight):
        tally.expect(each.text, each.count)
        tally.missing(f"{each.text}; remedy: {each.remedy}", each.count, **each.ids)
