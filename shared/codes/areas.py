"""Owns what lies in a place, told so that an index can be asked for it: the answer to "is in".

Ids are opaque and what they name moves, so that neither "begins with" nor a list drawn up once is
right. An area names the ids that lie in some places, old spellings included: whole branches by
their root, of which every id that begins with it lies there, and the others one by one. Places that
were pushed below a unit are found by the unit's id, with which theirs begin.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from shared.codes import places

_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Area:
    """What lies in some places from one day on until another, which is not included.

    `ids` lie there; of each of `roots`, so does every id that begins with it and a dot; of each of
    `parted`, so does what was pushed below it. Days are ISO 8601; None: left open.
    """

    ids: tuple[str, ...]
    roots: tuple[str, ...]
    since: str | None = None
    until: str | None = None
    parted: tuple[str, ...] = ()


def inside(area: Area, path: str, *, listed: bool = False) -> dict[str, Any]:
    """The condition, in MongoDB's query language, for documents whose place at the path is of the
    area; with `listed`, one of the places in the list there."""
    begin = [(root, ".") for root in area.roots] + [(unit, places.PUSHED) for unit in area.parted]
    ranges = [{"$gt": f"{id}{mark}", "$lt": f"{id}/"} for id, mark in begin]  # "~" comes last
    told: list[dict[str, Any]] = [{"$elemMatch": each} for each in ranges] if listed else ranges
    return {"$or": [{path: {"$in": list(area.ids)}}, *({path: each} for each in told)]}


def area(place_ids: Iterable[str], on: str | None = None) -> Area:
    """These places with all that lies in them on that day, or at present.

    Raises KeyError: no such place.
    """
    return _area(frozenset(map(places.present, place_ids)), on)


def areas(place_ids: Iterable[str]) -> tuple[Area, ...]:
    """These places with all that lies in them, for every day there is: one area where nothing came
    or went, else one after the other. Raises KeyError: no such place."""
    return _areas(frozenset(map(places.present, place_ids)))


@lru_cache(_REMEMBERED)
def _areas(place_ids: frozenset[str]) -> tuple[Area, ...]:
    found: list[Area] = []
    days = ("", *places.turns())
    for day in days:
        here = _area(place_ids, day)
        if found and here == replace(found[-1], since=None, until=None):
            continue
        if found:
            found.append(replace(found.pop(), until=day))
        found.append(replace(here, since=day or None))
    return tuple(found)


@lru_cache(_REMEMBERED)
def _area(place_ids: frozenset[str], on: str | None) -> Area:
    inside: set[str] = set()
    waiting = [places.place(each).id for each in sorted(place_ids)]
    while waiting:
        here = waiting.pop()
        if here not in inside:
            inside.add(here)
            waiting += [each.id for each in places.children(here, on)]
    ids: list[str] = []
    roots: list[str] = []
    parted: list[str] = []
    covered = ""
    for each in sorted(inside):
        if covered and each.startswith(covered):
            continue
        ids += places.spellings(each)
        if places.place(each).level not in places.UNITS:
            continue
        if inside.issuperset(places.branch(each)):
            roots += places.spellings(each)
            covered = f"{each}."
        else:
            parted += places.spellings(each)
    return Area(tuple(ids), tuple(roots), parted=tuple(parted))
