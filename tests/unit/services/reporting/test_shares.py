"""Shares of women, youth and people with disability, counted out by hand."""

from __future__ import annotations

from pyroaring import BitMap

from services.reporting.answers import figures_shown, with_shares
from services.reporting.rules.activities import Announced, ReportScope
from services.reporting.rules.figures import Cells, Counted, figures
from services.reporting.rules.shares import SHARES, Share, shares
from services.reporting.schemas import ReportQuestion
from shared.codes import age_band

# 1 and 2 women, 3 a man, 4 does not say, of 5 nothing is known; 1 and 3 are 25 in 2021, 2 is 36,
# 4 is 14; 1 has a disability, 2 and 3 have none.
BITS = {
    "sex": {"female": BitMap([1, 2]), "male": BitMap([3]), "not_stated": BitMap([4])},
    "birth_year": {"1996": BitMap([1, 3]), "1985": BitMap([2]), "2007": BitMap([4])},
    "disability": {"with": BitMap([1]), "without": BitMap([2, 3])},
}
STATED = Announced(
    20,
    (
        ({"sex": "female", "age_band": "18_24"}, 6),
        ({"sex": "male", "age_band": "36_59"}, 4),
        ({"sex": "female", "disability": "with"}, 1),
    ),
)
TRAINING = Counted(2021, STATED, [BitMap([1, 2, 3, 4, 5]), BitMap([1, 3])])


def test_shares_have_those_who_are_over_those_of_whom_it_is_known() -> None:
    found = shares([TRAINING], BITS, age_band)
    assert found["person_sessions"] == [
        Share("women", 3, 5, 2),
        Share("youth", 4, 6, 1),
        Share("with_disability", 2, 5, 2),
    ]
    assert (
        found["unique_people"]
        == found["unique_per_activity"]
        == [
            Share("women", 2, 3, 2),
            Share("youth", 2, 4, 1),
            Share("with_disability", 1, 3, 2),
        ]
    )
    assert found["announced"] == [
        Share("women", 7, 11, 9),
        Share("youth", 6, 10, 10),
        Share("with_disability", 1, 1, 19),
    ]


def test_shares_of_two_activities_are_of_their_summed_counts_and_no_mean_of_shares() -> None:
    """1 of 1 and 0 of 3 are a quarter; the mean of the two shares would be a half."""
    of_one, of_three = BitMap([1]), BitMap([2, 3, 6])
    bits = {"disability": {"with": BitMap([1]), "without": BitMap([2, 3, 6])}}
    both = [Counted(2021, Announced(), [of_one]), Counted(2022, Announced(), [of_three])]
    found = shares(both, bits, age_band)["unique_people"]
    assert found[2] == Share("with_disability", 1, 4, 0)
    figures_alone = figures_shown(figures(both, Cells([], {}, age_band)), NOTHING_SPLIT)
    shown = with_shares(figures_alone, shares(both, bits, age_band))
    assert shown["unique_people"] == {
        "total": 4,
        "cells": [],
        "shares": [
            {"of": "women", "count": 0, "known": 0, "unknown": 4, "share": None},
            {"of": "youth", "count": 0, "known": 0, "unknown": 4, "share": None},
            {"of": "with_disability", "count": 1, "known": 4, "unknown": 0, "share": 0.25},
        ],
    }


NOTHING_SPLIT = ReportQuestion(ReportScope())


def test_a_share_is_told_to_four_decimals() -> None:
    two_of_three = with_shares({"announced": {}}, {"announced": [Share("women", 2, 3, 0)]})
    assert two_of_three["announced"]["shares"][0]["share"] == 0.6667


def test_youth_is_from_15_to_35_also_if_the_bands_change() -> None:
    youth = [age for age in range(131) if age_band(2021 - age, 2021) in SHARES["youth"].codes]
    assert youth == list(range(15, 36))
