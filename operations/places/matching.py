"""Owns which unit of a list is which place of the gazetteer: by name, in the unit it lies in. Pure.

Nothing is guessed: of what has no equal name, or several, the nearest are told for a person to see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from operations.places.lists import Listed
from shared.codes import places
from shared.codes.names import folded, squashed
from shared.codes.places import Place

SUGGESTED: Final = 3
_NEAR: Final = 0.6  # of names, as difflib measures likeness
_GENERIC: Final = frozenset(
    {
        "region", "regiao", "district", "province", "department", "departement", "state", "county",
        "cercle", "commune", "prefecture", "municipality", "municipio", "concelho", "area",
        "council", "de", "du", "des", "da", "do", "d", "la", "le", "l", "of", "the",
    }
)  # fmt: skip
"""Words that lists put before or behind the names of units, and others leave out."""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A unit of the list that is no place for sure: the code of the reason, and which may be meant,
    the likeliest first."""

    unit: Listed
    code: str
    nearest: Sequence[Place]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Place → the unit of the list that it is, and the rest."""

    matched: Mapping[str, Listed]
    unmatched: Sequence[Unmatched]


def match(units: Iterable[Listed]) -> Outcome:
    """Each unit with the place of its level that has its name and lies, on whatever day, in what
    the list says that it lies in. Two units of one place are both told."""
    units = sorted(units, key=lambda each: each.level)
    listed = {each.pcode for each in units}  # codes were given anew: the list knows its own best
    known = {
        each.pcode: each.id for each in places.every() if each.pcode and each.pcode not in listed
    }
    claims: defaultdict[str, list[Listed]] = defaultdict(list)
    unmatched: list[Unmatched] = []
    for unit in units:
        parent = unit.country if unit.parent is None else known.get(unit.parent)
        level = f"admin{unit.level}"
        everywhere = [
            each for each in places.every() if (each.country, each.level) == (unit.country, level)
        ]
        if parent is None:
            named = _named(unit, everywhere) or _nearest(unit, everywhere)
            unmatched.append(Unmatched(unit, "PCODE_UNKNOWN_PARENT", named))
            continue
        within = [each for each in everywhere if _ever_lay_in(each, parent)]
        found = _named(unit, within)
        if len(found) == 1:
            claims[found[0].id].append(unit)
            known[unit.pcode] = found[0].id
        elif found:
            unmatched.append(Unmatched(unit, "PCODE_SEVERAL", found))
        else:
            elsewhere = _named(unit, everywhere)
            nearest = [*elsewhere, *_nearest(unit, within)][:SUGGESTED]
            unmatched.append(Unmatched(unit, "PCODE_NO_SUCH_NAME", nearest))
    for place_id, several in claims.items():
        if len(several) > 1:
            here = [places.place(place_id)]
            unmatched += (Unmatched(each, "PCODE_OF_ONE_PLACE", here) for each in several)
    matched = {place_id: each[0] for place_id, each in claims.items() if len(each) == 1}
    return Outcome(matched, sorted(unmatched, key=lambda each: each.unit.row))


def _ever_lay_in(place: Place, parent: str) -> bool:
    days = (None, "", *places.turns())
    return any(getattr(places.parent_on(place.id, day), "id", None) == parent for day in days)


def _named(unit: Listed, among: Iterable[Place]) -> list[Place]:
    """Those with a name of the unit's; where there is none, those with one that differs in what
    kind of unit it says."""
    among = list(among)
    for key in (squashed, _core):
        wanted = {key(name) for name in unit.names} - {""}
        found = [each for each in among if wanted & {key(name) for name in _names(each)}]
        if found:
            return found
    return []


def _nearest(unit: Listed, among: Iterable[Place]) -> list[Place]:
    def likeness(place: Place) -> float:
        pairs = ((_core(one), _core(other)) for one in unit.names for other in _names(place))
        return max(SequenceMatcher(None, *pair).ratio() for pair in pairs)

    ranked = sorted(((likeness(each), each.id) for each in among), reverse=True)
    return [places.place(place_id) for near, place_id in ranked[:SUGGESTED] if near >= _NEAR]


def _names(place: Place) -> tuple[str, ...]:
    return (place.name, *place.aliases)


def _core(name: str) -> str:
    words = folded(name).split()
    return "".join([each for each in words if each not in _GENERIC] or words)
