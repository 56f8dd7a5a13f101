"""A receipt tells all that is wrong with a row at once: mend that, and the row is taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as from_
from hypothesis import strategies as st
from pymongo import MongoClient

from services.activities.definitions import DEFINITIONS
from services.activities.handlers import records
from services.activities.sheet_rows import SheetRow
from services.activities.store import ActivityStore
from shared.ids import new_id
from tests.integration.services.activities.activities_world import (
    NIGER,
    SECRETARIAT,
    World,
    problems,
    request,
    statuses,
)
from tests.world.faulty import (
    Fault,
    Item,
    expected,
    fault,
    given,
    in_order,
    mended,
    missing,
    several,
    speaks,
    spoilt,
    told,
)
from tests.world.items import concern, organisation, present, project

NOBODY, STOLEN, THEIRS, GONE = (new_id() for _ in range(4))
HELD_SESSION, SHUT_SESSION, THEIR_SESSION = (new_id() for _ in range(3))
EXCEEDED = "ANNOUNCED_CELLS_EXCEED_TOTAL"
ENGINE = ("id", "chapter", "expected_version", "clear")
tried = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def world(mongo_client: MongoClient[dict[str, Any]]) -> Iterator[World]:
    """A programme in which there is something to clash with."""
    name = f"test_{new_id().replace('-', '')}"
    store = ActivityStore(mongo_client[name])
    store.ensure_indexes()
    world = World(store)
    world.push([organisation(id=GONE, identifier="XI-GONE")], kind="organisation")
    world.withdraw(GONE, kind="organisation")
    world.push([project(id=THEIRS)], kind="project", caller=NIGER)
    world.held(sessions=[{"id": STOLEN, "on": "2021-09-06"}])
    shut = world.held(sessions=[{"id": SHUT_SESSION, "on": "2021-09-06"}])
    world.withdraw(shut)
    world.held(sessions=[{"id": HELD_SESSION, "on": "2021-09-06"}])
    theirs = world.activity(project_id=THEIRS, sessions=[{"id": THEIR_SESSION, "on": "2021-09-06"}])
    assert statuses(world.push([theirs], caller=NIGER)) == ["CREATED"]
    yield world
    mongo_client.drop_database(name)


ANY_RECORD = [
    given("id", "first", "INVALID_ID", also="expected_version"),
    given("id", None, "REQUIRED", also="expected_version"),
    given("chapter", "NE", "CHAPTER_NOT_YOURS"),
    given("chapter", "Mali", "UNKNOWN_CODE"),
    given("expected_version", "1", "NOT_A_NUMBER"),
    given("expected_version", 7, "VERSION_CONFLICT", also="id"),
    given("clear", ["nothing"], "UNKNOWN_FIELD", 0),
    given("clear", "title", "NOT_A_LIST"),
    given("colour", "red", "UNKNOWN_FIELD"),
]
PERIOD = [
    given("starts_on", "soon", "INVALID_DATE", also="ends_on sessions.0.on"),
    missing("starts_on", also="ends_on sessions.0.on"),
    given("ends_on", "later", "INVALID_DATE", also="starts_on"),
    given("ends_on", "2021-04-01", "END_BEFORE_START", also="starts_on sessions.0.on"),
]
TITLE = [
    missing("title"),
    given("title", {"fr": 5}, "NOT_A_TEXT", "fr"),
    given("title", {"xx": "x"}, "UNKNOWN_CODE"),
]
ACTIVITY = [
    *ANY_RECORD,
    *PERIOD,
    *TITLE,
    missing("project_id"),
    given("project_id", "ours", "INVALID_ID"),
    given("project_id", NOBODY, "UNKNOWN_PROJECT"),
    given("project_id", THEIRS, "UNKNOWN_PROJECT"),
    missing("type", also="training"),
    given("type", "picnic", "UNKNOWN_CODE", also="training"),
    given("training", {"days": 2}, "SECTION_NOT_FOR_TYPE", also="type"),
    fault(
        "training type",
        lambda item: item.update(training={"days": 400}),
        ("SECTION_NOT_FOR_TYPE", ("training",)),
        ("OUT_OF_RANGE", ("training", "days")),
    ),
    given("description", "x" * 5001, "TOO_LONG"),
    given("status", "asleep", "UNKNOWN_CODE"),
    given("place", "Nampala", "UNKNOWN_PLACE"),
    missing("place"),
    fault(
        "organisation_ids",
        lambda item: item.update(organisation_ids=["GPPAC", NOBODY, GONE, NOBODY]),
        ("INVALID_ID", ("organisation_ids", 0)),
        ("UNKNOWN_ORGANISATION", ("organisation_ids", 1)),
        ("WITHDRAWN", ("organisation_ids", 2)),
        ("REPEATED_VALUE", ("organisation_ids", 3)),
    ),
    given("sessions.0.on", "2021-10-01", "SESSION_OUTSIDE_ACTIVITY", also="starts_on ends_on"),
    given("sessions.0.id", STOLEN, "ID_TAKEN"),
    given("sessions.0.topics", ["dust"], "UNKNOWN_CODE", 0),
    given("sessions.0.title", 7, "NOT_A_TEXT"),
    given("sessions.1.id", "second", "INVALID_ID"),
    given("sessions.1.on", None, "REQUIRED"),
    given("sessions.1.hours", 25, "OUT_OF_RANGE"),
    given("sessions.1.colour", "red", "UNKNOWN_FIELD"),
    given("sessions.2", "third", "NOT_AN_OBJECT"),
    given("sessions", "one", "NOT_A_LIST"),
    given("sessions", [{}] * 101, "TOO_MANY"),
    given("announced.total", -1, "OUT_OF_RANGE", also="announced.cells.0.count"),
    given("announced.total", 4, EXCEEDED, also="announced.cells.0.count", at="announced.cells"),
    given("announced.cells.0.count", 99, EXCEEDED, also="announced.total", at="announced.cells"),
    given("announced.cells.1.count", None, "REQUIRED"),
    given("announced.cells.1.sex", "m", "UNKNOWN_CODE"),
    given("publication.copies_printed", 1.5, "NOT_A_WHOLE_NUMBER"),
    given(
        "publication.copies_distributed", 9, "MORE_THAN_PRINTED", also="publication.copies_printed"
    ),
    given("ecpf", ["early_warning", "late_warning"], "UNKNOWN_CODE", 1),
]
PROJECT = [
    *ANY_RECORD,
    *PERIOD,
    *TITLE,
    given("description", {"en": "x" * 5001}, "TOO_LONG", "en"),
    given("funder_ids", [NOBODY], "UNKNOWN_ORGANISATION", 0),
    given("partner_ids", [GONE], "WITHDRAWN", 0),
    given("places", ["Nampala", "ML"], "UNKNOWN_PLACE", 0),
    given("indicators.0.id", "one", "INVALID_ID"),
    given("indicators.0.target", "all", "NOT_A_NUMBER"),
]
ORGANISATION = [
    *ANY_RECORD,
    missing("name"),
    missing("type"),
    given("identifier", "XI-GONE", "IDENTIFIER_TAKEN"),
    given("identifier", "x" * 101, "TOO_LONG"),
    given("country", "Mali", "UNKNOWN_CODE"),
    given("gppac_member", "yes", "NOT_A_TRUTH_VALUE"),
]
CONCERN = [
    *ANY_RECORD,
    missing("place"),
    missing("category"),
    given("category", "dust", "UNKNOWN_CODE"),
    given("severity", 6, "OUT_OF_RANGE"),
    given("severity", "high", "NOT_A_NUMBER"),
    given("status", "asleep", "UNKNOWN_CODE"),
    given("raised_on", "2199-01-01", "IN_FUTURE"),
    given("raised_on", "today", "INVALID_DATE"),
    given("activity_id", NOBODY, "UNKNOWN_ACTIVITY"),
    given("text", "a\x00b", "CONTROL_CHARACTER"),
]


def good_activity(world: World) -> Item:
    sessions = [{"id": new_id(), "on": "2021-09-06"} for _ in range(3)]
    return world.activity(
        type="publication",
        publication={"title": "Atlas", "copies_printed": 5, "copies_distributed": 4},
        announced={"total": 20, "cells": [{"sex": "female", "count": 5}, {"count": 5}]},
        sessions=sessions,
    )


def good_project(_: World) -> Item:
    return project(indicators=[{"id": new_id(), "title": {"fr": "Puits"}}])


GOOD: dict[str, tuple[Callable[[World], Item], list[Fault]]] = {
    "activity": (good_activity, ACTIVITY),
    "project": (good_project, PROJECT),
    "organisation": (lambda _: organisation(), ORGANISATION),
    "concern": (lambda _: concern(), CONCERN),
}


@pytest.mark.parametrize("kind", GOOD)
@from_(data=st.data())
@tried
def test_all_faults_of_a_record_are_told_in_one_round(
    world: World, kind: str, data: st.DataObject
) -> None:
    make, possible = GOOD[kind]
    faults, good = data.draw(several(possible)), make(world)
    item = spoilt(good, faults)

    [receipt] = world.push([item], kind=kind)

    assert told(receipt) == expected(faults)
    assert speaks(receipt)
    assert in_order(receipt, [*ENGINE, *DEFINITIONS[kind].schema.fields])
    assert statuses(world.push([mended(item, good, receipt)], kind=kind)) == ["CREATED"]


@pytest.mark.parametrize("kind", GOOD)
def test_each_fault_of_a_record_is_told(world: World, kind: str) -> None:
    make, faults = GOOD[kind]
    receipts = world.push([spoilt(make(world), [each]) for each in faults], kind=kind)
    assert [told(receipt) for receipt in receipts] == [expected([each]) for each in faults]


CORRECTION = [
    given("chapter", "NE", "CHAPTER_FIXED"),
    given("expected_version", 7, "VERSION_CONFLICT"),
    given("status", "planned", "BAD_TRANSITION"),
    given("clear", ["place"], "REQUIRED", also="place", at="place"),
    given("venue", "x" * 201, "TOO_LONG"),
    given("clear", ["sessions"], "SESSION_HAS_ATTENDANCE", also="sessions", at="sessions"),
    given("sessions", [], "EMPTY_LIST"),
    given("project_id", NOBODY, "UNKNOWN_PROJECT"),
    given("ends_on", "2021-09-01", "END_BEFORE_START"),
]
WITHDRAWN = fault("withdrawn", lambda _: None, ("WITHDRAWN", ("id",)))


@from_(faults=several([*CORRECTION, WITHDRAWN]))
@tried
def test_all_faults_of_a_correction_are_told_in_one_round(
    world: World, faults: list[Fault]
) -> None:
    stored = world.activity(status="reported", sessions=[{"id": new_id(), "on": "2021-09-06"}])
    assert statuses(world.push([stored])) == ["CREATED"]
    world.record({"session_id": stored["sessions"][0]["id"], "rows": present(new_id())})
    if WITHDRAWN in faults:
        world.withdraw(stored["id"])
    good = {"id": stored["id"], "title": {"fr": "Corrigé"}}
    item = spoilt(good, faults)

    [receipt] = world.push([item])

    assert told(receipt) == expected(faults)
    assert speaks(receipt)
    assert in_order(receipt, [*ENGINE, *DEFINITIONS["activity"].schema.fields])
    if WITHDRAWN in faults:
        world.reinstate(stored["id"])
    again = mended(item, good, receipt) | {"place": "ML.SIK"}
    again = {name: value for name, value in again.items() if name != "clear"}
    assert statuses(world.push([again])) == ["UPDATED"]


ROW = [
    given("participant_id", "Awa", "INVALID_ID", also="expected_version"),
    missing("participant_id", also="expected_version"),
    given("status", "late", "UNKNOWN_CODE"),
    given("pre_score", 101, "OUT_OF_RANGE"),
    given("pre_score", 9.555, "TOO_MANY_DECIMALS"),
    given("post_score", "ten", "NOT_A_NUMBER"),
    given("expected_version", -1, "OUT_OF_RANGE"),
    given("expected_version", 5, "VERSION_CONFLICT", also="participant_id session_known"),
    given("colour", "red", "UNKNOWN_FIELD"),
    given("session_id", NOBODY, "UNKNOWN_SESSION", also="session_known"),
    given("session_id", THEIR_SESSION, "UNKNOWN_SESSION", also="session_known"),
    given("session_id", SHUT_SESSION, "WITHDRAWN"),
    given("session_id", "first day", "INVALID_ID", also="session_known"),
]


@from_(faults=several(ROW))
@tried
def test_all_faults_of_an_attendance_row_are_told_in_one_round(
    world: World, faults: list[Fault]
) -> None:
    good = {"session_id": HELD_SESSION, "participant_id": new_id(), "status": "present"}
    row = spoilt(good, faults)

    def record(said: Item) -> Item:
        rest = {name: value for name, value in said.items() if name != "session_id"}
        [receipt] = world.record({"session_id": said["session_id"], "rows": [rest]})
        return receipt

    receipt = record(row)

    assert told(receipt) == expected(faults)
    assert speaks(receipt)
    assert in_order(receipt, ["session_id", *SheetRow().fields])
    assert record(mended(row, good, receipt))["status"] == "CREATED"


def test_a_row_that_says_another_thing_of_a_person_is_told_so_beside_its_faults(
    world: World,
) -> None:
    row = {"participant_id": new_id(), "status": "present"}
    again = {**row, "status": "absent", "expected_version": "1", "colour": "red"}
    _, receipt = world.record({"session_id": HELD_SESSION, "rows": [row, again]})
    assert problems(receipt) == [
        ("DUPLICATE_ROW", ["participant_id"]),
        ("NOT_A_NUMBER", ["expected_version"]),
        ("UNKNOWN_FIELD", ["colour"]),
    ]


def test_of_another_chapters_record_nothing_is_told_but_that_its_id_is_taken(world: World) -> None:
    theirs = project()
    world.push([theirs], kind="project", caller=NIGER)
    wrong = {"id": theirs["id"], "expected_version": 9, "starts_on": "soon", "chapter": "NE"}
    [receipt] = world.push([wrong], kind="project")
    assert problems(receipt) == [("ID_TAKEN", ["id"])]
    assert receipt["problems"][0]["params"] == {}


def test_a_chapter_that_is_not_ones_own_opens_no_view_into_it(world: World) -> None:
    for project_id in (THEIRS, NOBODY):
        [receipt] = world.push([world.activity(project_id=project_id, chapter="NE")])
        assert problems(receipt) == [
            ("CHAPTER_NOT_YOURS", ["chapter"]),
            ("UNKNOWN_PROJECT", ["project_id"]),
        ]


def test_a_rejected_row_takes_nothing_from_its_neighbour(world: World) -> None:
    session = {"id": new_id(), "on": "2021-09-06"}
    bad, good = (world.activity(sessions=[session]) for _ in range(2))
    assert statuses(world.push([bad | {"place": "Nampala"}, good])) == ["REJECTED", "CREATED"]


def test_what_a_dry_run_would_take_stays_free_for_the_push_behind_it(world: World) -> None:
    tried, meant = (organisation(identifier="XI-DRY") for _ in range(2))
    pushes = [
        *request([tried], kind="organisation", dry_run=True)["pushes"],
        *request([meant], kind="organisation")["pushes"],
    ]
    answer = records.push({"kind": "organisation", "pushes": pushes}, world.store)
    assert [statuses(each["receipts"]) for each in answer["pushes"]] == [["CREATED"], ["CREATED"]]


def test_an_identifier_that_is_taken_leads_to_the_organisation_that_has_it(world: World) -> None:
    [receipt] = world.push(
        [organisation(identifier="XI-GONE", chapter="NE")], kind="organisation", caller=SECRETARIAT
    )
    [problem] = receipt["problems"]
    assert (problem["code"], problem["params"]) == ("IDENTIFIER_TAKEN", {"id": GONE})
