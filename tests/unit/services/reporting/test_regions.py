"""Reports know what a place lay in on the day, whichever id it was stored by."""

from __future__ import annotations

import pytest

from services.reporting.rules.regions import home, places_within, region


def test_a_cercle_that_moved_in_2023_is_found_under_the_region_of_the_day() -> None:
    assert places_within("ML.SIK.YAN.KALANA", "2021-05-01") == [
        "ML", "ML.SIK", "ML.SIK.YAN", "ML.SIK.YAN.KALANA",
    ]  # fmt: skip
    assert places_within("ML.SIK.YAN.KALANA", "2024-05-01") == [
        "ML", "ML.BOU", "ML.SIK.YAN", "ML.SIK.YAN.KALANA",
    ]  # fmt: skip


def test_a_place_stored_by_its_old_id_lies_where_it_lies() -> None:
    assert places_within("ML.06.YAN", "2021-05-01") == ["ML", "ML.SIK", "ML.SIK.YAN"]
    assert region("ML.10", "2021-05-01") == "ML.KID"


@pytest.mark.parametrize(
    ("place", "found"),
    [("ML.SIK.NAMPALA", "ML.SIK"), ("ML.SIK", "ML.SIK"), ("ML", None), (None, None)],
)
def test_of_a_country_or_of_nothing_there_is_no_region(
    place: str | None, found: str | None
) -> None:
    assert region(place) == found


def test_a_place_that_the_gazetteer_lacks_lies_in_itself_alone() -> None:
    assert places_within("ML.NOWHERE") == ["ML.NOWHERE"]
    assert places_within(None) == []
    assert region("ML.NOWHERE") is None
    assert home("ML.NOWHERE") is None


def test_a_home_keeps_what_its_region_follows_from_and_nothing_finer() -> None:
    assert home("ML.SIK.YAN.KALANA") == "ML.SIK.YAN"
    assert home("ML.SIK.NAMPALA") == "ML.SIK"
    assert home("GN.N.NZEREKORE.NZEREKORE") == "GN.N"
    assert home("ML") is None
    assert home(None) is None
