"""How people stand, and what follows for the sheets on which they are: who counts there.

What a chapter said of a line stays as it was said. A present line counts unless its person is
withdrawn; of several present lines of one person, who was registered more than once, one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from services.activities.rules.lines import NOWHERE, Line
from shared.events import Event


class Standing(NamedTuple):
    """Of a person, as of one of their versions; 0: named by others alone."""

    withdrawn: bool
    merged_into: str | None
    version: int


COUNTS: Final = Standing(withdrawn=False, merged_into=None, version=0)
"""How everybody stands of whom nothing else was told."""

Standings = Mapping[str, Standing]
"""By participant id, of whom something was told."""


@dataclass(frozen=True, slots=True)
class Special:
    """The sheets on which somebody is named of whom something was told, and how everybody on them
    stands."""

    sheets: frozenset[str]
    standings: Standings


NOTHING_SPECIAL: Final = Special(frozenset(), MappingProxyType({}))


def newer(events: Iterable[Event], known: Standings) -> dict[str, Standing]:
    """What these events tell beyond what is known."""
    found: dict[str, Standing] = {}
    for event in sorted(events, key=lambda each: each.sequence):
        if known.get(event.subject, COUNTS).version < event.sequence:
            data = event.data
            found[event.subject] = Standing(data["withdrawn"], data["merged_into"], event.sequence)
    return found


def placed(lines: Mapping[str, Line], standings: Standings) -> dict[str, Line]:
    """The lines of a sheet, by participant id, that count elsewhere than they say; as they are to
    be.

    Of a person's lines that of their own id stands for them, else the one of the lowest.
    """
    stands_for: dict[str, str] = {}
    whose = {who: standings.get(who, COUNTS).merged_into or who for who in lines}
    for who in sorted(who for who, line in lines.items() if line.status == "present"):
        person = whose[who]
        if who == person or person not in stands_for:
            stands_for[person] = who
    moved: dict[str, Line] = {}
    for who, line in lines.items():
        counts_in = None
        if line.status == "present":
            person = whose[who]
            first = stands_for[person]
            gone = standings.get(person, COUNTS).withdrawn
            counts_in = NOWHERE if gone else first if first != who else None
        if counts_in != line.counts_in:
            moved[who] = line._replace(counts_in=counts_in)
    return moved
