"""Owns the rules of places: of those that chapters push, and of what names one. Pure; days are ISO
8601 text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from functools import cache
from typing import Any, Final, NamedTuple

from services.activities.rules.records import Content, Path
from shared.codes import places
from shared.codes.names import squashed
from shared.errors import Problem
from shared.records.partial import known, values

MARGIN: Final = 0.5
"""Degrees by which a place may lie beyond all that the gazetteer knows of its country."""
LIKE: Final = 0.88
"""How much alike two names are of which one may be the other, misspelt (`difflib`)."""


class Named(NamedTuple):
    """A place with what it is called: the id by which records name it, and the names."""

    id: str
    names: tuple[str, ...]


def complete_place(content: Content, kept: Content, given: Content, _: str) -> Content:
    """A place is a locality unless something else is said. What it was called before stays an
    alias, unless the push says which there are."""
    content = {"kind": "locality", **content}
    before, now = kept.get("name"), content.get("name")
    if not known(before, now) or before == now or "aliases" in given:
        return content
    aliases = [each for each in content.get("aliases", ()) if each not in (before, now)]
    return {**content, "aliases": [*aliases, before]}


def place_problems(content: Content, before: Content | None) -> Iterator[Problem]:
    """What is wrong between a place's fields. It stays below the unit that its id begins with."""
    parent, lat, lon, same = values(content, "parent", "lat", "lon", "same_as")
    if before is not None and known(parent) and parent != places.present(before["parent"]):
        yield Problem.at("parent", code="PLACE_STAYS", parent=before["parent"])
    if (lat is None) is not (lon is None):
        yield Problem.at("lat" if lat is None else "lon", code="COORDINATES_INCOMPLETE")
    start, end = values(content, "began_on", "ended_on")
    if known(start, end) and end <= start:
        yield Problem.at("ended_on", code="END_BEFORE_START", starts_on=start, ends_on=end)
    if known(parent, same) and getattr(places.parent_on(same), "id", None) != parent:
        yield Problem.at("same_as", code="OTHER_UNIT", parent=parent)


def place_remarks(content: Content) -> Iterator[Problem]:
    """What looks wrong in a place by itself."""
    parent, lat, lon = values(content, "parent", "lat", "lon")
    if not known(parent, lat, lon):
        return
    country = places.place(parent).country
    south, north, west, east = _box(country)
    if not (south <= lat <= north and west <= lon <= east):
        yield Problem.at("lat", code="OUTSIDE_COUNTRY", country=country)


def like_names(content: Content, others: Iterable[Named]) -> list[str]:
    """The ids of those of the other places that are called much like this one."""
    own = {squashed(name) for name in names_of(content)} - {""}
    return [
        other.id
        for other in others
        if any(_alike(mine, squashed(name)) for name in other.names for mine in own)
    ]


def names_of(content: Content) -> tuple[str, ...]:
    """All that a place is called, its name first; what cannot be read is left out."""
    named = [content.get("name"), *_each(content.get("names")), *_each(content.get("aliases"))]
    return tuple(dict.fromkeys(name for name in named if isinstance(name, str)))


def named_places(content: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Where a content, or what is pushed of one, names places, and what stands there."""
    for name in ("place", "same_as"):
        if content.get(name) is not None:
            yield (name,), content[name]
    for row, each in enumerate(_list(content.get("places"))):
        yield ("places", row), each
    for row, session in enumerate(_list(content.get("sessions"))):
        if isinstance(session, Mapping) and session.get("place") is not None:
            yield ("sessions", row, "place"), session["place"]


@cache
def neighbours(unit: str) -> tuple[Named, ...]:
    """What the gazetteer has directly in the unit, at present."""
    return tuple(Named(each.id, (each.name, *each.aliases)) for each in places.children(unit))


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    return len(one) > 3 < len(other) and SequenceMatcher(None, one, other).ratio() >= LIKE


@cache
def _box(country: str) -> tuple[float, float, float, float]:
    known_at = [
        (each.lat, each.lon)
        for each in places.every()
        if each.country == country and each.lat is not None and each.lon is not None
    ]
    lats, lons = [lat for lat, _ in known_at], [lon for _, lon in known_at]
    return min(lats) - MARGIN, max(lats) + MARGIN, min(lons) - MARGIN, max(lons) + MARGIN


def _each(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return _list(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
