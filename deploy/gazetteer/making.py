"""Makes rows of the gazetteer of GeoNames's units and towns: pure, but for nothing it is told.

An id once given stays: a row is known again by its code or, a town, by name and position, and what
GeoNames has no longer is kept. Where GeoNames does not say in which unit a town lies, the unit that
bears its name is taken to be the town's; of any other, only the region is known. Two of one name in
one unit are told apart by the town that is nearest to each.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.codes.names import folded, squashed

COLUMNS: Final = (
    "id", "parent", "level", "name", "country", "lat", "lon", "aliases", "iso", "geonames", "near",
    "note", "source",
)  # fmt: skip
SOURCE: Final = "GeoNames (CC BY 4.0)"
BY_NAME: Final = f"{SOURCE}; lies in the unit of its name"
SAME_KM: Final = 40.0
"""Two towns of one name in one region that are nearer than this are one."""

_KIND: Final = re.compile(
    r"^(Cercle|Commune|Département|Préfecture|Province) (de la |de l’ ?|des |du |de |d’ ?|of )?"
    r"| (Cercle|Commune|Department|Prefecture|Province)$",
)

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sources:
    """What the rows are made of, each as its file has it."""

    kept: Sequence[Row]
    before: Sequence[Row]
    left_out: Sequence[Row]
    lies_in: Sequence[Row]
    iso: Sequence[Row]
    units: Sequence[Mapping[str, Any]]
    towns: Sequence[Mapping[str, Any]]


def made(of: Sources) -> list[dict[str, str]]:
    """The rows, in the order of their ids."""
    maker = _Maker(of)
    for unit in sorted(of.units, key=lambda each: str(each["code"])):
        maker.add_unit(unit["code"], unit["name"])
    towns = sorted(of.towns, key=lambda each: (each["country"], each["name"], each["lat"]))
    for town in towns:
        maker.add_town(town)
    return maker.rows()


class _Maker:
    def __init__(self, of: Sources) -> None:
        self._kept = {row["id"]: row for row in of.kept}
        self._made: dict[str, dict[str, str]] = {}
        self._before = list(of.before)
        self._unit_of = {row["geonames"]: row["id"] for row in of.kept if row["geonames"]}
        self._left_out = {row["geonames"] for row in of.left_out}
        self._lies_in = {row["geonames"]: row["parent"] for row in of.lies_in}
        self._told_by = {row["geonames"]: row["source"] for row in of.lies_in}
        self._iso = {(row["parent"], folded(row["name"])): row["code"] for row in of.iso}
        self._named: dict[tuple[str, str], list[str]] = {}
        for row in of.kept:
            self._remember(row)
        self._accented = {
            (f"{each['country']}.{each['admin1']}", folded(each["name"])): each["name"]
            for each in of.towns
        }
        self._names = Counter(
            (each["country"], each["admin1"], folded(each["name"])) for each in of.towns
        )

    def rows(self) -> list[dict[str, str]]:
        gone = {row["id"]: {name: row[name] for name in COLUMNS} for row in self._before}
        rows = gone | self._made
        towns = [row for row in rows.values() if row["lat"]]
        alike = Counter((row["parent"], folded(row["name"])) for row in towns)
        said: set[tuple[str, str, str]] = set()
        for row in towns:
            name = row["parent"], folded(row["name"])
            if alike[name] > 1:
                near = (town for town in _nearest(row, towns) if (*name, town) not in said)
                row["near"] = next(near)
                said.add((*name, row["near"]))
        return [row for _, row in sorted(rows.items())]

    def add_unit(self, code: str, name: str) -> None:
        region = self._unit_of.get(code.rpartition(".")[0])
        if region is None or code in self._left_out or code in self._unit_of:
            return
        short = _KIND.sub("", name.replace("'", "’"))
        short = self._accented.get((code.rpartition(".")[0], folded(short)), short)
        known = next((row["id"] for row in self._before if row["geonames"] == code), None)
        row = dict.fromkeys(COLUMNS, "") | {
            "id": known or self._new_id(region, short),
            "parent": region,
            "level": "admin2",
            "name": short,
            "country": region[:2],
            "aliases": "" if folded(name) == folded(short) else name,
            "iso": self._iso.get((self._kept[region]["iso"], folded(short)), ""),
            "geonames": code,
            "source": SOURCE,
        }
        self._add(row)
        self._unit_of[code] = row["id"]

    def add_town(self, town: Mapping[str, Any]) -> None:
        name = str(town["name"]).replace("'", "’").strip()
        country, lat, lon = town["country"], float(town["lat"]), float(town["lng"])
        code = f"{country}:{town['name']}:{town['lat']}:{town['lng']}"
        region = self._unit_of.get(f"{country}.{town['admin1']}")
        if region is None or code in self._left_out or self._is_there(name, region, lat, lon):
            return
        unit = self._lies_in.get(code) or self._unit_of.get(
            f"{country}.{town['admin1']}.{town['admin2']}"
        )
        source = f"{SOURCE}; lies in: {self._told_by[code]}" if code in self._told_by else SOURCE
        if unit is None and self._names[country, town["admin1"], folded(town["name"])] == 1:
            unit = self._unit_named(name, region)
            source = BY_NAME if unit else SOURCE
        parent = unit or region
        known = next(
            (
                row["id"]
                for row in self._before
                if (row["level"], row["country"], row["name"]) == ("locality", country, name)
                and _km(lat, lon, float(row["lat"]), float(row["lon"])) < 1
            ),
            None,
        )
        self._add(
            dict.fromkeys(COLUMNS, "")
            | {
                "id": known or self._new_id(parent, name),
                "parent": parent,
                "level": "locality",
                "name": name,
                "country": country,
                "lat": f"{lat:.4f}".rstrip("0"),
                "lon": f"{lon:.4f}".rstrip("0"),
                "source": source,
            }
        )

    def _add(self, row: dict[str, str]) -> None:
        self._made[row["id"]] = row
        self._remember(row)

    def _remember(self, row: Row) -> None:
        region = ".".join(row["id"].split(".")[:2])
        for name in {row["name"], *row["aliases"].split("|")} - {""}:
            self._named.setdefault((region, squashed(name)), []).append(row["id"])

    def _place(self, place_id: str) -> Row:
        return self._kept.get(place_id) or self._made[place_id]

    def _is_there(self, name: str, region: str, lat: float, lon: float) -> bool:
        """Whether it is a locality of places.csv."""
        for place_id in self._named.get((region, squashed(name)), ()):
            row = self._kept.get(place_id)
            if row is None or row["level"] != "locality":
                continue
            if not row["lat"] or _km(lat, lon, float(row["lat"]), float(row["lon"])) < SAME_KM:
                return True
        return False

    def _unit_named(self, name: str, region: str) -> str | None:
        found = [
            place_id
            for place_id in self._named.get((region, squashed(name)), ())
            if self._place(place_id)["level"] == "admin2"
        ]
        return found[0] if len(found) == 1 else None

    def _new_id(self, parent: str, name: str) -> str:
        """Below the parent, as the place lies there now: it keeps the id when it moves."""
        taken = self._kept.keys() | self._made.keys() | {row["id"] for row in self._before}
        own = f"{parent}.{squashed(name).upper()}"
        free = (own, *(f"{own}{number}" for number in range(2, 100)))
        return next(each for each in free if each not in taken)


def _nearest(here: Row, towns: Sequence[Row]) -> list[str]:
    """The names of the country's other towns, the nearest first."""

    def distance(town: Row) -> float:
        ends = (here["lat"], here["lon"], town["lat"], town["lon"])
        return _km(*map(float, ends))

    others = (town for town in towns if town["country"] == here["country"])
    names = (town["name"] for town in sorted(others, key=distance))
    return [name for name in names if folded(name) != folded(here["name"])]


def _km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """As the crow flies, near enough for a few hundred kilometres."""
    east = math.radians(lon - other_lon) * math.cos(math.radians(lat))
    return 6371 * math.hypot(east, math.radians(lat - other_lat))
