"""What would have been right is told with what is wrong."""

from __future__ import annotations

import pytest

from shared.codes import code_list
from shared.codes.suggestions import (
    unknown_code,
    unknown_field,
    unknown_list,
    unknown_place,
)
from shared.messages import message


def test_a_short_list_is_told_as_a_whole() -> None:
    assert dict(unknown_code("sex", "femlae")) == {
        "list": "sex",
        "value": "femlae",
        "codes": ("female", "male", "other", "not_stated"),
    }
    assert message("UNKNOWN_CODE", "fr", unknown_code("sex", "femlae")) == (
        "« femlae » n’est pas un code de la liste sex ; possible : female, male, other, not_stated"
    )


@pytest.mark.parametrize(
    ("said", "near"),
    [("Bambara", "bm"), ("peul", "ff"), ("Français", "fr"), ("snkk", "snk")],
)
def test_of_a_long_list_the_nearest_are_told_by_code_or_name_and_where_the_others_are(
    said: str, near: str
) -> None:
    codes = unknown_code("language", said)["codes"]
    assert near in codes
    assert len(codes) <= 4
    assert codes[-1].endswith('codes(list: "language")')
    assert set(codes[:-1]) <= set(code_list("language"))


def test_where_nothing_is_near_the_question_stands_alone() -> None:
    assert unknown_code("language", "zzzzzz")["codes"] == ('codes(list: "language")',)
    assert unknown_place("Zzz")["places"] == ("places(search: …)",)
    assert unknown_place("?!")["places"] == ("places(search: …)",)


@pytest.mark.parametrize("said", ["Nampala", "NAMPALA", "nampála"])
def test_a_places_homonyms_are_told_with_their_ids(said: str) -> None:
    assert message("UNKNOWN_PLACE", "en", unknown_place(said)) == (
        f"“{said}” is not the id of a place, and places share names. Possible: "
        "Nampala: ML.SEG.NIO.NAMPALA (Niono, Ségou), ML.SIK.NAMPALA (Sikasso)"
    )


def test_an_id_that_lies_elsewhere_leads_to_its_place() -> None:
    assert unknown_place("ML.SIK.KALANA")["places"] == (
        "Kalana: ML.SIK.YAN.KALANA (Yanfolila, Bougouni)",
    )


def test_two_towns_of_one_name_and_region_are_told_apart_by_the_town_nearest_to_each() -> None:
    assert unknown_place("Ganta")["places"] == (
        "Ganta: LR.NI.GANTA (Sanniquellie, Nimba)",
        "LR.NI.GANTA2 (Karnplay, Nimba)",
    )


def test_of_many_places_five_are_told_and_where_the_others_are() -> None:
    places = unknown_place("M")["places"]
    assert len(places) == 6
    assert places[-1] == "… places(search: …)"


def test_an_unknown_field_or_list_is_told_with_the_nearest_or_with_all() -> None:
    assert unknown_field("startson", ["starts_on", "venue"]) == {"fields": ["starts_on"]}
    assert unknown_field("colour", ["starts_on", "venue"]) == {"fields": ["starts_on", "venue"]}
    assert unknown_list("activity_types")["lists"][0] == "activity_type"


def test_a_long_value_is_cut() -> None:
    assert len(unknown_code("sex", "x" * 10_000)["value"]) == 80
    assert len(unknown_place("x" * 10_000)["value"]) == 80
