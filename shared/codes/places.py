"""Owns the gazetteer: country, first and second administrative level, locality.

A place is known by its id alone (`ML.SIK.YAN.KALANA`). An id is opaque: it says where the place
lay when it was named, and stays when the place comes to lie elsewhere, as Yanfolila did in 2023.
What a place lies in is asked of a day; without a day it is what it lies in at present. Names are no
key: there is a Nampala in the region of Sikasso and another in that of Ségou.

Chapters push the places that the list lacks. The id of one is that of the unit below which it was
pushed, with its own behind (`ML.SIK.YAN.~0192…`): wherever it is met, what it lies in is known.
What it is called, and whether there is such a place at all, is asked of its owner, `activities`.

Every function takes an id that the place had before (`ML.06` is `ML.SIK`) for the present one.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from sys import intern
from typing import Final

from shared.codes import code_list, each_row, read_rows
from shared.codes.pcodes import pcodes
from shared.ids import canonical

LEVELS: Final = ("country", "admin1", "admin2", "locality")
UNITS: Final = LEVELS[:-1]
PUSHED: Final = ".~"
"""Stands in the id of a pushed place, and in no other, between its unit's and its own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place; `lat` and `lon` in degrees (WGS 84), both None where not known for sure.

    `parent`: what it lies in on each day of which the dated table says nothing else (`parent_on`).
    `iso` (ISO 3166) and `pcode` (OCHA) are None where there
    is none or it is not known for sure. `valid_from` is the first day that there is such a unit,
    `valid_until` the first that there is none any more: ISO 8601, None where that is left open.
    `near`: the nearest town, where another place of the name lies in the same unit.
    """

    id: str
    parent: str | None
    level: str
    name: str
    country: str
    lat: float | None
    lon: float | None
    aliases: tuple[str, ...]
    iso: str | None
    pcode: str | None
    former: tuple[str, ...]
    valid_from: str | None
    valid_until: str | None
    near: str | None
    note: str
    source: str


@dataclass(frozen=True, slots=True)
class Lying:
    """Where a place lay from one day on until another, which is not included; None: left open."""

    parent: str
    since: str | None
    until: str | None

    def holds(self, on: str) -> bool:
        """Whether that is so on a day (ISO 8601); the empty text is before all days."""
        return (self.since or "") <= on and (self.until is None or on < self.until)


def place(place_id: str) -> Place:
    """The place of that id. Raises KeyError: there is none."""
    now = present(place_id)
    return _pushed(now) if PUSHED in now else _places()[now]


def exists(place_id: str) -> bool:
    """Whether the gazetteer has a place of that id, or the unit of a pushed one."""
    now = present(place_id)
    return now in _places() or _is_pushed(now)


def pushed_id(unit: str, identifier: str) -> str:
    """The id of the place that was pushed with this identifier (UUID) below the unit."""
    return f"{present(unit)}{PUSHED}{identifier}"


def pushed_as(place_id: object) -> str | None:
    """The identifier (UUID) with which the place was pushed; None of one of the gazetteer, and of
    what is no place's id."""
    if not isinstance(place_id, str) or PUSHED not in place_id:
        return None
    return canonical(place_id.partition(PUSHED)[2])


def present(place_id: str) -> str:
    """The id that the place has at present; the same for one that the gazetteer lacks."""
    if place_id in _places():
        return place_id
    if PUSHED in place_id:
        unit, _, own = place_id.partition(PUSHED)
        return f"{present(unit)}{PUSHED}{canonical(own) or own}"
    for head, rest in _heads(place_id):
        if (now := _former().get(head)) and f"{now}{rest}" in _places():
            return f"{now}{rest}"
    return place_id


def spellings(place_id: str) -> tuple[str, ...]:
    """All ids of the place, as they may be stored: the present one, then those it had before, the
    first at last."""
    now = present(place_id)
    before = [
        f"{former}{rest}"
        for head, rest in _heads(now)
        if head in _places()
        for former in _places()[head].former
    ]
    return (now, *before)


def parent_on(place_id: str, on: str | None = None) -> Place | None:
    """What the place lies in on a day (ISO 8601); None for a country. Raises KeyError: no place."""
    here = place(place_id)
    above = _parent(here, _turn(on)) if here.id in moved() else here.parent
    return None if above is None else place(above)


def ancestors(place_id: str, on: str | None = None) -> tuple[Place, ...]:
    """The place itself, then each it lies in on that day, up to the country.

    Raises KeyError: no such place.
    """
    found = [place(place_id)]
    while above := parent_on(found[-1].id, on):
        found.append(above)
    return tuple(found)


def label(place_id: str, lang: str, on: str | None = None) -> str:
    """The full path, which tells homonyms apart: `Nampala, Sikasso, Mali`.

    Countries read in the language asked for; below them names stay as they are in the country.
    A pushed place is told by what it lies in.
    Raises KeyError: no such place or language.
    """
    *below, country = ancestors(place_id, on)
    named = (each for each in below if each.name)
    names = [f"{each.name} ({each.near})" if each.near else each.name for each in named]
    return ", ".join([*names, code_list("country").label(country.id, lang)])


def settled(place_id: str, same: Mapping[str, str]) -> str:
    """Which place it turned out to be, by what is the `same` as what (present ids); of places that
    were said to be each other, the first."""
    found = [present(place_id)]
    while (other := same.get(found[-1])) is not None:
        if other in found:
            return min(found[found.index(other) :])
        found.append(other)
    return found[-1]


