"""What may be asked, and what the answers say: filters, rows, coverage, gaps, concerns, outputs."""

from typing import Any

import pytest

from services.reporting.handlers.projecting import project
from services.reporting.rules.activities import ReportScope
from services.reporting.store.live import ReportingStore
from shared.codes import code_list
from shared.errors import Refused
from tests.integration.services.reporting.reporting_world import (
    MALI,
    NIGER,
    ask,
    cells,
    question,
    totals,
)
from tests.walking import walk
from tests.world.events import PROJECT, Told
from tests.world.items import KALANA, NAMPALA, OTHER_NAMPALA, ids

FILTERS: list[tuple[dict[str, Any], int]] = [
    ({"chapters": ["NE"]}, 1),
    ({"project_ids": [PROJECT]}, 5),
    ({"types": ["policy_dialogue"]}, 2),
    ({"countries": ["ML"]}, 4),
    ({"places": ["ML.SIK"]}, 3),
    ({"places": [NAMPALA]}, 1),
    ({"places": ["ML.SEG"]}, 1),
    ({"places": [OTHER_NAMPALA], "countries": ["NE"]}, 2),
    ({"from": "2021-11-04"}, 2),
    ({"to": "2021-11-04"}, 4),
    ({"from": "2021-06-02", "to": "2021-11-04", "chapters": ["ML"]}, 1),
    ({"types": None, "chapters": None, "from": " "}, 5),
    ({"project_ids": []}, 0),
    ({"activity_ids": []}, 0),
    ({"types": []}, 0),
    ({"chapters": []}, 0),
    ({"countries": []}, 0),
    ({"places": []}, 0),
    ({"places": [NAMPALA], "countries": []}, 0),
]


def test_a_filter_takes_what_meets_all_its_conditions(store: ReportingStore, told: Told) -> None:
    person, *activities = ids(6)
    said: list[dict[str, Any]] = [
        {"place": KALANA},
        {"place": NAMPALA},
        {"place": OTHER_NAMPALA},
        {"place": "ML.SIK", "type": "policy_dialogue", "starts_on": "2021-11-04"},
        {"place": "NE", "type": "policy_dialogue", "starts_on": "2021-11-05", "chapter": "NE"},
    ]
    project([told.activity(each, **of) for each, of in zip(activities, said, strict=True)], store)
    project([told.sheet(each, each, came=[person]) for each in activities], store)
    for asked, expected in FILTERS:
        answer = ask(store, filter=asked)
        assert answer["figures"]["person_sessions"]["total"] == expected, asked
        assert answer["activities_counted"] == expected, asked
        applied = {name: value for name, value in asked.items() if value not in (None, " ")}
        assert answer["filter"] == applied


def test_a_chapter_sees_its_own_whatever_it_asks(store: ReportingStore, told: Told) -> None:
    person, malian, nigerien = ids(3)
    project(
        [
            told.activity(malian),
            told.activity(nigerien, chapter="NE", place="NE"),
            told.sheet(malian, malian, came=[person]),
            told.sheet(nigerien, nigerien, came=[person]),
            told.concern(ids(1)[0]),
        ],
        store,
    )
    answer = ask(
        store, NIGER, filter={"chapters": ["ML", "NE"], "activity_ids": [malian, nigerien]}
    )
    assert answer["figures"]["person_sessions"]["total"] == 1
    assert answer["filter"]["chapters"] == ["NE"]
    assert totals(store)["person_sessions"] == 2
    assert question("concerns", store, caller=NIGER)["rows"] == []
    assert question("concerns", store, caller=MALI)["total"] == 1


def test_activities_that_did_not_take_place_are_told_and_not_counted(
    store: ReportingStore, told: Told
) -> None:
    planned, cancelled, held = ids(3)
    announced = {"total": 5}
    project(
        [
            told.activity(planned, status="planned", announced=announced),
            told.activity(cancelled, status="cancelled", announced=announced),
            told.activity(held, status="validated", announced=announced),
        ],
        store,
    )
    answer = ask(store)
    assert answer["figures"]["announced"]["total"] == 5
    assert answer["activities_counted"] == 1
    assert answer["activities_not_counted"] == {"planned": 1, "cancelled": 1}


