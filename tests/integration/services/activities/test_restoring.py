"""A correction is undone in one call, under the checks of a push."""

from __future__ import annotations

from typing import Any

import pytest

from services.activities.handlers import history, records
from shared.ids import new_id
from tests.integration.services.activities.activities_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    World,
    codes,
    problems,
    statuses,
)
from tests.world.items import organisation, present, session


def test_a_version_comes_back_whole_in_a_new_one(world: World) -> None:
    identifier = world.held(description="right", venue="town hall", ecpf=["early_warning"])
    before = world.get(identifier)
    world.push([{"id": identifier, "description": "wrong", "clear": ["venue", "ecpf"]}])

    [receipt] = world.restore(identifier, 1)

    assert (receipt["status"], receipt["version"]) == ("UPDATED", 3)
    now = world.get(identifier)
    changing = {"version", "updated_at"}
    assert {k: v for k, v in now.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }
    assert world.types(identifier) == [
        "activity.recorded",
        "activity.corrected",
        "activity.corrected",
    ]
    latest = history.history({"caller": MALI.to_dict(), "kind": "activity", "id": identifier},
                             world.store)["items"][0]  # fmt: skip
    assert (latest["reason"], latest["restored"]) == ("corrected by mistake", 1)


def test_a_status_goes_back_that_a_push_could_not_take_back(world: World) -> None:
    identifier = world.held(status="held")
    for state in ("reported", "validated"):
        world.push([{"id": identifier, "status": state}])
    assert codes(world.push([{"id": identifier, "status": "held"}])) == ["BAD_TRANSITION"]

    assert statuses(world.restore(identifier, 1)) == ["UPDATED"]
    assert world.get(identifier)["status"] == "held"


def test_what_is_so_already_is_unchanged(world: World) -> None:
    identifier = world.held(venue="1")
    world.push([{"id": identifier, "venue": "2"}])
    assert statuses(world.restore(identifier, 2)) == ["UNCHANGED"]
    world.restore(identifier, 1)
    assert statuses(world.restore(identifier, 1)) == ["UNCHANGED"]
    assert world.get(identifier)["version"] == 3


def test_a_repetition_changes_nothing_whatever_came_between(world: World) -> None:
    identifier, push_id = world.held(venue="1"), new_id()
    world.push([{"id": identifier, "venue": "2"}])
    assert statuses(world.restore(identifier, 1, push_id=push_id)) == ["UPDATED"]
    world.push([{"id": identifier, "venue": "3"}])

    [again] = world.restore(identifier, 1, push_id=push_id)

    assert (again["status"], again["version"]) == ("UNCHANGED", 4)
    assert codes([again]) == ["ALREADY_APPLIED"]
    assert world.get(identifier)["venue"] == "3"


def test_a_dry_run_restores_nothing(world: World) -> None:
    identifier = world.held(venue="1")
    world.push([{"id": identifier, "venue": "2"}])
    assert statuses(world.restore(identifier, 1, dry_run=True)) == ["UPDATED"]
    assert world.get(identifier)["venue"] == "2"


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"version": 9}, [("NO_SUCH_VERSION", ["version"])]),
        ({"version": None}, [("REQUIRED", ["version"])]),
        ({"version": "1"}, [("NOT_A_WHOLE_NUMBER", ["version"])]),
        ({"version": 0}, [("NOT_A_WHOLE_NUMBER", ["version"])]),
        ({"reason": " "}, [("REQUIRED", ["reason"])]),
        ({"expected_version": 1}, [("VERSION_CONFLICT", ["expected_version"])]),
        ({"id": "x"}, [("INVALID_ID", ["id"])]),
        ({"id": new_id()}, [("NOT_FOUND", ["id"])]),
        (
            {"version": 9, "reason": "", "expected_version": 7},
            [
                ("NO_SUCH_VERSION", ["version"]),
                ("VERSION_CONFLICT", ["expected_version"]),
                ("REQUIRED", ["reason"]),
            ],
        ),
    ],
)
def test_all_that_is_wrong_is_told(world: World, item: dict[str, Any], told: Any) -> None:
    identifier = world.held(venue="1")
    world.push([{"id": identifier, "venue": "2"}])
    [receipt] = world.restore(identifier, 1, item=item)
    assert receipt["status"] == "REJECTED"
    assert problems(receipt) == told
    assert world.get(identifier)["version"] == 2


