"""Events become figures: in any order of arrival, once, and corrected by corrections alone."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from services.reporting.handlers.projecting import project
from services.reporting.store.generation import Generation
from services.reporting.store.live import ReportingStore
from shared.errors import Unavailable
from shared.events import Event
from tests.integration.services.reporting.reporting_world import ask, cells, totals
from tests.world.events import Told
from tests.world.items import ids


def test_a_batch_becomes_the_four_figures(store: ReportingStore, told: Told) -> None:
    a, b, c = ids(3)
    activity, morning, evening = ids(3)
    project(
        [
            told.person(a),
            told.person(b, sex="male", groups=["religious_leader", "media"]),
            told.person(c, sex=None, birth_year=None, groups=[], place=None, disability=None),
            told.activity(
                activity,
                sessions=[{"id": morning}, {"id": evening}],
                announced={"total": 10, "cells": [{"sex": "female", "count": 4}]},
            ),
            told.sheet(morning, activity, came=[a, b, c]),
            told.sheet(evening, activity, came=[a]),
        ],
        store,
    )
    assert totals(store) == {
        "announced": 10,
        "person_sessions": 4,
        "unique_per_activity": 3,
        "unique_people": 3,
    }
    assert cells(store, "announced", "sex") == {"female": 4, "unknown": 6}
    assert cells(store, "person_sessions", "sex") == {"female": 2, "male": 1, "unknown": 1}
    assert cells(store, "unique_people", "age_band", "residence") == {
        ("25_35", "ML.SIK"): 2,
        ("unknown", "unknown"): 1,
    }
    assert cells(store, "unique_people", "group") == {
        "religious_leader": 1,
        "youth": 1,
        "unknown": 1,
    }
    assert cells(store, "unique_people", "group_any") == {
        "religious_leader": 1,
        "youth": 1,
        "media": 1,
        "unknown": 1,
    }


def test_an_event_handed_in_again_changes_nothing(store: ReportingStore, told: Told) -> None:
    (a, activity) = ids(2)
    events = [told.person(a), told.activity(activity), told.sheet(activity, activity, came=[a])]
    project(events, store)
    before = ask(store, by=["sex"])
    project(list(reversed(events)), store)
    assert ask(store, by=["sex"]) == before
    assert before["as_of"]["events_applied"] == 3


def test_attendance_heard_before_its_people_and_activity_counts_once_they_come(
    store: ReportingStore, told: Told
) -> None:
    a, activity = ids(2)
    project([told.sheet(activity, activity, came=[a])], store)
    assert totals(store)["person_sessions"] == 0
    project([told.activity(activity)], store)
    assert cells(store, "unique_people", "sex") == {"unknown": 1}
    project([told.person(a)], store)
    assert cells(store, "unique_people", "sex") == {"female": 1}


def test_a_corrected_person_moves_from_cell_to_cell(store: ReportingStore, told: Told) -> None:
    a, b, activity = ids(3)
    project(
        [
            told.person(a),
            told.person(b),
            told.activity(activity),
            told.sheet(activity, activity, came=[a, b]),
        ],
        store,
    )
    project([told.person(a, "participant.corrected", sex="male", birth_year=2005)], store)
    assert cells(store, "person_sessions", "sex", "age_band") == {
        ("female", "25_35"): 1,
        ("male", "15_17"): 1,
    }


def test_an_older_state_that_comes_late_changes_nothing(store: ReportingStore, told: Told) -> None:
    a, activity = ids(2)
    first = [told.person(a, sex="male"), told.activity(activity, status="planned")]
    second = [told.person(a, "participant.corrected"), told.activity(activity, status="held")]
    project([*second, told.sheet(activity, activity, came=[a])], store)
    project(first, store)
    assert cells(store, "unique_people", "sex") == {"female": 1}


def test_moving_five_people_to_another_session_changes_exactly_their_cells(
    store: ReportingStore, told: Told
) -> None:
    people, (one, other) = ids(8), ids(2)
    women, men = people[:4], people[4:]
    project([told.person(each) for each in women], store)
    project([told.person(each, sex="male") for each in men], store)
    project(
        [
            told.activity(one),
            told.activity(other, starts_on="2022-01-01"),
            told.sheet(one, one, came=people),
        ],
        store,
    )
    moved = people[1:6]  # three women, two men
    project([told.sheet(one, one, left=moved), told.sheet(other, other, came=moved)], store)
    assert cells(store, "person_sessions", "sex", filter={"activity_ids": [one]}) == {
        "female": 1,
        "male": 2,
    }
    assert cells(store, "person_sessions", "sex", filter={"activity_ids": [other]}) == {
        "female": 3,
        "male": 2,
    }
    assert cells(store, "unique_people", "sex") == {"female": 4, "male": 4}


def test_a_withdrawn_activity_takes_all_its_figures_out_until_it_is_reinstated(
    store: ReportingStore, told: Told
) -> None:
    a, activity = ids(2)
    announced = {"total": 3, "cells": []}
    project(
        [
            told.person(a),
            told.activity(activity, announced=announced),
            told.sheet(activity, activity, came=[a]),
        ],
        store,
    )
    before = totals(store)
    project([told.activity(activity, "activity.withdrawn")], store)
    assert set(totals(store).values()) == {0}
    assert ask(store)["activities_counted"] == 0
    project([told.activity(activity, "activity.reinstated", announced=announced)], store)
    assert totals(store) == before


def test_a_withdrawn_person_is_counted_nowhere_until_reinstated(
    store: ReportingStore, told: Told
) -> None:
    a, b, activity = ids(3)
    project(
        [
            told.person(a),
            told.person(b),
            told.activity(activity),
            told.sheet(activity, activity, came=[a, b]),
        ],
        store,
    )
    project([told.person(a, "participant.withdrawn")], store)
    assert totals(store)["person_sessions"] == totals(store)["unique_people"] == 1
    assert cells(store, "person_sessions", "sex") == {"female": 1}
    project([told.person(a, "participant.reinstated")], store)
    assert cells(store, "person_sessions", "sex") == {"female": 2}


def test_an_attendance_event_that_comes_too_early_is_handed_back_and_its_neighbours_apply(
    store: ReportingStore, told: Told
) -> None:
    a, b, one, other = ids(4)
    first, second = told.sheet(one, one, came=[a, b]), told.sheet(one, one, left=[a])
    neighbour = told.sheet(other, other, came=[a])
    project([told.activity(one), told.activity(other)], store)
    assert project([second, neighbour], store) == [second]
    assert totals(store)["person_sessions"] == 1
    assert project([second, first], store) == []
    assert totals(store)["person_sessions"] == 2
    assert project([second], store) == []
    assert totals(store)["person_sessions"] == 2


def test_a_step_told_again_under_another_id_changes_nothing(
    store: ReportingStore, told: Told
) -> None:
    a, b, activity = ids(3)
    first = told.sheet(activity, activity, came=[a, b])
    project([told.activity(activity), first, told.sheet(activity, activity, left=[a])], store)
    assert project([replace(first, id=ids(1)[0])], store) == []
    assert totals(store)["person_sessions"] == 1


def test_the_report_says_as_of_which_event_it_stands(store: ReportingStore, told: Told) -> None:
    assert ask(store)["as_of"]["event_id"] is None
    first, last = told.activity(ids(1)[0]), told.activity(ids(1)[0])
    last = replace(last, time=first.time + timedelta(seconds=1))
    project([last, first], store)
    as_of = ask(store)["as_of"]
    assert (as_of["event_id"], as_of["type"], as_of["events_applied"]) == (
        last.id,
        "activity.recorded",
        2,
    )
    assert as_of["recorded_at"].startswith(last.time.strftime("%Y-%m-%dT%H:%M:%S"))


def test_a_batch_that_fails_leaves_no_trace_and_applies_when_it_comes_again(
    store: ReportingStore, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, activity = ids(2)
    events = [told.person(a), told.activity(activity), told.sheet(activity, activity, came=[a])]
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise Unavailable("DATABASE_UNAVAILABLE")

        broken.setattr(Generation, "advance", fail)
        with pytest.raises(Unavailable):
            project(events, store)
    assert ask(store)["as_of"]["events_applied"] == 0
    project(events, store)
    assert totals(store)["person_sessions"] == 1
    assert cells(store, "unique_people", "sex") == {"female": 1}


def test_numbers_are_never_given_twice_when_two_replicas_meet(
    store: ReportingStore, told: Told
) -> None:
    a, b, c, activity = ids(4)
    replica = ReportingStore(store.db)
    project([told.activity(activity), told.sheet(activity, activity, came=[a, b])], store)
    project([told.sheet(activity, activity, came=[c], left=[a])], replica)
    project([told.sheet(activity, activity, came=[a])], store)
    assert totals(store)["unique_people"] == 3
    assert sorted(row["n"] for row in store.db["people"].find()) == [0, 1, 2]


def test_a_large_batch_is_cut_into_transactions_without_changing_what_it_means(
    store: ReportingStore, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.reporting.handlers.projecting.ROWS_PER_TRANSACTION", 3)
    people, activity = ids(10), ids(1)[0]
    events = [told.activity(activity)]
    events += [told.sheet(activity, activity, came=[each]) for each in people]
    assert project(list(reversed(events)), store) == []
    assert totals(store)["person_sessions"] == 10
    assert ask(store)["as_of"]["events_applied"] == 11


def test_any_order_of_arrival_ends_in_the_same_figures(store: ReportingStore, told: Told) -> None:
    """A random history in shuffled batches with repeats."""
    chance = random.Random(7)
    people, activities = ids(40), ids(6)
    history: list[Event] = [told.person(each) for each in people]
    history += [told.activity(each) for each in activities]
    present: dict[str, set[str]] = {each: set() for each in activities}
    for _ in range(120):
        activity = chance.choice(activities)
        some = set(chance.sample(people, 5))
        came, left = some - present[activity], some & present[activity]
        history.append(told.sheet(activity, activity, came=sorted(came), left=sorted(left)))
        present[activity] ^= some
        person = chance.choice(people)
        sex = chance.choice(["female", "male", None])
        history.append(told.person(person, "participant.corrected", sex=sex))
    arrivals = [*history, *chance.sample(history, 60)]
    chance.shuffle(arrivals)
    waiting: list[Event] = []
    while arrivals or waiting:
        batch = [*waiting, *arrivals[:25]]
        arrivals = arrivals[25:]
        waiting = project(batch, store)

    sex_of = {each.subject: each.data["sex"] for each in history if "sex" in each.data}
    expected = Counter(
        sex_of[person] or "unknown" for everyone in present.values() for person in everyone
    )
    assert cells(store, "person_sessions", "sex") == dict(expected)


def test_what_it_cannot_understand_is_refused_alone(store: ReportingStore, told: Told) -> None:
    (activity,) = ids(1)
    broken = replace(told.activity(activity), type="attendance.recorded", data={"rows": "none"})
    with pytest.raises((KeyError, TypeError)):
        project([broken], store)
    assert ask(store)["as_of"]["events_applied"] == 0
