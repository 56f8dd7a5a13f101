"""Makes registers of invented people whose names are as frequent and as variously written as here.

`data/README.md` tells of the lists they are made from. Everything follows from a seed.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Final

from services.participants.rules.likeness import Known
from services.participants.rules.spelling import words

PARTS: Final = ("tuning", "held_out")
LANGUAGES: Final[Mapping[str, Sequence[str]]] = {
    "BF": ("Mossi", "Mande"),
    "BJ": ("Ewe", "Yoruba", "Hausa"),
    "CI": ("Akan", "Mande", "Kru"),
    "CV": ("Portuguese",),
    "GH": ("Akan", "Ewe", "Hausa"),
    "GM": ("Mande", "Wolof", "Fula"),
    "GN": ("Fula", "Mande"),
    "GW": ("Portuguese", "Fula"),
    "LR": ("Kru", "Mande"),
    "ML": ("Mande", "Fula"),
    "NE": ("Hausa",),
    "NG": ("Hausa", "Yoruba", "Igbo"),
    "SL": ("Krio", "Mande"),
    "SN": ("Wolof", "Fula", "Mande"),
    "TG": ("Ewe",),
}
SEXES: Final = ("female", "male")

_DATA: Final = Path(__file__).parent / "data"
_YEARS: Final = (1945, 2008, 1990)  # of birth: earliest, latest, most frequent
_PLACES_FALL: Final = 0.8  # the second place has 1/2^0.8 of the people of the first
_SECOND_NAME: Final = 0.2
_YEAR_KNOWN: Final = 0.6
_AS_USUAL: Final = 0.7  # names of the register in their usual spelling

_SECOND_NAME_KEPT: Final = 0.7
_YEAR_LOST: Final = 1 / 6
_YEAR_OFF: Final = 0.15
_TURNED: Final = 0.05  # family name first


@dataclass(frozen=True, slots=True)
class Name:
    """A name as one list has it, and all its spellings; `part` is None if there is but one."""

    usual: str
    spellings: tuple[str, ...]
    part: str | None


@dataclass(frozen=True, slots=True)
class Person:
    given: Name
    family: Name
    second: str | None
    known: Known

    @property
    def part(self) -> str | None:
        """The part that both names are of."""
        return self.given.part if self.given.part == self.family.part else None


def rows(name: str) -> list[dict[str, str]]:
    with (_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def letters(name: str) -> str:
    """What a name is written with, but for accents, case, apostrophes and spaces."""
    return "".join(words(name))


def spelling_pairs(part: str) -> list[tuple[str, str, str, str]]:
    """(languages, kind, name, spelling) of a part, but for those that differ in no letter."""
    return [
        (row["languages"], row["kind"], row["name"], row["spelling"])
        for row in rows("spellings")
        if row["part"] == part and letters(row["name"]) != letters(row["spelling"])
    ]


def register(country: str, people: int, places: int) -> list[Person]:
    """The people of a chapter, all different."""
    rng = random.Random(f"{country} {people} {places}")
    family = _names(country, "family")
    given = {sex: _names(country, f"given_{sex}") for sex in SEXES}
    where = list(accumulate(1 / (at + 1) ** _PLACES_FALL for at in range(places)))
    return [_person(rng, given, family, where) for _ in range(people)]


def again(person: Person, rng: random.Random) -> Known:
    """The person as registered a second time: both names spelled otherwise, the same place."""
    known = person.known
    given = _otherwise(person.given, str(known.given_name), rng)
    if person.second and rng.random() < _SECOND_NAME_KEPT:
        given = f"{given} {person.second}"
    family = _otherwise(person.family, str(known.family_name), rng)
    year = known.birth_year
    if year and rng.random() < _YEAR_OFF:
        year += rng.choice((-1, 1))
    if rng.random() < _YEAR_LOST:
        year = None
    if rng.random() < _TURNED:
        given, family = family, given
    return replace(known, given_name=given, family_name=family, birth_year=year)


Pool = tuple[list[Name], list[float]]


def _person(
    rng: random.Random, given: Mapping[str, Pool], family: Pool, where: list[float]
) -> Person:
    sex = rng.choice(SEXES)
    first, last = _any(rng, given[sex]), _any(rng, family)
    second = _written(rng, _any(rng, given[sex])) if rng.random() < _SECOND_NAME else None
    written = _written(rng, first)
    known = Known(
        given_name=f"{written} {second}" if second else written,
        family_name=_written(rng, last),
        place=str(rng.choices(range(len(where)), cum_weights=where)[0]),
        birth_year=int(rng.triangular(*_YEARS)) if rng.random() < _YEAR_KNOWN else None,
        sex=sex,
    )
    return Person(first, last, second, known)


def _any(rng: random.Random, pool: Pool) -> Name:
    names, sums = pool
    return rng.choices(names, cum_weights=sums)[0]


def _written(rng: random.Random, name: Name) -> str:
    return name.usual if rng.random() < _AS_USUAL else rng.choice(name.spellings)


def _otherwise(name: Name, written: str, rng: random.Random) -> str:
    """Another spelling than the one that a longer text begins with."""
    others = [each for each in name.spellings if not f"{written} ".startswith(f"{each} ")]
    return rng.choice(others or name.spellings)


@cache
def _spellings(kind: str) -> Mapping[str, Name]:
    """The names of a kind by the letters of each of their spellings."""
    forms: dict[str, dict[str, None]] = {}
    part: dict[str, str] = {}
    for row in rows("spellings"):
        if row["kind"] == kind:
            forms.setdefault(row["name"], {row["name"]: None})[row["spelling"]] = None
            part[row["name"]] = row["part"]
    found: dict[str, Name] = {}
    for usual, spellings in forms.items():
        for each in spellings:
            found.setdefault(letters(each), Name(usual, tuple(spellings), part[usual]))
    return found


@cache
def _names(country: str, kind: str) -> Pool:
    """(names, sums of their shares)."""
    listed = {
        row["name"]: float(row["per_mille"])
        for row in rows("names")
        if row["country"] == country and row["kind"] == kind
    }
    written = _spellings("family" if kind == "family" else "given")
    of_languages = {
        row["name"]
        for row in rows("spellings")
        if row["languages"] in LANGUAGES[country] and row["kind"] == kind.partition("_")[0]
    }
    rare = sorted(of_languages - set(listed))
    random.Random(f"{country} {kind}").shuffle(rare)
    falling = [1 / (at + 3) for at in range(len(rare))]
    rest = max(50.0, 1000 - sum(listed.values()))
    shares = listed | {
        name: rest * each / sum(falling) for name, each in zip(rare, falling, strict=True)
    }
    names = []
    for name in shares:
        known = written.get(letters(name))
        spelled = known.spellings if known else (name,)
        names.append(Name(name, spelled, known.part if known else None))
    return names, list(accumulate(shares.values()))
