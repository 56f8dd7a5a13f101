"""Who or what was withdrawn is out of every figure, and back in all of them when reinstated."""

from __future__ import annotations

from typing import Any

import pytest

from services.reporting.handlers.projecting import project
from services.reporting.store.live import ReportingStore
from tests.integration.services.reporting.reporting_world import MALI, ask, cells, question, totals
from tests.world.events import Told
from tests.world.items import KALANA, ids

NOTHING = {"announced": 0, "person_sessions": 0, "unique_per_activity": 0, "unique_people": 0}


def shown(store: ReportingStore, **asked: Any) -> dict[str, Any]:
    """All that reporting answers, but for how far it has come."""
    answers = {
        "report": ask(store, rows_by="project", by=["sex"], **asked),
        "activities": ask(store, rows_by="activity", by=["group"], **asked),
        "gaps": question("gaps", store, **asked),
        "concerns": question("concerns", store, **asked),
        "outputs": question("outputs", store, **asked),
    }
    for of in ("ecpf", "topic", "architecture", "type"):
        answers[of] = question("coverage", store, of=of, **asked)
    return {
        name: {field: value for field, value in answer.items() if field != "as_of"}
        for name, answer in answers.items()
    }


def nominated(store: ReportingStore, **asked: Any) -> dict[str, int]:
    rows = question("outputs", store, **asked)["nominations"]
    return {row["status"]: row["count"] for row in rows if row["count"]}


def test_a_withdrawn_person_is_in_no_figure_and_back_in_all_when_reinstated(
    store: ReportingStore, told: Told
) -> None:
    awa, sali, moussa, training = ids(4)
    topics = [{"id": training, "topics": ["local_content"]}]
    project(
        [
            told.person(awa),
            told.person(sali),
            told.person(moussa, sex="male"),
            told.activity(training, sessions=topics, ecpf=["early_warning"]),
            told.sheet(
                training,
                training,
                came=[awa, sali, moussa],
                tests={awa: (40, 80), sali: (10, 90), moussa: (50, 70)},
            ),
            *(told.nomination(ids(1)[0], participant_id=each) for each in (awa, sali, moussa)),
        ],
        store,
    )
    before = shown(store)
    project([told.person(sali, "participant.withdrawn")], store)
    assert totals(store)["person_sessions"] == totals(store)["unique_people"] == 2
    assert cells(store, "unique_people", "sex") == {"female": 1, "male": 1}
    covered = {row["code"]: row for row in question("coverage", store, of="ecpf")["rows"]}
    assert covered["early_warning"]["person_sessions"] == 2
    reached = {
        (row["group"], row["topic"], row["unique_people"])
        for row in question("gaps", store)["rows"]
        if row["unique_people"]
    }
    assert reached == {("youth", "local_content", 2)}
    assert nominated(store) == {"proposed": 2}
    tests = question("outputs", store)["tests"]
    assert (tests["n"], tests["pre_mean"], tests["gain_mean"]) == (2, 45.0, 30.0)
    project([told.person(sali, "participant.reinstated")], store)
    assert shown(store) == before


@pytest.fixture
def programme(store: ReportingStore, told: Told) -> tuple[str, str]:
    """Two projects with an activity each, and people proposed for either, or for its project."""
    first, second, training, dialogue, awa, sali = ids(6)
    for key, activity, came in ((first, training, [awa, sali]), (second, dialogue, [sali])):
        project(
            [
                told.project(key),
                told.activity(
                    activity,
                    project_id=key,
                    announced={"total": 10},
                    ecpf=["early_warning"],
                    media={"channels": ["television"], "broadcasts": 4},
                ),
                told.sheet(activity, activity, came=came),
                told.nomination(ids(1)[0], project_id=key),
                told.nomination(ids(1)[0], activity_id=activity),
            ],
            store,
        )
    return first, second


def test_the_activities_of_a_withdrawn_project_are_in_no_figure_until_it_is_reinstated(
    store: ReportingStore, told: Told, programme: tuple[str, str]
) -> None:
    first, second = programme
    before, of_second = shown(store), shown(store, filter={"project_ids": [second]})
    project([told.project(first, "project.withdrawn")], store)
    assert totals(store) == {
        "announced": 10,
        "person_sessions": 1,
        "unique_per_activity": 1,
        "unique_people": 1,
    }
    report = ask(store, rows_by="project", filter={"from": "2021-01-01"})
    assert [row["key"] for row in report["rows"]] == [second]
    assert report["activities_counted"] == 1
    outputs = question("outputs", store)
    assert outputs["media"]["broadcasts"] == 4
    assert nominated(store) == nominated(store, caller=MALI) == {"proposed": 2}
    covered = {row["code"]: row for row in question("coverage", store, of="ecpf")["rows"]}
    assert covered["early_warning"]["activities"] == 1
    assert {row["place"] for row in question("gaps", store)["rows"]} == {KALANA}
    assert shown(store, filter={"project_ids": [second]}) == of_second
    asked = {"filter": {"project_ids": [first]}}
    assert totals(store, **asked) == NOTHING
    assert nominated(store, **asked) == {}
    assert question("gaps", store, **asked)["rows"] == []
    project([told.project(second, "project.withdrawn")], store)
    assert totals(store) == NOTHING
    assert nominated(store) == {}
    for each in programme:
        project([told.project(each, "project.reinstated")], store)
    assert shown(store) == before


def test_nominations_to_what_was_withdrawn_do_not_count(store: ReportingStore, told: Told) -> None:
    training, dialogue, key = ids(3)
    project(
        [
            told.project(key),
            told.activity(training, project_id=key),
            told.activity(dialogue, project_id=key),
            told.nomination(ids(1)[0], activity_id=training),
            told.nomination(ids(1)[0], activity_id=dialogue),
            told.activity(training, "activity.withdrawn", project_id=key),
        ],
        store,
    )
    assert nominated(store) == {"proposed": 1}
    project([told.activity(training, "activity.reinstated", project_id=key)], store)
    assert nominated(store) == {"proposed": 2}
