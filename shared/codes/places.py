"""Owns the gazetteer: country, first and second administrative level, locality.

A place is known by its id alone (`ML.06.YAN.KALANA`: each id begins with its parent's). Names are
no key: there is a Nampala in the region of Sikasso and another in that of Ségou.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from shared.codes import LANGUAGES, code_list, read_rows

LEVELS: Final = ("country", "admin1", "admin2", "locality")


@dataclass(frozen=True, slots=True)
class Place:
    """A place; `lat` and `lon` in degrees (WGS 84), both None where not known for sure."""

    id: str
    parent: str | None
    level: str
    name: str
    country: str
    lat: float | None
    lon: float | None
    aliases: tuple[str, ...]
    note: str
    source: str


def place(place_id: str) -> Place:
    """The place of that id. Raises KeyError: there is none."""
    return _places()[place_id]


def exists(place_id: str) -> bool:
    """Whether the gazetteer has a place of that id."""
    return place_id in _places()


def ancestors(place_id: str) -> tuple[Place, ...]:
    """The place itself, then each it lies in, up to the country. Raises KeyError: no place."""
    here = place(place_id)
    return (here,) if here.parent is None else (here, *ancestors(here.parent))


def label(place_id: str, lang: str) -> str:
    """The full path, which tells homonyms apart: `Nampala, Sikasso, Mali`.

    Countries read in the language asked for; below them names stay as they are in the country.
    Raises KeyError: no such place or language.
    """
    *below, country = ancestors(place_id)
    names = [each.name for each in below]
    return ", ".join([*names, code_list("country").label(country.id, lang)])


def search(text: str, country: str | None = None) -> list[Place]:
    """Every place of which a word of a name or alias begins with the text, whatever the case and
    accents: all homonyms, for a person to choose from.

    Args: country: only places of this country (ISO 3166-1 alpha-2).
    Returns: whole-name matches first, then by level and id; nothing for a text without a letter.
    """
    wanted = _folded(text)
    if not wanted:
        return []
    found = [
        (wanted not in names, LEVELS.index(each.level), each.id)
        for each, names in _names()
        if country in (None, each.country) and any(f" {wanted}" in f" {name}" for name in names)
    ]
    return [place(place_id) for _, _, place_id in sorted(found)]


def children(place_id: str | None) -> list[Place]:
    """What lies directly in that place, in the gazetteer's order; the countries for None."""
    return [each for each in _places().values() if each.parent == place_id]


def admin1(place_id: str) -> str | None:
    """The id of the first-level unit the place is or lies in; None for a country.

    Raises KeyError: no such place.
    """
    return next((each.id for each in ancestors(place_id) if each.level == "admin1"), None)


def count_admin1() -> int:
    """How many first-level units there are, in all countries."""
    return sum(each.level == "admin1" for each in _places().values())


def coarse(place_id: str) -> str:
    """All of a place that partners may learn: its first-level unit, or its country.

    Raises KeyError: no such place.
    """
    return admin1(place_id) or place_id


@cache
def _places() -> Mapping[str, Place]:
    return {row["id"]: _place(row) for row in read_rows("places")}


def _place(row: Mapping[str, str]) -> Place:
    return Place(
        id=row["id"],
        parent=row["parent"] or None,
        level=row["level"],
        name=row["name"],
        country=row["country"],
        lat=float(row["lat"]) if row["lat"] else None,
        lon=float(row["lon"]) if row["lon"] else None,
        aliases=tuple(row["aliases"].split("|")) if row["aliases"] else (),
        note=row["note"],
        source=row["source"],
    )


@cache
def _names() -> tuple[tuple[Place, frozenset[str]], ...]:
    """Every place with all it may be called, folded for comparison."""
    countries = code_list("country")
    named = []
    for each in _places().values():
        names = {each.name, *each.aliases}
        if each.level == "country":
            names.update(countries.label(each.id, lang) for lang in LANGUAGES)
        named.append((each, frozenset(map(_folded, names))))
    return tuple(named)


def _folded(text: str) -> str:
    """Lower case, without accents, words of letters and digits parted by single blanks."""
    bare = (char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in bare).casefold().split())