def with_same(place_ids: Iterable[str], same: Mapping[str, str]) -> list[str]:
    """The places, and all that turned out to be one of them."""
    meant = {settled(each, same) for each in place_ids}
    return sorted(meant.union(each for each in same if settled(each, same) in meant))


def may_be_same(place_id: str) -> bool:
    """Whether a pushed place may turn out to be this one: units are known."""
    return exists(place_id) and place(place_id).level not in UNITS


def every() -> Iterable[Place]:
    """All places, in the gazetteer's order."""
    return _places().values()


def children(place_id: str | None, on: str | None = None) -> list[Place]:
    """What of the gazetteer lies directly in that place on that day, in its order; the countries
    for None."""
    parent = None if place_id is None else present(place_id)
    return list(_below(_turn(on)).get(parent, ()))


def admin1(place_id: str, on: str | None = None) -> str | None:
    """The id of the first-level unit that the place is, or lies in on that day; None for a country.

    Raises KeyError: no such place.
    """
    above = ancestors(place_id, on)
    return next((each.id for each in above if each.level == "admin1"), None)


def count_admin1() -> int:
    """How many first-level units there are, in all countries."""
    return sum(row["level"] == "admin1" for row in read_rows("places"))


def coarse(place_id: str, on: str | None = None) -> str:
    """All of a place that partners may learn: its first-level unit of that day, or its country.

    Raises KeyError: no such place.
    """
    return admin1(place_id, on) or place(place_id).country


@cache
def moved() -> Mapping[str, tuple[Lying, ...]]:
    """Of each place that moved, where it lay on the days that are told."""
    found: defaultdict[str, list[Lying]] = defaultdict(list)
    for row in read_rows("place_parents"):
        lying = Lying(row["parent"], row["from"] or None, row["to"] or None)
        found[row["place"]].append(lying)
    return {place_id: tuple(lies) for place_id, lies in found.items()}


@cache
def turns() -> tuple[str, ...]:
    """The days on which some place came to lie elsewhere, sorted."""
    told = [each for lies in moved().values() for each in lies]
    return tuple(sorted({day for each in told for day in (each.since, each.until) if day}))


def branch(place_id: str) -> Sequence[str]:
    """The present ids that begin with this one and a dot, wherever those places lie."""
    ids = _in_order()
    return ids[bisect_left(ids, f"{place_id}.") : bisect_left(ids, f"{place_id}/")]


def _is_pushed(place_id: str) -> bool:
    unit, mark, own = place_id.partition(PUSHED)
    above = _places().get(unit)
    return bool(mark) and above is not None and above.level in UNITS and canonical(own) == own


def _pushed(place_id: str) -> Place:
    if not _is_pushed(place_id):
        raise KeyError(place_id)
    unit = place_id.partition(PUSHED)[0]
    return Place(
        id=place_id,
        parent=unit,
        level="locality",
        name="",
        country=_places()[unit].country,
        lat=None,
        lon=None,
        aliases=(),
        iso=None,
        pcode=None,
        former=(),
        valid_from=None,
        valid_until=None,
        near=None,
        note="",
        source="",
    )


def _turn(on: str | None) -> str:
    """The last of `turns` up to that day, or up to now; between two of them nothing moves."""
    behind = len(turns()) if on is None else bisect_right(turns(), on)
    return turns()[behind - 1] if behind else ""


def _parent(here: Place, on: str) -> str | None:
    found = (each.parent for each in moved().get(here.id, ()) if each.holds(on))
    return next(found, here.parent)


@cache
def _below(turn: str) -> Mapping[str | None, Sequence[Place]]:
    found: defaultdict[str | None, list[Place]] = defaultdict(list)
    for each in _places().values():
        found[_parent(each, turn)].append(each)
    return dict(found)


def _heads(place_id: str) -> Iterator[tuple[str, str]]:
    """The id cut before each of its dots, the longest head first: `ML.06`, `.YAN`."""
    cut = len(place_id)
    while cut > 0:
        yield place_id[:cut], place_id[cut:]
        cut = place_id.rfind(".", 0, cut)


@cache
def _in_order() -> tuple[str, ...]:
    return tuple(sorted(_places()))


@cache
def _former() -> Mapping[str, str]:
    return {former: each.id for each in _places().values() for former in each.former}


@cache
def _places() -> Mapping[str, Place]:
    rows = chain(each_row("places"), each_row("places_geonames"))
    return {row["id"]: _place(row) for row in rows}


def _place(row: Mapping[str, str]) -> Place:
    """Columns that a file lacks are empty. What many rows say alike is kept once."""
    return Place(
        id=row["id"],
        parent=intern(row["parent"]) or None,
        level=intern(row["level"]),
        name=row["name"],
        country=intern(row["country"]),
        lat=float(row["lat"]) if row["lat"] else None,
        lon=float(row["lon"]) if row["lon"] else None,
        aliases=tuple(row["aliases"].split("|")) if row["aliases"] else (),
        iso=row["iso"] or None,
        pcode=pcodes().get(row["id"]),
        former=tuple(row["former"].split("|")) if row.get("former") else (),
        valid_from=row.get("valid_from") or None,
        valid_until=row.get("valid_until") or None,
        near=row.get("near") or None,
        note=row["note"],
        source=intern(row["source"]),
    )
