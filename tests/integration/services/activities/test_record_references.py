"""What records say of each other exists, is one's own, and stays whole."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from shared.ids import new_id
from tests.integration.services.activities.activities_world import (
    NIGER,
    World,
    codes,
    problems,
    statuses,
)
from tests.world.items import concern, organisation, present, project, session


def test_references_must_exist_be_ones_own_and_not_withdrawn(world: World) -> None:
    nobodys, gone, theirs = new_id(), organisation(), project()
    world.push([gone], kind="organisation")
    world.withdraw(gone["id"], kind="organisation")
    world.push([theirs], kind="project", caller=NIGER)

    receipts = world.push(
        [
            world.activity(project_id=nobodys),
            world.activity(organisation_ids=[nobodys, gone["id"]]),
            world.activity(project_id=theirs["id"]),
        ]
    )
    orphan = world.push([concern(activity_id=nobodys)], kind="concern")

    assert problems(receipts[0]) == [("UNKNOWN_PROJECT", ["project_id"])]
    assert problems(receipts[1]) == [
        ("UNKNOWN_ORGANISATION", ["organisation_ids", 0]),
        ("WITHDRAWN", ["organisation_ids", 1]),
    ]
    assert problems(receipts[2]) == [("UNKNOWN_PROJECT", ["project_id"])]
    assert problems(orphan[0]) == [("UNKNOWN_ACTIVITY", ["activity_id"])]


def test_an_organisation_is_registered_once_and_shared_by_all_chapters(world: World) -> None:
    gppac = organisation(identifier="XI-1")
    assert statuses(world.push([gppac], kind="organisation")) == ["CREATED"]

    again = [organisation(identifier="XI-1"), *(organisation(identifier="XI-2") for _ in "ab")]
    doubled = world.push(again, kind="organisation", caller=NIGER)

    assert statuses(doubled) == ["REJECTED", "CREATED", "REJECTED"]
    assert problems(doubled[0]) == [("IDENTIFIER_TAKEN", ["identifier"])]
    shared = project(funder_ids=[gppac["id"]])
    assert statuses(world.push([shared], kind="project", caller=NIGER)) == ["CREATED"]
    assert world.get(gppac["id"], "organisation", NIGER)["name"] == "GPPAC"
    edit = world.push([{"id": gppac["id"], "name": "x"}], kind="organisation", caller=NIGER)
    assert codes(edit) == ["ID_TAKEN"]


def test_organisations_in_every_role_are_those_of_the_registry(world: World) -> None:
    gppac, nobody = organisation(), new_id()
    world.push([gppac], kind="organisation")
    roles = ["funder_ids", "accountable_ids", "extending_ids"]
    for kind, own, make in (
        ("activity", "organisation_ids", world.activity),
        ("project", "implementing_ids", project),
    ):
        named = [*roles, own]
        known, unknown = (make(**{key: [each] for key in named}) for each in (gppac["id"], nobody))
        receipts = world.push([known, unknown], kind=kind)
        assert statuses(receipts) == ["CREATED", "REJECTED"]
        assert sorted(problems(receipts[1])) == sorted(
            ("UNKNOWN_ORGANISATION", [each, 0]) for each in named
        )
        stored = world.get(known["id"], kind)
        assert [stored[each] for each in named] == [[gppac["id"]]] * len(named)


def test_two_organisations_of_one_identifier_at_once_become_one(world: World) -> None:
    ready = threading.Barrier(2)

    def send(_: int) -> list[str]:
        ready.wait(timeout=10)
        return statuses(world.push([organisation(identifier="XI-9")], kind="organisation"))

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, range(2))) == [["CREATED"], ["REJECTED"]]


def test_a_session_belongs_to_one_activity(world: World) -> None:
    own = session()
    identifier = world.held(sessions=[own])

    stolen = world.push([world.activity(sessions=[own])])
    twins = [world.activity(sessions=[session()])]
    twins.append(world.activity(sessions=twins[0]["sessions"]))
    clash = world.push([world.activity(id=own["id"])])

    assert problems(stolen[0]) == [("ID_TAKEN", ["sessions", 0, "id"])]
    assert statuses(world.push(twins)) == ["CREATED", "REJECTED"]
    assert problems(clash[0]) == [("ID_TAKEN", ["id"])]
    assert world.sheet(own["id"])["sheet"]["activity_id"] == identifier


def test_a_session_with_attendance_cannot_be_dropped(world: World) -> None:
    kept, empty = session(), session()
    identifier = world.held(sessions=[kept, empty])
    person = new_id()
    world.record({"session_id": kept["id"], "rows": present(person)})

    def off(session_id: str) -> dict[str, Any]:
        return {"id": identifier, "sessions": [{"id": session_id, "remove": True}]}

    refused = world.push([off(kept["id"])])
    assert problems(refused[0]) == [("SESSION_HAS_ATTENDANCE", ["sessions"])]
    # One that is not named stays, and another may go.
    assert statuses(world.push([{"id": identifier, "sessions": [kept]}])) == ["UNCHANGED"]
    assert statuses(world.push([off(empty["id"])])) == ["UPDATED"]
    gone = world.record({"session_id": empty["id"], "rows": present(person)})
    assert codes(gone) == ["UNKNOWN_SESSION"]

    # Once nobody is on the sheet any more, the session may go.
    row = {"participant_id": person, "status": "removed"}
    world.record({"session_id": kept["id"], "rows": [row]})
    assert statuses(world.push([{"id": identifier, "clear": ["sessions"]}])) == ["UPDATED"]
    assert statuses(world.record({"session_id": identifier, "rows": present(person)})) == [
        "CREATED"
    ]


def test_an_id_or_identifier_that_looks_the_same_is_the_same(world: World) -> None:
    """Whatever nobody sees around or within it."""
    taken = session()
    world.held(sessions=[taken])
    stolen = world.push([world.activity(sessions=[session(id=f" {taken['id']}\u200b")])])
    assert problems(stolen[0]) == [("ID_TAKEN", ["sessions", 0, "id"])]

    world.push([organisation(identifier="\u00c9-1")], kind="organisation")
    alike = world.push([organisation(identifier="E\u0301\u00ad-1 ")], kind="organisation")
    assert problems(alike[0]) == [("IDENTIFIER_TAKEN", ["identifier"])]
