"""Somebody who does not know a place's id finds it, and is told all homonyms."""

from __future__ import annotations

import pytest

from shared.codes import places
from shared.codes.search import search


def found(text: str, **narrowed: str) -> list[str]:
    return [each.id for each in search(text, **narrowed)]


def test_the_two_nampalas_are_both_found_and_told_apart() -> None:
    both = search("nampala")
    assert [places.label(each.id, "fr") for each in both] == [
        "Nampala, Niono, Ségou, Mali", "Nampala, Sikasso, Mali",
    ]  # fmt: skip
    assert places.place("ML.SIK.NAMPALA").lat is None
    assert places.admin1("ML.SIK.NAMPALA") == "ML.SIK"
    assert places.admin1("ML.SEG.NIO.NAMPALA") == "ML.SEG"


@pytest.mark.parametrize("text", ["SEGOU", "ségou", "Se\N{COMBINING ACUTE ACCENT}gou", " segou "])
def test_a_search_heeds_neither_accents_nor_case(text: str) -> None:
    assert found(text) == ["ML.SEG", "ML.SEG.SEG", "ML.SEG.SEG.SEGOU"]


@pytest.mark.parametrize(
    "text", ["N'Zérékoré", "N’Zérékoré", "NZEREKORE", "n zerekore", "n-zérékoré", "n’zerek"]
)
def test_apostrophes_hyphens_and_blanks_are_alike_and_may_be_left_out(text: str) -> None:
    assert found(text)[:2] == ["GN.N", "GN.N.NZEREKORE"]


def test_a_beginning_is_enough_and_a_whole_name_comes_first() -> None:
    assert "CI.VB.BOUAKE" in found("bouak")
    assert found("niger")[:3] == ["NE", "NG.NI", "NG"]
    assert found("san", country="ML") == [
        "ML.SAN", "ML.SEG.SAN", "ML.SEG.SAN.SAN", "ML.KOU.KATI.SANGAREBOUGOU", "ML.SIK.BOU.SANSO",
    ]  # fmt: skip


def test_each_word_may_be_begun_and_their_order_does_not_matter() -> None:
    assert found("hauts bass") == found("bassins hau") == ["BF.09"]
    assert found("costa do marfim") == found("cote d'ivoire") == found("ivory co") == ["CI"]
    assert found("Timbuktu") == ["ML.TOM", "ML.TOM.TOMBOUCTOU.TOMBOUCTOU"]
    assert found("faso") == ["BF"]


def test_a_search_keeps_to_its_country_level_and_unit() -> None:
    assert found("niger", country="NE") == ["NE"]
    assert found("kalana", country="GH") == []
    assert found("sikasso", level="locality") == ["ML.SIK.SIK.SIKASSO"]
    assert found("nampala", within="ML.06") == ["ML.SIK.NAMPALA"]
    assert found("sikasso", within="ML.SIK") == ["ML.SIK.SIK", "ML.SIK.SIK.SIKASSO"]


def test_what_lies_in_a_unit_is_looked_up_on_the_day() -> None:
    assert found("kalana", within="ML.SIK") == []
    assert found("kalana", within="ML.SIK", on="2021-06-14") == ["ML.SIK.YAN.KALANA"]
    assert found("kalana", within="ML.BOU") == ["ML.SIK.YAN.KALANA"]


def test_nothing_is_found_by_nothing() -> None:
    assert search(" - ") == []
    assert search("") == []
    assert search("zzzzz") == []
