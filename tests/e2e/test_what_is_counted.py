"""What the figures mean to a person: days, states, tests, what is withdrawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.e2e.client import Client
from tests.e2e.officer import Officer, codes
from tests.stack import wait_for
from tests.world.graphql import session

TODAY = datetime.now(UTC).date()  # also Mali's


def day(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


@pytest.fixture
def mali(stack: Stack) -> Officer:
    """Of a project of its own, so that its figures are those of the test alone."""
    key = Client(stack.hub_url, stack.admin_key).key("chapter", "ML")
    return Officer(Client(stack.hub_url, key))


def figures(mali: Officer, by: tuple[str, ...] = (), /, **filter: Any) -> dict[str, dict[Any, int]]:
    return mali.client.figures(by, projectIds=[mali.project_id], **filter)


def people_come_to(mali: Officer, people: int, in_all: int = 1) -> bool:
    found = figures(mali)
    return (found["uniquePeople"][()], found["personSessions"][()]) == (people, in_all)


# Days and states


def test_a_week_is_no_day_in_an_item_nor_in_a_filter(mali: Officer) -> None:
    assert codes(mali.activity(startsOn="2020-W53-1")) == ["INVALID_DATE"]
    answer = mali.client.answer('{ report(filter: { from: "2020-W53-1" }) { addsUp } }')
    [error] = answer["errors"]
    assert error["extensions"]["code"] != "INTERNAL"
    assert "2020-W53-1" in error["message"]


def test_an_activity_of_today_of_which_no_state_is_said_counts(mali: Officer) -> None:
    held = mali.activity(startsOn=day(0), endsOn=day(0), status=None)["id"]
    mali.attends(held, mali.person()["id"])
    wait_for(lambda: people_come_to(mali, 1))


def test_an_activity_put_off_into_the_past_counts_as_held(mali: Officer) -> None:
    held = mali.activity(startsOn=day(300), endsOn=day(300), status=None)["id"]
    assert mali.activity(id=held, startsOn=day(-300), endsOn=day(-300))["status"] == "UPDATED"
    assert mali.attends(held, mali.person()["id"])["problems"] == []
    wait_for(lambda: people_come_to(mali, 1))


@pytest.mark.parametrize("status", ["planned", "cancelled"])
def test_attendance_of_what_was_not_held_is_told_not_to_count(mali: Officer, status: str) -> None:
    days = {"startsOn": day(300), "endsOn": day(300)} if status == "planned" else {}
    planned = mali.activity(status=status, **days)["id"]
    told = mali.attends(planned, mali.person()["id"])
    assert codes(told) == ["DOES_NOT_COUNT"]
    assert people_come_to(mali, 0, 0)


def test_what_was_cancelled_by_mistake_is_held_again_with_its_figures(mali: Officer) -> None:
    held = mali.activity()["id"]
    mali.attends(held, mali.person()["id"])
    wait_for(lambda: people_come_to(mali, 1))
    mali.activity(id=held, status="cancelled")
    wait_for(lambda: people_come_to(mali, 0, 0))
    assert mali.activity(id=held, status="held")["status"] == "UPDATED"
    wait_for(lambda: people_come_to(mali, 1))
    document = """query($id: ID!) { history(of: ACTIVITY, id: $id) {
        nodes { activity { status { code } } } } }"""
    states = [
        each["activity"]["status"]["code"] for each in mali.client.ask(document, id=held)["nodes"]
    ]
    assert states == ["held", "cancelled", "held"]


def test_a_session_counts_in_the_year_of_its_day(mali: Officer) -> None:
    before, after = session(on="2021-12-30"), session(on="2022-01-02")
    held = mali.activity(
        startsOn="2021-12-30", endsOn="2022-01-02", sessions=[before, after], announced={"total": 9}
    )
    person = mali.person()["id"]
    for each in (before, after):
        mali.attends(each["id"], person)
    wait_for(lambda: people_come_to(mali, 1, 2))
    for year, announced in (("2021", 9), ("2022", 0)):
        found = figures(mali, (), **{"from": f"{year}-01-01", "to": f"{year}-12-31"})
        assert (found["personSessions"], found["announced"]) == ({(): 1}, {(): announced})
    document = """query($filter: ReportFilter) {
        report(filter: $filter) { continuing { activities { id } } } }"""
    filter = {"from": "2022-01-01", "projectIds": [mali.project_id]}
    named = mali.client.ask(document, filter=filter)["continuing"]["activities"]
    assert named == [{"id": held["id"]}]


def test_a_list_has_what_overlaps_its_period(mali: Officer) -> None:
    held = mali.activity(startsOn="2021-11-09", endsOn="2021-11-10")["id"]
    document = """query($filter: ActivityFilter) { activities(filter: $filter) { nodes { id } } }"""
    filter = {"from": "2021-11-10", "projectIds": [mali.project_id]}
    assert mali.client.ask(document, filter=filter)["nodes"] == [{"id": held}]


# Figures


def scores(mali: Officer) -> dict[str, Any]:
    document = """query($filter: ReportFilter) { outputs(filter: $filter) {
        tests { n gainMean unpaired } } }"""
    asked = {"projectIds": [mali.project_id]}
    tests: dict[str, Any] = mali.client.ask(document, filter=asked)["tests"]
    return tests


def test_a_test_on_the_first_day_is_paired_with_one_on_the_second(mali: Officer) -> None:
    first, second = session(), session(on="2021-09-07")
    mali.activity(sessions=[first, second])
    for _ in range(3):
        person = mali.person()["id"]
        mali.attends(first["id"], person, preScore=40)
        mali.attends(second["id"], person, postScore=80)
    wait_for(lambda: people_come_to(mali, 3, 6))
    assert scores(mali) == {"n": 3, "gainMean": 40, "unpaired": 0}


def test_ages_of_a_row_are_the_same_alone_and_beside_others(mali: Officer) -> None:
    person = mali.person(birthYear=1990)["id"]
    for starts_on in ("2021-08-02", "2026-03-02"):
        held = mali.activity(startsOn=starts_on, endsOn=starts_on)["id"]
        mali.attends(held, person)
    wait_for(lambda: people_come_to(mali, 1, 2))
    alone = figures(mali, ("AGE_BAND",), **{"from": "2021-07-01", "to": "2021-09-30"})
    document = """query($filter: ReportFilter) {
        report(filter: $filter, by: [AGE_BAND], rowsBy: QUARTER) { rows { nodes {
            key figures { uniquePeople { cells { keys { code } value } } } } } } }"""
    asked = {"projectIds": [mali.project_id]}
    rows = mali.client.ask(document, filter=asked)["rows"]["nodes"]
    [row] = [each for each in rows if each["key"] == "2021-Q3"]
    beside = {
        (cell["keys"][0]["code"],): cell["value"]
        for cell in row["figures"]["uniquePeople"]["cells"]
    }
    assert alone["uniquePeople"] == beside == {("25_35",): 1}


def present(mali: Officer, activity_id: str, people: int) -> bool:
    sessions = mali.reads("activity", activity_id, "sessions { present }")["sessions"]
    return bool(sessions == [{"present": people}])


def test_who_is_withdrawn_is_out_of_tests_and_sheets_and_comes_back(mali: Officer) -> None:
    held = mali.activity()["id"]
    people = [mali.person()["id"] for _ in range(2)]
    for person in people:
        mali.attends(held, person, preScore=40, postScore=80)
    wait_for(lambda: people_come_to(mali, 2, 2))
    for step, left in (("withdraw", 1), ("reinstate", 2)):
        gone = {"id": people[0], "reason": "asked us to"}
        [receipt] = mali.say(f"{step}Participants", gone)
        assert receipt["status"] == "UPDATED"
        wait_for(partial(people_come_to, mali, left, left))
        assert scores(mali)["n"] == left
        wait_for(partial(present, mali, held, left))


def test_a_withdrawn_project_is_in_no_figure_until_it_is_reinstated(mali: Officer) -> None:
    held = mali.activity(announced={"total": 5})["id"]
    mali.attends(held, mali.person()["id"])
    wait_for(lambda: people_come_to(mali, 1))
    for step, counted in (("withdraw", 0), ("reinstate", 1)):
        [receipt] = mali.say(f"{step}Projects", {"id": mali.project_id, "reason": "entered twice"})
        assert receipt["status"] == "UPDATED"
        wait_for(partial(people_come_to, mali, counted, counted))
        assert figures(mali)["announced"] == {(): 5 * counted}


def test_a_change_in_life_leaves_earlier_figures_as_they_were(mali: Officer) -> None:
    person = mali.person(groups=["youth"])["id"]
    for starts_on in ("2021-08-02", "2026-06-01"):
        held = mali.activity(startsOn=starts_on, endsOn=starts_on)["id"]
        mali.attends(held, person)
    changed = mali.person(id=person, since="2026-03-01", groups=["media"])
    assert (changed["status"], changed["problems"]) == ("UPDATED", [])
    wait_for(lambda: figures(mali, ("GROUP",))["uniquePeople"] == {("media",): 1})
    for year, group in (("2021", "youth"), ("2026", "media")):
        of_year = {"from": f"{year}-01-01", "to": f"{year}-12-31"}
        assert figures(mali, ("GROUP",), **of_year)["uniquePeople"] == {(group,): 1}
