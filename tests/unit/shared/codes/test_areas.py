"""What lies in a place, as a database is asked for it: old ids, moved units, and no others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codes import places
from shared.codes.areas import Area, area, areas, inside
from shared.codes.search import lies_in

IDS = [each.id for each in places.every() if each.country in ("ML", "GN")]


def holds(where: Area, place_id: str) -> bool:
    """As a database compares."""
    return place_id in where.ids or any(f"{root}." < place_id < f"{root}/" for root in where.roots)


def test_a_country_is_one_branch_and_a_place_where_nothing_moved_is_one_for_all_days() -> None:
    assert areas(["ML"]) == (Area(("ML",), ("ML",)),)
    assert areas(["GN.N"]) == (Area(("GN.N",), ("GN.N",)),)
    assert areas(["ML.SIK.NAMPALA"]) == (Area(("ML.SIK.NAMPALA", "ML.06.NAMPALA"), ()),)


def test_a_region_that_was_split_has_one_area_before_and_another_after() -> None:
    before, after = areas(["ML.06"])
    assert before == Area(("ML.SIK", "ML.06"), ("ML.SIK", "ML.06"), None, "2023-03-13")
    assert (after.since, after.until) == ("2023-03-13", None)
    for place_id, then, now in (
        ("ML.SIK.KAD.FOUROU", True, True),
        ("ML.06.KAD.FOUROU", True, True),
        ("ML.SIK.YAN.KALANA", True, False),
        ("ML.06.YAN.KALANA", True, False),
        ("ML.SEG.SEG", False, False),
    ):
        assert (holds(before, place_id), holds(after, place_id)) == (then, now), place_id


def test_a_new_region_holds_what_came_to_it_under_ids_that_do_not_begin_with_its_own() -> None:
    now = area(["ML.BOU"])
    assert holds(now, "ML.SIK.YAN.KALANA")
    assert holds(now, "ML.06.BOU")
    assert not holds(now, "ML.SIK.SIK")


@given(st.sampled_from(IDS), st.sampled_from(IDS), st.sampled_from(["2010-01-01", "2021-01-01"]))
def test_an_area_holds_exactly_what_lies_there(within: str, place_id: str, day: str) -> None:
    for on in (day, None):
        expected = within == place_id or lies_in(place_id, within, on)
        for spelling in places.spellings(place_id):
            assert holds(area([within], on), spelling) == expected


def test_several_places_are_one_area() -> None:
    assert area(["ML.GAO.GAO", "ML.GAO"]) == area(["ML.GAO"])


def test_a_list_of_places_is_asked_element_by_element() -> None:
    condition = inside(area(["GN.N"]), "places", listed=True)
    assert condition == {
        "$or": [
            {"places": {"$in": ["GN.N"]}},
            {"places": {"$elemMatch": {"$gt": "GN.N.", "$lt": "GN.N/"}}},
        ]
    }


def test_a_place_that_there_is_not_has_no_area() -> None:
    with pytest.raises(KeyError):
        area(["Nampala"])
