"""What happened in a place that a chapter added counts in its units, and with what it turned out to
be."""

from __future__ import annotations

from typing import Any

from services.reporting.handlers.projecting import project
from services.reporting.store.live import ReportingStore
from shared.codes.places import pushed_id
from tests.integration.services.reporting.reporting_world import ask, totals
from tests.world.events import Told
from tests.world.items import KALANA, ids


def rows(store: ReportingStore, by: str, **asked: Any) -> dict[str, int]:
    return {
        row["key"]: row["figures"]["person_sessions"]["total"]
        for row in ask(store, rows_by=by, **asked)["rows"]
    }


def test_figures_of_an_added_place_are_in_its_region_of_the_day_before_it_is_heard_of(
    store: ReportingStore, told: Told
) -> None:
    awa, training, later, own = ids(4)
    site = pushed_id("ML.SIK.YAN", own)
    project(
        [
            told.person(awa, place=site),
            told.activity(training, place=site),
            told.activity(later, place=site, starts_on="2024-06-01"),
            told.sheet(training, training, came=[awa]),
            told.sheet(later, later, came=[awa]),
        ],
        store,
    )
    assert rows(store, "admin1") == {"ML.SIK": 1, "ML.BOU": 1}
    assert rows(store, "locality") == {site: 2}
    for asked, sessions in (
        (site, 2),
        ("ML.SIK", 1),
        ("ML.BOU", 1),
        ("ML.SIK.YAN", 2),
        (KALANA, 0),
    ):
        assert totals(store, filter={"places": [asked]})["person_sessions"] == sessions, asked
    homes = ask(store, by=["residence"])["figures"]["unique_people"]["cells"]
    assert [each["keys"]["residence"] for each in homes if each["value"]] == ["ML.BOU"]


def test_places_that_are_the_same_are_one_row_until_they_are_parted(
    store: ReportingStore, told: Told
) -> None:
    awa, here, there, winner, loser = ids(5)
    first, second = pushed_id("ML.SIK.YAN", winner), pushed_id("ML.SIK.YAN", loser)
    project(
        [
            told.person(awa),
            told.place(winner),
            told.place(loser),
            told.activity(here, place=first),
            told.activity(there, place=second),
            told.sheet(here, here, came=[awa]),
            told.sheet(there, there, came=[awa]),
        ],
        store,
    )
    assert rows(store, "locality") == {first: 1, second: 1}

    project([told.place(loser, "place.corrected", same_as=first)], store)
    assert rows(store, "locality") == {first: 2}
    for asked in (first, second):
        assert totals(store, filter={"places": [asked]})["person_sessions"] == 2

    project([told.place(loser, "place.corrected", same_as=KALANA)], store)
    assert rows(store, "locality") == {first: 1, KALANA: 1}
    assert totals(store, filter={"places": [KALANA]})["person_sessions"] == 1

    project([told.place(loser, "place.corrected")], store)
    assert rows(store, "locality") == {first: 1, second: 1}
