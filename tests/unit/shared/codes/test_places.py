"""The gazetteer: complete, consistent, no two places taken for one, and each where it lay."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from shared.codes import LANGUAGES, code_list, places, read_rows
from shared.codes.names import folded

PLACES = list(places.every())
ISO = Path(__file__).parents[4] / "deploy" / "gazetteer" / "iso_3166_2.csv"

BOUNDS = {  # south, west, north, east, in degrees and generously
    "BJ": (6.1, 0.7, 12.5, 3.9), "BF": (9.3, -5.6, 15.2, 2.5), "CV": (14.7, -25.5, 17.3, -22.6),
    "CI": (4.2, -8.7, 10.8, -2.4), "GM": (13.0, -16.9, 13.9, -13.7), "GH": (4.6, -3.4, 11.3, 1.3),
    "GN": (7.1, -15.2, 12.8, -7.5), "GW": (10.8, -16.8, 12.8, -13.6), "LR": (4.2, -11.6, 8.7, -7.3),
    "ML": (10.1, -12.3, 25.1, 4.3), "NE": (11.6, 0.1, 23.6, 16.1), "NG": (4.1, 2.6, 13.9, 14.8),
    "SN": (12.2, -17.7, 16.8, -11.3), "SL": (6.8, -13.4, 10.1, -10.2), "TG": (6.0, -0.2, 11.2, 1.9),
}  # fmt: skip
FIRST_LEVELS = {
    "BJ": 12, "BF": 13, "CV": 22, "CI": 14, "GM": 6, "GH": 16, "GN": 8, "GW": 9, "LR": 15,
    "ML": 20, "NE": 8, "NG": 37, "SN": 14, "SL": 5, "TG": 5,
}  # fmt: skip


def test_all_fifteen_countries_have_their_levels_and_towns() -> None:
    found = Counter((each.country, each.level) for each in PLACES)
    for country, regions in FIRST_LEVELS.items():
        assert found[country, "country"] == 1
        assert found[country, "admin1"] == regions
        assert found[country, "admin2"] >= 16
        assert found[country, "locality"] >= 27
    assert FIRST_LEVELS.keys() == code_list("country").keys()


def test_no_id_is_given_twice_and_none_is_reused() -> None:
    rows = [*read_rows("places"), *read_rows("places_geonames")]
    ids = [row["id"] for row in rows]
    former = [each for place in PLACES for each in place.former]
    assert len(ids) == len(set(ids)) == len(PLACES)
    assert len(former) == len(set(former))
    assert set(former).isdisjoint(ids)
    assert all(re.fullmatch(r"[A-Z]{2}(\.[A-Z0-9]+)*", each) for each in [*ids, *former])


def test_every_place_has_a_source_and_a_parent_up_to_its_country_on_every_day() -> None:
    for each in PLACES:
        assert each.source
        for day in ("1990-01-01", "2016-01-19", "2023-03-13", None):
            above = places.ancestors(each.id, day)
            levels = [places.LEVELS.index(unit.level) for unit in above]
            assert levels == sorted(set(levels), reverse=True)
            assert above[-1].id == each.country
            assert above[-1].level == "country"


def test_coordinates_lie_within_their_country() -> None:
    assert BOUNDS.keys() == code_list("country").keys()
    for each in PLACES:
        assert (each.lat is None) == (each.lon is None)
        if each.lat is not None and each.lon is not None:
            south, west, north, east = BOUNDS[each.country]
            assert south < each.lat < north, each.id
            assert west < each.lon < east, each.id


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_two_places_read_alike(lang: str) -> None:
    labels = Counter(places.label(each.id, lang) for each in PLACES)
    assert [text for text, count in labels.items() if count > 1] == []


@pytest.mark.parametrize(
    ("old", "new", "name", "iso"),
    [
        ("ML.01", "ML.BKO", "Bamako", "ML-BKO"),
        ("ML.03", "ML.KAY", "Kayes", "ML-1"),
        ("ML.04", "ML.MOP", "Mopti", "ML-5"),
        ("ML.05", "ML.SEG", "Ségou", "ML-4"),
        ("ML.06", "ML.SIK", "Sikasso", "ML-3"),
        ("ML.07", "ML.KOU", "Koulikoro", "ML-2"),
        ("ML.08", "ML.TOM", "Tombouctou", "ML-6"),
        ("ML.09", "ML.GAO", "Gao", "ML-7"),
        ("ML.10", "ML.KID", "Kidal", "ML-8"),
    ],
)
def test_an_old_number_means_the_region_it_always_meant(
    old: str, new: str, name: str, iso: str
) -> None:
    assert places.exists(old)
    assert places.present(old) == new
    assert places.spellings(new) == (new, old)
    assert (places.place(old).name, places.place(old).iso) == (name, iso)


def test_ml_10_is_kidal_and_never_taoudenit() -> None:
    assert places.place("ML.10").name == "Kidal"
    assert places.place("ML.TAO").iso == "ML-10"
    assert places.spellings("ML.TAO") == ("ML.TAO",)


def test_what_lies_below_an_old_number_is_known_as_well() -> None:
    assert places.present("ML.06.YAN.KALANA") == "ML.SIK.YAN.KALANA"
    assert places.spellings("ML.06.YAN") == ("ML.SIK.YAN", "ML.06.YAN")
    assert places.spellings("GH.AA") == ("GH.AA",)
    assert not places.exists("ML.06.NOWHERE")
    assert places.present("ML.06.NOWHERE") == "ML.06.NOWHERE"


def test_every_alias_and_old_id_means_exactly_one_place() -> None:
    spelt = Counter(each for place in PLACES for each in places.spellings(place.id))
    assert [each for each, count in spelt.items() if count > 1] == []
    for each in PLACES:
        names = [folded(name) for name in (each.name, *each.aliases)]
        assert "" not in names


def test_a_country_and_a_first_level_unit_have_the_code_that_iso_3166_has() -> None:
    with ISO.open(encoding="utf-8", newline="") as file:
        known = {row["code"] for row in csv.DictReader(file)}
    said = [each.iso for each in PLACES if each.iso and each.level != "country"]
    assert set(said) <= known
    assert len(said) == len(set(said))
    missing = {each.id for each in PLACES if each.level == "admin1" and not each.iso}
    assert missing == {
        "ML.NIO", "ML.KIT", "ML.DIO", "ML.NAR", "ML.BOU", "ML.KTL", "ML.SAN", "ML.DOU", "ML.BAN",
    }  # fmt: skip
    assert {each.id for each in PLACES if each.level == "country" and each.iso != each.id} == set()


def test_p_codes_are_each_of_one_unit_begin_with_its_country_and_name_their_source() -> None:
    rows = read_rows("place_pcodes")
    assert all(row["source"] for row in rows)
    known = {each.id: each.pcode for each in PLACES if each.pcode}
    assert known == {row["place"]: row["pcode"] for row in rows}
    assert len(set(known.values())) == len(known)
    for place_id, code in known.items():
        here = places.place(place_id)
        digits = len(str(code)) - len(here.country)
        assert str(code).startswith(here.country)
        assert (here.level, here.country == "NG" or digits) in {
            ("admin1", 2), ("admin2", 4), ("admin1", True),
        }  # fmt: skip
    assert {known[each] for each in ("ML.SIK", "ML.SIK.YAN", "ML.BOU")} == {
        "ML03", "ML0306", "ML15",
    }  # fmt: skip
    assert "ML.BKO" not in known, "ML09 has meant Bamako and Taoudénit"


def test_a_cercle_has_the_code_of_the_region_in_which_it_lay_when_codes_were_given() -> None:
    for row in read_rows("place_pcodes"):
        here = places.place(row["place"])
        if here.level == "admin2":
            above = places.parent_on(here.id, "2018-01-01")
            assert above is not None
            assert str(here.pcode)[:4] == above.pcode


@pytest.mark.parametrize(
    ("day", "region"),
    [
        ("2021-06-14", "ML.SIK"),
        ("2023-03-12", "ML.SIK"),
        ("2023-03-13", "ML.BOU"),
        ("2024-06-14", "ML.BOU"),
        (None, "ML.BOU"),
    ],
)
def test_kalana_lay_in_sikasso_until_2023_and_lies_in_bougouni(
    day: str | None, region: str
) -> None:
    assert places.admin1("ML.SIK.YAN.KALANA", day) == region
    assert places.coarse("ML.06.YAN.KALANA", day) == region
    assert [each.id for each in places.ancestors("ML.SIK.YAN.KALANA", day)] == [
        "ML.SIK.YAN.KALANA", "ML.SIK.YAN", region, "ML",
    ]  # fmt: skip


def test_the_same_place_reads_by_its_region_of_the_day() -> None:
    assert places.label("ML.SIK.YAN.KALANA", "fr", "2021-06-14") == (
        "Kalana, Yanfolila, Sikasso, Mali"
    )
    assert places.label("ML.SIK.YAN.KALANA", "fr") == "Kalana, Yanfolila, Bougouni, Mali"
    assert places.label("CI.AB", "pt") == "Abidjan, Costa do Marfim"


def test_menaka_and_taoudenit_were_parts_of_other_regions_until_2016() -> None:
    assert places.admin1("ML.MEN.MENAKA", "2015-06-01") == "ML.GAO"
    assert places.admin1("ML.MEN.MENAKA", "2016-01-19") == "ML.MEN"
    assert places.admin1("ML.TAO.ARAOUANE", "2015-06-01") == "ML.TOM"


def test_mali_has_nineteen_regions_and_the_district_and_nine_of_them_since_2023() -> None:
    regions = places.children("ML")
    assert len(regions) == 20
    assert sum(each.valid_from == "2023-03-13" for each in regions) == 9


def test_what_lies_in_a_region_is_that_of_the_day() -> None:
    then = {each.id for each in places.children("ML.06", "2021-06-14")}
    now = {each.id for each in places.children("ML.SIK")}
    assert then - now == {
        "ML.SIK.BOU", "ML.SIK.KOL", "ML.SIK.YAN", "ML.SIK.KOU", "ML.SIK.YOR", "ML.SIK.LELENI",
    }  # fmt: skip
    assert now < then
    assert places.children("ML.BOU", "2021-06-14") == []
    assert [each.id for each in places.children(None)] == list(code_list("country"))


def test_what_moves_is_in_the_gazetteer_and_never_in_two_places_on_one_day() -> None:
    for place_id, lies in places.moved().items():
        assert places.exists(place_id)
        assert all(places.place(each.parent).level == "admin1" for each in lies)
        for day in ("", *places.turns()):
            assert sum(each.holds(day) for each in lies) <= 1


def test_what_leaves_for_partners_is_never_finer_than_a_region() -> None:
    assert places.coarse("ML.SIK.NAMPALA") == "ML.SIK"
    assert places.coarse("ML.SIK") == "ML.SIK"
    assert places.coarse("ML") == "ML"
    assert places.admin1("ML") is None
    assert {places.place(places.coarse(each.id)).level for each in PLACES} == {"country", "admin1"}


def test_an_unknown_place_is_refused() -> None:
    assert not places.exists("Nampala")
    assert places.exists("ML.SIK.NAMPALA")
    for ask in (places.place, places.ancestors, places.admin1, places.coarse):
        with pytest.raises(KeyError):
            ask("Nampala")
