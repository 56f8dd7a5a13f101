"""What contradicts another record is stored, and told with the receipt."""

from __future__ import annotations

from typing import Any

from shared.ids import new_id
from tests.integration.services.activities.activities_world import World
from tests.world.items import concern, project


def told(receipts: list[dict[str, Any]]) -> list[Any]:
    return [
        (each["status"], [(p["code"], p["path"]) for p in each["problems"]]) for each in receipts
    ]


def test_an_activity_outside_its_projects_days_is_stored_with_a_remark(world: World) -> None:
    one = new_id()
    said = world.activity(id=one, starts_on="2021-04-29", ends_on="2021-05-02")
    early = [("BEFORE_PROJECT", ["starts_on"])]
    assert told(world.push([said])) == [("CREATED", early)]
    assert told(world.push([said])) == [("UNCHANGED", [])]
    # The project is not named again, and still known.
    assert told(world.push([{"id": one, "venue": "Maison des jeunes"}])) == [("UPDATED", early)]
    assert told(world.push([{"id": one, "starts_on": "2021-05-01"}])) == [("UPDATED", [])]


def test_a_project_whose_new_days_leave_activities_outside_is_stored_with_a_remark(
    world: World,
) -> None:
    mine = new_id()
    world.push([project(id=mine)], kind="project")
    world.push([world.activity(project_id=mine)])  # 6 and 7 September 2021
    left_out = [("ACTIVITIES_OUTSIDE_PROJECT", ["ends_on"])]
    for days, remarks in (
        ({"ends_on": "2021-09-07"}, []),
        ({"ends_on": "2021-09-06"}, left_out),
        ({"ends_on": "2021-12-31", "starts_on": "2021-09-07"}, left_out),
        ({"description": {"fr": "…"}}, []),
    ):
        assert told(world.push([{"id": mine, **days}], kind="project")) == [("UPDATED", remarks)]


def test_a_concern_raised_before_its_activity_is_stored_with_a_remark(world: World) -> None:
    held = world.held()
    one = concern(id=new_id(), activity_id=held, raised_on="2021-09-05")
    early = [("RAISED_BEFORE_ACTIVITY", ["raised_on"])]
    assert told(world.push([one], kind="concern")) == [("CREATED", early)]
    later = {"id": one["id"], "raised_on": "2021-09-06"}
    assert told(world.push([later], kind="concern")) == [("UPDATED", [])]
