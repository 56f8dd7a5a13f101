"""A place that the gazetteer lacks, from the moment it is added, through the public endpoint and
everything behind it."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.local.stack import Stack
from shared.ids import new_id
from tests.e2e.client import COUNTS, PUSH_PROJECTS, Client
from tests.stack import wait_for
from tests.world import graphql
from tests.world.graphql import activity, person, sheet

PUSH_ALL = f"""mutation($places: [PlaceInput!]!, $input: PushActivitiesInput!) {{
  pushPlaces(items: $places) {{ {COUNTS} }}
  pushActivities(input: $input) {{ participants {{ {COUNTS} }} activities {{ {COUNTS} }}
    attendance {{ {COUNTS} }} }} }}"""
PUSH_PLACES = f"mutation($items: [PlaceInput!]!) {{ pushPlaces(items: $items) {{ {COUNTS} }} }}"
BY_LOCALITY = """query($filter: ReportFilter) { report(filter: $filter, rowsBy: LOCALITY) {
  rows { nodes { key label figures { personSessions { total } } } } } }"""


@pytest.fixture(scope="module")
def mali(stack: Stack) -> Client:
    admin = Client(stack.hub_url, stack.admin_key)
    return Client(stack.hub_url, admin.key("chapter", "ML"))


def rows(client: Client, **asked: Any) -> dict[str, int]:
    found = client.ask(BY_LOCALITY, filter=asked)["rows"]["nodes"]
    return {each["label"]: each["figures"]["personSessions"]["total"] for each in found}


def test_a_site_and_what_happens_there_go_in_one_request_and_two_sites_become_one(
    mali: Client,
) -> None:
    project, first, second = new_id(), new_id(), new_id()
    mali.ask(PUSH_PROJECTS, items=[graphql.project(id=project)])
    at = [f"ML.SIK.YAN.~{each}" for each in (first, second)]
    people = [person(place=place) for place in at]
    held = [activity(project, place=place) for place in at]
    answer = mali.answer(
        PUSH_ALL,
        places=[
            {"id": first, "parent": "ML.SIK.YAN", "name": "Fodjélé", "kind": "mining_site"},
            {"id": second, "parent": "ML.SIK.YAN", "name": "Placer Foro"},
        ],
        input={
            "participants": people,
            "activities": held,
            "attendance": [
                sheet(each["id"], [who["id"]]) for each, who in zip(held, people, strict=True)
            ],
        },
    )
    assert "errors" not in answer, answer
    assert answer["data"]["pushPlaces"]["created"] == 2
    pushed = answer["data"]["pushActivities"]
    assert [pushed[name]["created"] for name in ("participants", "activities", "attendance")] == [
        2, 2, 2,
    ]  # fmt: skip

    within = "Yanfolila, Sikasso, Mali", "Yanfolila, Bougouni, Mali"
    apart = {f"Fodjélé, {within[1]}": 1, f"Placer Foro, {within[1]}": 1}
    wait_for(lambda: rows(mali, projectIds=[project], places=["ML.SIK"]) == apart, 20)
    assert rows(mali, projectIds=[project], places=["ML.KAY"]) == {}
    shown = mali.ask("query($id: ID!) { activity(id: $id) { place { label } } }", id=held[0]["id"])
    assert shown["place"]["label"] == f"Fodjélé, {within[0]}"

    same = {"id": second, "sameAs": at[0]}
    assert mali.ask(PUSH_PLACES, items=[same])["updated"] == 1
    wait_for(lambda: rows(mali, projectIds=[project]) == {f"Fodjélé, {within[1]}": 2}, 20)
    found = mali.ask('{ places(search: "placer foro") { id } }')
    assert found == [{"id": at[0]}]
    everybody = mali.ask(
        "query($at: ID) { participants(filter: {place: $at}) { totalCount } }", at=at[0]
    )
    assert everybody == {"totalCount": 2}

    assert mali.ask(PUSH_PLACES, items=[{"id": second, "clear": ["sameAs"]}])["updated"] == 1
    wait_for(lambda: rows(mali, projectIds=[project]) == apart, 20)
