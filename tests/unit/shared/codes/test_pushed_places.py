"""Places that the gazetteer lacks are told by their ids: what they lie in, and on which day."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.codes import places
from shared.codes.areas import Area, areas
from shared.codes.search import lies_in
from shared.ids import new_id

OWN = "0192f0c4-0000-7000-8000-000000000001"
SITE = f"ML.SIK.YAN.~{OWN}"
UNITS = [each.id for each in places.every() if each.level in places.UNITS]
MALIS = [each for each in UNITS if each.startswith("ML")]
DAYS = ["", "2015-01-01", "2021-06-14", "2023-03-12", "2023-03-13", "2024-06-14"]


def holds(lying: Area, place_id: str) -> bool:
    """As a database compares."""
    return (
        place_id in lying.ids
        or any(f"{root}." < place_id < f"{root}/" for root in lying.roots)
        or any(f"{unit}.~" < place_id < f"{unit}/" for unit in lying.parted)
    )


def test_it_lies_in_the_units_of_the_day_by_all_spellings() -> None:
    assert places.pushed_id("ML.06.YAN", OWN) == SITE
    assert places.pushed_as(SITE) == places.pushed_as(f" ML.06.YAN.~{OWN.upper()}") == OWN
    assert places.present(f"ML.06.YAN.~{OWN}") == SITE
    assert places.spellings(SITE) == (SITE, f"ML.06.YAN.~{OWN}")
    assert places.label(SITE, "en", "2021-06-14") == "Yanfolila, Sikasso, Mali"
    assert places.admin1(SITE, "2021-06-14") == "ML.SIK"
    assert places.admin1(SITE) == "ML.BOU"
    assert [each.id for each in places.ancestors(SITE)][1:] == ["ML.SIK.YAN", "ML.BOU", "ML"]


@pytest.mark.parametrize(
    "place_id",
    ["ML.SIK.YAN.~", "ML.SIK.YAN.~x", f"XX.~{OWN}", f"ML.SIK.YAN.KALANA.~{OWN}", f".~{OWN}"],
)
def test_what_is_no_id_of_a_place_is_none(place_id: str) -> None:
    assert not places.exists(place_id)
    with pytest.raises(KeyError):
        places.place(place_id)


@given(st.sampled_from(UNITS), st.sampled_from(DAYS))
def test_partners_learn_of_its_region_and_never_of_itself(unit: str, day: str) -> None:
    known = places.coarse(places.pushed_id(unit, OWN), day)
    assert places.pushed_as(known) is None
    assert known == places.coarse(unit, day)


@example("ML.SIK", "ML.SIK", "2024-06-14")
@example("ML.BOU", "ML.SIK", "2024-06-14")
@given(st.sampled_from([*MALIS, "GN"]), st.sampled_from(MALIS), st.sampled_from(DAYS))
def test_an_area_holds_it_exactly_if_it_lies_in_it(asked: str, below: str, day: str) -> None:
    site = places.pushed_id(below, new_id())
    within = lies_in(site, asked, day)
    told = [
        each
        for each in areas([asked])
        if (each.since or "") <= day and (each.until is None or day < each.until)
    ]
    for spelt in places.spellings(site):
        assert [holds(each, spelt) for each in told] == [within]


def test_what_is_the_same_is_settled_however_it_was_said() -> None:
    a, b, c, d = (places.pushed_id("ML.SIK.YAN", new_id()) for _ in range(4))
    same = {a: b, b: c}
    assert [places.settled(each, same) for each in (a, b, c, d)] == [c, c, c, d]
    assert places.with_same([b], same) == sorted([a, b, c])
    assert places.with_same([d], same) == [d]
    round_about = {a: b, b: a, d: a}
    assert {places.settled(each, round_about) for each in (a, b, d)} == {min(a, b)}
