"""By which day each figure goes; and each row of a report is the report of that row asked alone."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

import pytest

from services.reporting.handlers.projecting import project
from services.reporting.store.live import ReportingStore
from tests.integration.services.reporting.reporting_world import ask, cells, question, totals
from tests.world.events import Told
from tests.world.items import KALANA, OTHER_NAMPALA, ids

IN_2021 = {"from": "2021-01-01", "to": "2021-12-31"}
IN_2022 = {"from": "2022-01-01", "to": "2022-12-31"}


def test_over_new_year_each_session_counts_in_its_own_year(
    store: ReportingStore, told: Told
) -> None:
    a, b, c, training, before, after = ids(6)
    project(
        [
            *(told.person(each, birth_year=1986) for each in (a, b, c)),
            told.activity(
                training,
                starts_on="2021-12-30",
                ends_on="2022-01-02",
                announced={"total": 40},
                sessions=[{"id": before, "on": "2021-12-30"}, {"id": after, "on": "2022-01-02"}],
            ),
            told.sheet(before, training, came=[a, b]),
            told.sheet(after, training, came=[b, c]),
        ],
        store,
    )
    in_one = {"person_sessions": 2, "unique_per_activity": 2, "unique_people": 2}
    assert totals(store, filter=IN_2021) == {"announced": 40, **in_one}
    assert totals(store, filter=IN_2022) == {"announced": 0, **in_one}
    assert totals(store) == {
        "announced": 40,
        "person_sessions": 4,
        "unique_per_activity": 3,
        "unique_people": 3,
    }
    years = ask(store, rows_by="year")
    assert [row["key"] for row in years["rows"]] == ["2021", "2022"]
    assert years["rows"][0]["figures"] == ask(store, filter=IN_2021)["figures"]
    assert years["rows"][1]["figures"] == ask(store, filter=IN_2022)["figures"]
    assert years["figures"]["unique_per_activity"]["total"] == 3
    # Ages are those at the activity, which began in 2021: 35, also of a session in 2022.
    assert cells(store, "person_sessions", "age_band", filter=IN_2022) == {"25_35": 2}
    counted = [ask(store, filter=each)["activities_counted"] for each in (IN_2021, IN_2022)]
    assert counted == [1, 0]


def test_a_training_that_began_before_is_there_with_its_later_day_and_by_name(
    store: ReportingStore, told: Told
) -> None:
    a, b, training, first, second, other = ids(6)
    project(
        [
            told.activity(
                training,
                starts_on="2021-11-09",
                ends_on="2021-11-10",
                title={"fr": "Formation"},
                announced={"total": 25},
                ecpf=["early_warning"],
                sessions=[
                    {"id": first, "on": "2021-11-09", "topics": ["local_content"]},
                    {"id": second, "on": "2021-11-10", "topics": ["licensing_permits"]},
                ],
            ),
            told.activity(other, starts_on="2021-11-12", announced={"total": 7}),
            told.sheet(first, training, came=[a, b]),
            told.sheet(second, training, came=[a]),
            told.sheet(other, other, came=[b]),
        ],
        store,
    )
    from_the_tenth = {"from": "2021-11-10"}
    answer = ask(store, filter=from_the_tenth, rows_by="activity")
    assert {name: figure["total"] for name, figure in answer["figures"].items()} == {
        "announced": 7,
        "person_sessions": 2,
        "unique_per_activity": 2,
        "unique_people": 2,
    }
    assert answer["activities_counted"] == 1
    assert answer["continuing"] == {
        "total": 1,
        "activities": [
            {
                "id": training,
                "title": {"fr": "Formation"},
                "starts_on": "2021-11-09",
                "ends_on": "2021-11-10",
            }
        ],
    }
    assert [row["key"] for row in answer["rows"]] == [training, other]
    first_row = answer["rows"][0]["figures"]
    assert (first_row["announced"]["total"], first_row["person_sessions"]["total"]) == (0, 1)

    def covered(of: str, **asked: Any) -> dict[str, tuple[int, ...]]:
        rows = question("coverage", store, of=of, filter=asked)["rows"]
        found = {row.pop("code"): tuple(row.values()) for row in rows}
        return {code: figures for code, figures in found.items() if any(figures)}

    assert covered("ecpf", **from_the_tenth)["early_warning"] == (0, 1, 1)
    assert covered("topic", **from_the_tenth) == {
        "licensing_permits": (0, 1, 1),
        "unknown": (1, 1, 1),
    }
    until_the_ninth = {"to": "2021-11-09"}
    assert covered("topic", **until_the_ninth) == {
        "licensing_permits": (1, 0, 0),
        "local_content": (1, 2, 2),
    }
    assert ask(store, filter=until_the_ninth)["continuing"]["total"] == 1
    assert ask(store, filter={"from": "2021-11-09"})["continuing"]["total"] == 0
    assert ask(store)["continuing"] == {"total": 0, "activities": []}
    reached = {
        (row["topic"], row["unique_people"])
        for row in question("gaps", store, filter=from_the_tenth)["rows"]
        if row["unique_people"]
    }
    assert reached == {("licensing_permits", 1), ("unknown", 1)}


def test_more_activities_go_on_over_the_border_than_are_named(
    store: ReportingStore, told: Told
) -> None:
    over = ids(53)
    days = {"starts_on": "2021-12-31", "ends_on": "2022-01-01"}
    project([told.activity(each, **days) for each in over], store)
    continuing = ask(store, filter=IN_2022)["continuing"]
    assert continuing["total"] == 53
    assert [each["id"] for each in continuing["activities"]] == sorted(over)[:50]


FILTERS = {
    "chapter": "chapters",
    "project": "project_ids",
    "activity": "activity_ids",
    "type": "types",
    "admin1": "places",
    "locality": "places",
}
PERIODS = {
    "2021-03": ("2021-03-01", "2021-03-31"),
    "2021-04": ("2021-04-01", "2021-04-30"),
    "2021-06": ("2021-06-01", "2021-06-30"),
    "2021-07": ("2021-07-01", "2021-07-31"),
    "2021-12": ("2021-12-01", "2021-12-31"),
    "2022-01": ("2022-01-01", "2022-01-31"),
    "2022-02": ("2022-02-01", "2022-02-28"),
    "2026-02": ("2026-02-01", "2026-02-28"),
    "2026-03": ("2026-03-01", "2026-03-31"),
    "2021-Q1": ("2021-01-01", "2021-03-31"),
    "2021-Q2": ("2021-04-01", "2021-06-30"),
    "2021-Q3": ("2021-07-01", "2021-09-30"),
    "2021-Q4": ("2021-10-01", "2021-12-31"),
    "2022-Q1": ("2022-01-01", "2022-03-31"),
    "2026-Q1": ("2026-01-01", "2026-03-31"),
    "2021": ("2021-01-01", "2021-12-31"),
    "2022": ("2022-01-01", "2022-12-31"),
    "2026": ("2026-01-01", "2026-12-31"),
}


def asked_alone(rows_by: str, key: str) -> dict[str, Any]:
    """The filter of one row."""
    if rows_by in FILTERS:
        return {FILTERS[rows_by]: [key]}
    return dict(zip(("from", "to"), PERIODS[key], strict=True))


def a_programme(told: Told, chance: Random) -> list[Any]:
    """People and activities of one to four days, at the borders of months, quarters and years."""
    people, projects = ids(12), ids(2)
    events = [
        told.person(
            each,
            sex=chance.choice(["female", "male", None]),
            birth_year=chance.choice([1985, 1986, 1996, 2003, None]),
            groups=chance.sample(["youth", "media", "womens_group"], chance.randint(0, 2)),
        )
        for each in people[:10]  # two are on sheets alone
    ]
    begins = ["2021-03-30", "2021-06-29", "2021-12-30", "2022-01-01", "2026-02-27"]
    for start, _ in product(begins, range(3)):
        activity, *sessions = ids(4)
        year, month, day = map(int, start.split("-"))
        then = f"{year + (month == 12)}-{month % 12 + 1:02}-01"
        days = sorted(chance.choice([start, f"{start[:8]}{day + 1:02}", then]) for _ in sessions)
        events.append(
            told.activity(
                activity,
                chapter=chance.choice(["ML", "NE"]),
                project_id=chance.choice(projects),
                type=chance.choice(["technical_training", "policy_dialogue"]),
                place=chance.choice([KALANA, OTHER_NAMPALA]),
                starts_on=start,
                ends_on=then,
                announced={"total": 9, "cells": [{"sex": "female", "count": chance.randint(0, 9)}]},
                sessions=[{"id": each, "on": on} for each, on in zip(sessions, days, strict=True)],
            )
        )
        for session in sessions:
            came = chance.sample(people, chance.randint(0, 8))
            events.append(told.sheet(session, activity, came=came))
    return events


@pytest.mark.parametrize("seed", range(3))
def test_each_row_is_the_report_of_that_row_asked_alone(
    store: ReportingStore, told: Told, seed: int
) -> None:
    project(a_programme(told, Random(seed)), store)
    for rows_by in (*FILTERS, "month", "quarter", "year"):
        for by in ([], ["sex", "age_band"], ["age_band", "group_any"]):
            answer = ask(store, rows_by=rows_by, by=by, first=200, with_shares=True)
            assert len(answer["rows"]) > 1, rows_by
            for row in answer["rows"]:
                alone = ask(store, filter=asked_alone(rows_by, row["key"]), by=by, with_shares=True)
                assert row["figures"] == alone["figures"], (rows_by, row["key"], by)


@pytest.mark.parametrize("rows_by", ["month", "quarter", "year"])
def test_periods_share_out_all_that_was_held(
    store: ReportingStore, told: Told, rows_by: str
) -> None:
    project(a_programme(told, Random(9)), store)
    answer = ask(store, rows_by=rows_by, by=["sex"])
    for figure in ("announced", "person_sessions"):
        parted = sum(row["figures"][figure]["total"] for row in answer["rows"])
        assert parted == answer["figures"][figure]["total"] > 0