def test_another_chapter_restores_nothing_the_secretariat_may(world: World) -> None:
    identifier = world.held(venue="1")
    world.push([{"id": identifier, "venue": "2"}])
    assert codes(world.restore(identifier, 1, caller=NIGER)) == ["NOT_FOUND"]
    assert statuses(world.restore(identifier, 1, caller=SECRETARIAT)) == ["UPDATED"]

    public = new_id()
    world.push([organisation(id=public)], kind="organisation")
    world.push([{"id": public, "name": "Wrong"}], kind="organisation")
    assert codes(world.restore(public, 1, kind="organisation", caller=NIGER)) == ["NOT_FOUND"]
    assert statuses(world.restore(public, 1, kind="organisation")) == ["UPDATED"]


def test_what_is_withdrawn_is_reinstated_first(world: World) -> None:
    identifier = world.held(venue="1")
    world.push([{"id": identifier, "venue": "2"}])
    world.withdraw(identifier)
    assert codes(world.restore(identifier, 1)) == ["WITHDRAWN"]
    world.reinstate(identifier)
    assert statuses(world.restore(identifier, 1)) == ["UPDATED"]


def test_what_it_refers_to_must_still_be_there(world: World) -> None:
    gone = new_id()
    world.push([organisation(id=gone)], kind="organisation")
    identifier = world.held(organisation_ids=[gone])
    world.push([{"id": identifier, "clear": ["organisation_ids"]}])
    world.withdraw(gone, kind="organisation")

    [receipt] = world.restore(identifier, 1)
    assert problems(receipt) == [("WITHDRAWN", ["organisation_ids", 0])]

    world.reinstate(gone, kind="organisation")
    assert statuses(world.restore(identifier, 1)) == ["UPDATED"]


def test_a_session_with_attendance_is_not_dropped_one_without_comes_and_goes(
    world: World,
) -> None:
    kept, late = new_id(), new_id()
    identifier = world.held(sessions=[session(id=kept)])
    world.push([{"id": identifier, "sessions": [session(id=late)]}])

    assert statuses(world.restore(identifier, 1)) == ["UPDATED"]
    assert codes(world.record({"session_id": late, "rows": present(new_id())})) != []
    assert statuses(world.restore(identifier, 2)) == ["UPDATED"]
    world.record({"session_id": late, "rows": present(new_id())})
    assert codes(world.restore(identifier, 1)) == ["SESSION_HAS_ATTENDANCE"]


def test_a_session_that_another_activity_has_by_now_does_not_come_back(world: World) -> None:
    moved = new_id()
    identifier = world.held(sessions=[session(id=moved), session(id=new_id())])
    world.push([{"id": identifier, "sessions": [{"id": moved, "remove": True}]}])
    taken = world.push([world.activity(sessions=[session(id=moved)])])
    [receipt] = world.restore(identifier, 1)

    expected = ["ID_TAKEN"] if statuses(taken) == ["CREATED"] else []
    assert codes([receipt]) == expected


def test_an_identifier_that_another_organisation_has_by_now_does_not_come_back(
    world: World,
) -> None:
    mine, theirs = new_id(), new_id()
    world.push([organisation(id=mine, identifier="ML-1")], kind="organisation")
    world.push([{"id": mine, "clear": ["identifier"]}], kind="organisation")
    world.push([organisation(id=theirs, identifier="ML-1")], kind="organisation")

    [receipt] = world.restore(mine, 1, kind="organisation")
    assert problems(receipt) == [("IDENTIFIER_TAKEN", ["identifier"])]


def test_two_restorations_in_one_call_are_versions_each(world: World) -> None:
    partner = new_id()
    world.push([organisation(id=partner)], kind="organisation")
    identifier = world.held(venue="1")
    world.push([{"id": identifier, "venue": "2", "organisation_ids": [partner]}])
    pushes = [
        {"caller": MALI.to_dict(), "items": [{"id": identifier, "version": n, "reason": "tried"}]}
        for n in (1, 2)
    ]
    records.restore({"kind": "activity", "pushes": pushes}, world.store)
    asked = {"caller": MALI.to_dict(), "kind": "activity", "id": identifier}
    told = history.history(asked, world.store)["items"]
    assert [each["record"]["venue"] for each in told] == ["2", "1", "2", "1"]
    assert [each["restored"] for each in told] == [2, 1, None, None]
