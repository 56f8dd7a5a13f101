"""How people stand, as far as sheets must know: whether they count, and as whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from shared.events import Event


class Standing(NamedTuple):
    """Of a person, as of one of their versions."""

    withdrawn: bool
    merged_into: str | None
    version: int


def newer(events: Iterable[Event], known: Mapping[str, Standing]) -> dict[str, Standing]:
    """What these events tell beyond what is known, by person."""
    found: dict[str, Standing] = {}
    for event in sorted(events, key=lambda each: each.sequence):
        before = known.get(event.subject)
        if before is None or before.version < event.sequence:
            data = event.data
            found[event.subject] = Standing(data["withdrawn"], data["merged_into"], event.sequence)
    return found
