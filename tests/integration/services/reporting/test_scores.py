"""Test scores: paired per person and training over its days, whoever told them and when."""

from __future__ import annotations

from typing import Any

from services.reporting.handlers.projecting import project
from services.reporting.store.live import ReportingStore
from tests.integration.services.reporting.reporting_world import question
from tests.world.events import Told
from tests.world.items import ids


def of_two_days(told: Told, training: str, first: str, last: str) -> Any:
    sessions = [{"id": last, "on": "2021-06-02"}, {"id": first, "on": "2021-06-01"}]
    return told.activity(training, ends_on="2021-06-02", sessions=sessions)


def gained(store: ReportingStore, **asked: Any) -> tuple[Any, ...]:
    """n, mean gain, its spread, how many are unpaired."""
    found = question("outputs", store, **asked)["tests"]
    return found["n"], found["gain_mean"], found["gain_spread"], found["unpaired"]


def test_before_on_the_first_day_and_after_on_the_last_are_one_gain(
    store: ReportingStore, told: Told
) -> None:
    training, first, last, *people = ids(6)
    project(
        [
            of_two_days(told, training, first, last),
            told.sheet(last, training, came=people, tests=dict.fromkeys(people, (None, 80))),
            told.sheet(first, training, came=people, tests=dict.fromkeys(people, (40, None))),
        ],
        store,
    )
    assert gained(store) == (3, 40.0, 0.0, 0)
    # Tests are of the whole training, in the period in which it began.
    assert gained(store, filter={"to": "2021-06-01"}) == (3, 40.0, 0.0, 0)
    assert gained(store, filter={"from": "2021-06-02"}) == (0, None, None, 0)


def test_the_first_before_and_the_last_after_count_and_two_trainings_are_two_pairs(
    store: ReportingStore, told: Told
) -> None:
    training, first, last, other, awa, sali = ids(6)
    project(
        [
            of_two_days(told, training, first, last),
            told.activity(other),
            told.sheet(first, training, came=[awa, sali], tests={awa: (30, 50), sali: (60, None)}),
            told.sheet(last, training, came=[awa], tests={awa: (45, 90)}),
            told.sheet(other, other, came=[awa], tests={awa: (20, 40)}),
        ],
        store,
    )
    assert gained(store) == (2, 40.0, 20.0, 1)  # gains of 60 and 20


def test_scores_are_corrected_and_go_with_whoever_leaves_the_sheet(
    store: ReportingStore, told: Told
) -> None:
    training, awa, sali = ids(3)
    both = {awa: (40, 50), sali: (40, 60)}
    project([told.activity(training), told.sheet(training, training, came=[awa, sali],
                                                 tests=both)], store)  # fmt: skip
    project([told.sheet(training, training, tests={awa: (40, 70)})], store)
    assert gained(store) == (2, 25.0, 5.0, 0)
    project([told.sheet(training, training, left=[awa], tests={})], store)
    assert gained(store) == (1, 20.0, 0.0, 0)
    project([told.sheet(training, training, came=[awa], tests={awa: (40, 70)})], store)
    assert gained(store) == (2, 25.0, 5.0, 0)


def test_what_was_told_in_sums_counts_once_it_is_told_anew(
    store: ReportingStore, told: Told
) -> None:
    training, awa, sali = ids(3)
    sums = {"pre_n": 2, "pre_sum": 80, "post_n": 1, "post_sum": 70, "paired_n": 1, "gain_sum": 30}
    project(
        [
            told.activity(training),
            told.sheet(training, training, came=[awa, sali], scores=sums),  # version 1
            told.sheet(training, training, tests={awa: (40, 70), sali: (40, None)}),
        ],
        store,
    )
    assert gained(store) == (1, 30.0, 0.0, 1)


def test_means_and_spreads_of_decimals_are_exact(store: ReportingStore, told: Told) -> None:
    training, awa, sali, fanta = ids(4)
    tests = {awa: (0.1, 0.3), sali: (0.2, 57.55), fanta: (33.33, None)}
    project(
        [
            told.activity(training),
            told.sheet(training, training, came=[awa, sali, fanta], tests=tests),
        ],
        store,
    )
    found = question("outputs", store)["tests"]
    assert (found["pre_n"], found["pre_mean"]) == (3, 11.21)
    # Gains of 0.20 and 57.35: a mean of 28.775, a spread of 28.575.
    assert (found["n"], found["gain_mean"], found["gain_spread"]) == (2, 28.78, 28.58)


def test_sums_told_in_decimals_add_up(store: ReportingStore, told: Told) -> None:
    training, awa, sali = ids(3)
    for person, points in ((awa, 0.1), (sali, 0.2)):
        project([told.sheet(training, training, came=[person], scores={"pre_sum": points})], store)
    sheet = store.db["sessions"].find_one()
    assert sheet is not None
    assert sheet["scores"]["pre_sum"] == 0.3
