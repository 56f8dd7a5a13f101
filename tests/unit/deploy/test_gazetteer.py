"""What the gazetteer takes from GeoNames, and that a second run changes no id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.gazetteer.making import COLUMNS, Sources, made
from shared.codes import read_rows

KEPT = [
    row for row in read_rows("places")
    if row["id"] in ("GN", "GN.N", "GN.K", "ML", "ML.SIK", "ML.SIK.YAN", "ML.SIK.YAN.YANFOLILA")
]  # fmt: skip
UNITS = [
    {"code": "GN.N.38", "name": "Nzerekore Prefecture"},
    {"code": "ML.06.8631446", "name": "Cercle de Yanfolila"},
    {"code": "ML.06.1", "name": "Nowhere"},
    {"code": "FR.06.1", "name": "Elsewhere"},
]
ISO = [{"code": "GN-NZ", "parent": "GN-N", "name": "Nzérékoré"}]


def town(country: str, admin1: str, name: str, lat: str, lon: str, admin2: str = "") -> Any:
    return {
        "country": country, "admin1": admin1, "admin2": admin2, "name": name, "lat": lat,
        "lng": lon,
    }  # fmt: skip


TOWNS = [
    town("GN", "N", "Nzérékoré", "7.75624", "-8.8179"),
    town("GN", "N", "Gama", "7.6", "-8.9", "38"),
    town("GN", "N", "Koule", "8.1", "-8.9"),
    town("GN", "N", "Koule", "7.4", "-9.2"),
    town("ML", "06", "Yanfolila", "11.18333", "-8.15"),
    town("ML", "06", "N'Golo", "10.5", "-8.0"),
]


def make(
    before: Sequence[Mapping[str, str]] = (),
    towns: Sequence[Any] = TOWNS,
    left_out: Sequence[Mapping[str, str]] = ({"geonames": "ML.06.1", "reason": "for the test"},),
    lies_in: Sequence[Mapping[str, str]] = (),
) -> dict[str, dict[str, str]]:
    rows = made(Sources(KEPT, before, left_out, lies_in, ISO, UNITS, towns))
    assert all(tuple(row) == COLUMNS for row in rows)
    return {row["id"]: row for row in rows}


def test_units_get_the_id_of_their_region_the_towns_spelling_and_the_iso_code() -> None:
    unit = make()["GN.N.NZEREKORE"]
    assert (unit["name"], unit["level"], unit["iso"]) == ("Nzérékoré", "admin2", "GN-NZ")
    assert unit["aliases"] == "Nzerekore Prefecture"
    assert unit["parent"] == "GN.N"


def test_a_town_lies_in_the_unit_that_is_told_or_that_bears_its_name_or_in_its_region() -> None:
    rows = make()
    assert rows["GN.N.NZEREKORE.GAMA"]["source"] == "GeoNames (CC BY 4.0)"
    seat = rows["GN.N.NZEREKORE.NZEREKORE"]
    assert seat["source"] == "GeoNames (CC BY 4.0); lies in the unit of its name"
    assert rows["ML.SIK.NGOLO"]["name"] == "N’Golo"


def test_where_a_person_knows_better_a_town_lies_there_and_says_by_whom() -> None:
    told = {"geonames": "ML:N'Golo:10.5:-8.0", "parent": "ML.SIK.YAN", "source": "a survey"}
    row = make(lies_in=[told])["ML.SIK.YAN.NGOLO"]
    assert row["source"] == "GeoNames (CC BY 4.0); lies in: a survey"


def test_what_is_kept_by_hand_or_left_out_is_not_made() -> None:
    assert make().keys() == {
        "GN.N.NZEREKORE", "GN.N.NZEREKORE.NZEREKORE", "GN.N.NZEREKORE.GAMA", "GN.N.KOULE",
        "GN.N.KOULE2", "ML.SIK.NGOLO",
    }  # fmt: skip


def test_two_towns_of_one_name_are_told_apart_by_what_is_nearest() -> None:
    rows = make()
    near = {rows[each]["near"] for each in ("GN.N.KOULE", "GN.N.KOULE2")}
    assert near == {"Nzérékoré", "Gama"}


def test_ids_stay_from_one_run_to_the_next_and_nothing_is_dropped() -> None:
    first = make()
    assert make(before=list(first.values())) == first
    moved = [town("GN", "N", "Gama", "7.6001", "-8.9001")]  # now without its unit
    again = make(before=list(first.values()), towns=moved)
    assert again.keys() == first.keys()
    assert again["GN.N.NZEREKORE.GAMA"]["lat"] == "7.6001"