ROWS = {
    "chapter": ["ML", "NE"],
    "type": ["policy_dialogue", "technical_training"],
    "month": ["2021-06", "2021-11", "2022-01"],
    "quarter": ["2021-Q2", "2021-Q4", "2022-Q1"],
    "year": ["2021", "2022"],
    "admin1": ["ML.BKO", "ML.SIK", "unknown"],
    "locality": ["ML.BKO.BAMAKO", KALANA, "NE"],
}


def test_each_row_shows_its_own_part(store: ReportingStore, told: Told) -> None:
    a, b, *activities = ids(5)
    said: list[dict[str, Any]] = [
        {},
        {"type": "policy_dialogue", "starts_on": "2021-11-04", "place": "ML.BKO.BAMAKO"},
        {"chapter": "NE", "starts_on": "2022-01-09", "place": "NE"},
    ]
    project([told.activity(each, **of) for each, of in zip(activities, said, strict=True)], store)
    project([told.sheet(each, each, came=[a, b]) for each in activities], store)
    for rows_by, keys in ROWS.items():
        answer = ask(store, rows_by=rows_by)
        assert [row["key"] for row in answer["rows"]] == keys
        by_row = [row["figures"]["person_sessions"]["total"] for row in answer["rows"]]
        assert sum(by_row) == answer["figures"]["person_sessions"]["total"] == 6
        assert {row["figures"]["unique_people"]["total"] for row in answer["rows"]} == {2}
        assert answer["figures"]["unique_people"]["total"] == 2


def test_rows_and_filters_know_the_region_of_the_day(store: ReportingStore, told: Told) -> None:
    person, then, now = ids(3)
    days = {then: "2021-06-14", now: "2024-06-14"}
    project([told.activity(each, starts_on=day, place=KALANA) for each, day in days.items()], store)
    project([told.sheet(each, each, came=[person]) for each in days], store)

    assert [row["key"] for row in ask(store, rows_by="admin1")["rows"]] == ["ML.BOU", "ML.SIK"]
    for place, expected in (("ML.SIK", 1), ("ML.06", 1), ("ML.BOU", 1), ("ML.SIK.YAN", 2)):
        assert totals(store, filter={"places": [place]})["person_sessions"] == expected, place


def test_what_was_projected_under_an_old_id_still_counts(store: ReportingStore, told: Told) -> None:
    person, activity = ids(2)
    told_of = told.activity(activity, place="ML.06.KAD")
    project([told_of, told.sheet(activity, activity, came=[person])], store)
    with store.snapshot() as seen:
        assert [each.place for each in seen.activities(ReportScope())] == ["ML.SIK.KAD"]
    old = {"place": "ML.06.KAD", "within": ["ML", "ML.06", "ML.06.KAD"]}
    store.db["activities"].update_one({"_id": activity}, {"$set": old})

    for rows_by, key in (("admin1", "ML.SIK"), ("locality", "ML.SIK.KAD")):
        (row,) = ask(store, rows_by=rows_by, filter={"places": ["ML.SIK"]})["rows"]
        assert row["key"] == key
        assert row["figures"]["person_sessions"]["total"] == 1


