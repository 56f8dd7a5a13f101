"""Where an activity stands: as stated, otherwise by its chapter's calendar, whenever it is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.activities.handlers import reading
from shared.codes.countries import today
from tests.integration.services.activities.activities_world import (
    MALI,
    SECRETARIAT,
    World,
    codes,
    problems,
    statuses,
)
from tests.integration.services.activities.sheets_world import people
from tests.world.items import activity, present, project


def day(distance: int, country: str = "ML") -> str:
    at = datetime.now(UTC) + timedelta(days=distance)
    return today(country, at)


def listed(world: World, *states: str) -> set[str]:
    asked = {
        "caller": MALI.to_dict(),
        "kind": "activity",
        "filter": {"statuses": list(states)},
        "first": 200,
    }
    return {each["id"] for each in reading.list_page(asked, world.store)["items"]}


def unstated(world: World, **fields: Any) -> str:
    """The id of an activity of which nobody has said where it stands."""
    item = world.activity(**fields)
    item.pop("status", None)
    item.pop("ends_on", None)
    assert statuses(world.push([item])) == ["CREATED"]
    return str(item["id"])


@pytest.mark.parametrize(("distance", "state"), [(-400, "held"), (0, "held"), (300, "planned")])
def test_without_a_word_the_calendar_tells(world: World, distance: int, state: str) -> None:
    identifier = unstated(world, starts_on=day(distance))
    shown = world.get(identifier)
    assert (shown["status"], shown["status_stated"], shown.get("ends_on")) == (state, False, None)
    other = {"held": "planned", "planned": "held"}[state]
    assert identifier in listed(world, state)
    assert identifier not in listed(world, other, "cancelled", "reported")


def test_planned_for_next_year_and_moved_to_last_year_it_is_held(world: World) -> None:
    identifier = unstated(world, starts_on=day(300))
    assert world.get(identifier)["status"] == "planned"
    assert statuses(world.push([{"id": identifier, "starts_on": day(-300)}])) == ["UPDATED"]
    assert world.get(identifier)["status"] == "held"


def test_a_statement_holds_and_can_be_taken_back(world: World) -> None:
    identifier = unstated(world, starts_on=day(-3))
    world.push([{"id": identifier, "status": "planned"}])
    shown = world.get(identifier)
    assert (shown["status"], shown["status_stated"]) == ("planned", True)
    assert identifier in listed(world, "planned")
    world.push([{"id": identifier, "clear": ["status"]}])
    assert world.get(identifier)["status"] == "held"


def test_cancelled_by_mistake_it_is_held_again_and_each_step_is_recorded(world: World) -> None:
    identifier = world.held(status="held")
    for state in ("cancelled", "held", "planned", "held", "reported", "validated", "reported"):
        assert statuses(world.push([{"id": identifier, "status": state}])) == ["UPDATED"], state
    assert world.types(identifier) == ["activity.recorded", *["activity.corrected"] * 7]


def test_an_event_says_what_was_stated_and_no_more(world: World) -> None:
    identifier = unstated(world, starts_on=day(-3))
    world.push([{"id": identifier, "status": "held", "ends_on": day(-2)}])
    first, second = world.events(identifier)
    assert {first["type"][-3:], second["type"][-3:]} == {".v2"}
    assert {"status", "ends_on"}.isdisjoint(first["data"])
    assert (second["data"]["status"], second["data"]["ends_on"]) == ("held", day(-2))


@pytest.mark.parametrize("country", ["NE", "NG", "BJ", "ML", "CV"])
def test_what_is_today_where_the_chapter_is_can_be_said_to_have_happened(
    world: World, country: str
) -> None:
    """In Benin, Niger and Nigeria the day begins an hour before UTC's."""
    programme = project(chapter=country)
    world.push([programme], kind="project", caller=SECRETARIAT)
    days = [day(0, country), day(2, country)]
    said = [
        activity(
            programme["id"], starts_on=start, ends_on=None, status="held", place=country,
            chapter=country,
        )
        for start in days
    ]  # fmt: skip
    taken, refused = world.push(said, caller=SECRETARIAT)
    assert (taken["status"], codes([refused])) == ("CREATED", ["IN_FUTURE"])


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "planned", "starts_on": day(300), "ends_on": day(301)},
        {"status": "cancelled"},
        {"status": "planned"},
    ],
    ids=["planned for next year", "cancelled", "planned and past"],
)
def test_attendance_of_what_is_not_held_is_stored_with_the_remark_that_it_does_not_count(
    world: World, fields: dict[str, Any]
) -> None:
    session, [one, other] = world.held(**fields), people(2)
    receipts = world.record({"session_id": session, "rows": present(one, other)})
    assert statuses(receipts) == ["CREATED", "CREATED"]
    assert problems(receipts[0]) == [("DOES_NOT_COUNT", ["session_id"])]
    assert world.sheet(session)["sheet"]["present"] == 2

    world.push([{"id": session, "clear": ["status"], "starts_on": day(-1), "ends_on": day(0)}])
    again = world.record({"session_id": session, "rows": [{"participant_id": one, "pre_score": 5}]})
    assert (statuses(again), codes(again)) == (["UPDATED"], [])


def test_without_an_end_it_goes_on(world: World) -> None:
    identifier = unstated(world, starts_on=day(-300))
    session = {"id": people(1)[0], "on": day(-10)}
    assert statuses(world.push([{"id": identifier, "sessions": [session]}])) == ["UPDATED"]
    early = {"id": people(1)[0], "on": day(-301)}
    refused = world.push([{"id": identifier, "sessions": [early]}])
    assert problems(refused[0]) == [("SESSION_OUTSIDE_ACTIVITY", ["sessions", 0, "on"])]
    asked = {"caller": MALI.to_dict(), "kind": "activity", "filter": {"from": day(-5)}}
    assert identifier in {e["id"] for e in reading.list_page(asked, world.store)["items"]}