def test_rows_are_paged_in_the_order_of_their_days(store: ReportingStore, told: Told) -> None:
    activities = ids(5)
    days = ["2021-09-01", "2021-07-01", "2021-08-01", "2021-06-01", "2021-07-01"]
    for activity, day in zip(activities, days, strict=True):
        title = {"fr": f"Formation du {day}"}
        project([told.activity(activity, starts_on=day, title=title)], store)

    def asked(**page: Any) -> dict[str, Any]:
        answer = ask(store, rows_by="activity", **page)
        assert answer["activities_counted"] == 5
        return answer

    seen = walk(asked, 2, items="rows")
    assert [row["label"]["fr"] for row in seen] == [f"Formation du {day}" for day in sorted(days)]
    assert walk(asked, 2, items="rows", backwards=True) == seen
    assert asked(first=1)["total_count"] == 5
    with pytest.raises(Refused, match="BAD_CURSOR"):
        ask(store, rows_by="activity", after="nonsense")


def test_rows_of_projects_carry_their_titles(store: ReportingStore, told: Told) -> None:
    project([told.project(PROJECT), told.activity(ids(1)[0])], store)
    (row,) = ask(store, rows_by="project")["rows"]
    assert (row["key"], row["label"]["fr"]) == (PROJECT, "EMMMDA")


def test_cells_come_in_the_order_of_the_code_lists_with_zeros_if_asked(
    store: ReportingStore, told: Told
) -> None:
    a, b, activity = ids(3)
    project(
        [
            told.person(a, sex=None),
            told.person(b, sex="male"),
            told.activity(activity),
            told.sheet(activity, activity, came=[a, b]),
        ],
        store,
    )
    assert list(cells(store, "unique_people", "sex").items()) == [("male", 1), ("unknown", 1)]
    full = cells(store, "unique_people", "sex", with_zeros=True)
    assert list(full) == [*code_list("sex"), "unknown"]
    assert full == {"female": 0, "male": 1, "other": 0, "not_stated": 0, "unknown": 1}
    assert len(cells(store, "announced", "sex", "age_band", with_zeros=True)) == 5 * 7


def test_overlapping_groups_are_said_not_to_add_up(store: ReportingStore) -> None:
    assert ask(store, by=["group"])["adds_up"]
    assert not ask(store, by=["sex", "group_any"])["adds_up"]


def test_ages_are_the_same_whatever_else_was_asked(store: ReportingStore, told: Told) -> None:
    """Born in 1986: 35 in 2021, and 40 in 2026. Who came in 2026 again was no older in 2021."""
    twice, once, in_2021, in_2026, planned = ids(5)
    project(
        [
            *(told.person(each, birth_year=1986) for each in (twice, once)),
            told.activity(in_2021, starts_on="2021-08-02"),
            told.activity(in_2026, starts_on="2026-02-03"),
            told.activity(planned, starts_on="2030-06-01", status="planned"),
            told.sheet(in_2021, in_2021, came=[twice, once]),
            told.sheet(in_2026, in_2026, came=[twice]),
        ],
        store,
    )
    alone = ask(store, filter={"from": "2021-07-01", "to": "2021-09-30"}, by=["age_band"])
    both = ask(store, by=["age_band"], rows_by="quarter")
    assert [row["key"] for row in both["rows"]] == ["2021-Q3", "2026-Q1"]
    assert both["rows"][0]["figures"] == alone["figures"]
    assert alone["figures"]["unique_people"]["cells"] == [
        {"keys": {"age_band": "25_35"}, "value": 2}
    ]
    assert cells(store, "unique_people", "age_band") == {"25_35": 1, "36_59": 1}
    assert cells(store, "person_sessions", "age_band") == {"25_35": 2, "36_59": 1}
    assert (alone["age_reference_year"], both["age_reference_year"]) == (2021, None)


def test_figures_and_the_event_they_stand_by_belong_to_one_moment(
    store: ReportingStore, told: Told
) -> None:
    """What is projected while a report reads is in neither its figures nor its `as_of`."""
    one, other = ids(2)
    project([told.activity(one, announced={"total": 1})], store)
    with store.snapshot() as seen:
        before = seen.position()
        project([told.activity(other, announced={"total": 1})], store)
        assert [each.id for each in seen.activities(ReportScope())] == [one]
        assert seen.position() == before
    assert totals(store)["announced"] == 2
