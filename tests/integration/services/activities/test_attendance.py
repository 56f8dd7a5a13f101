"""Sheets against a real database: totals that are always the sum of what was told."""

from __future__ import annotations

from typing import Any

import pytest

from services.activities.handlers import attendance, sheets
from services.activities.handlers.changes import changes
from shared.errors import Refused
from shared.ids import new_id
from tests.integration.services.activities.activities_world import (
    MALI,
    NIGER,
    World,
    codes,
    problems,
    request,
    short,
    statuses,
)
from tests.integration.services.activities.sheets_world import deltas, people, replayed, stored
from tests.world.items import present, session


def test_a_sheet_is_one_event_and_a_receipt_per_row(world: World) -> None:
    session, who = world.held(), people(3)
    rows = [{"participant_id": who[0], "status": "present", "pre_score": 40, "post_score": 70}]
    rows += [*present(who[1]), {"participant_id": who[2], "status": "absent"}]

    receipts = world.record({"session_id": session, "rows": rows})

    assert [(r["row"], r["sheet"], r["id"], r["status"], r["version"]) for r in receipts] == [
        (row, 0, person, "CREATED", 1) for row, person in enumerate(who)
    ]
    [event] = deltas(world, session)
    assert (short(event), event["sequence"]) == ("attendance.recorded", 1)
    assert event["data"] == {
        "session_id": session,
        "activity_id": session,
        "chapter": "ML",
        "rows": [
            {"participant_id": who[0], "present": True},
            {"participant_id": who[1], "present": True},
        ],
        "present_total": 2,
        "scores": {
            "pre_n": 1, "pre_sum": 40, "post_n": 1, "post_sum": 70, "paired_n": 1, "gain_sum": 30,
        },
    }  # fmt: skip


def test_a_repeat_changes_nothing_and_emits_nothing(world: World) -> None:
    session = world.held()
    sheet = {"session_id": session, "rows": present(*people(5))}
    world.record(sheet)
    assert statuses(world.record(sheet)) == ["UNCHANGED"] * 5
    assert len(deltas(world, session)) == 1


def test_a_correction_tells_only_what_changed(world: World) -> None:
    session, who = world.held(), people(4)
    world.record({"session_id": session, "rows": present(*who[:3])})

    rows = [
        {"participant_id": who[0], "status": "absent"},
        {"participant_id": who[1], "status": "removed"},
        {"participant_id": who[2], "status": "present"},
        {"participant_id": who[3], "status": "present", "post_score": 90},
    ]
    receipts = world.record({"session_id": session, "rows": rows})

    assert statuses(receipts) == ["UPDATED", "UPDATED", "UNCHANGED", "CREATED"]
    event = deltas(world, session)[1]
    assert (short(event), event["sequence"]) == ("attendance.corrected", 2)
    assert event["data"]["rows"] == [
        {"participant_id": who[0], "present": False},
        {"participant_id": who[1], "present": False},
        {"participant_id": who[3], "present": True},
    ]
    assert (event["data"]["present_total"], event["data"]["scores"]["post_sum"]) == (2, 90)
    shown = world.sheet(session)["items"]
    assert [line["participant_id"] for line in shown] == [who[0], who[2], who[3]]


def test_a_late_repeat_does_not_undo_a_correction_and_a_new_push_does(world: World) -> None:
    session, [person, other_person] = world.held(), people(2)
    first = {"session_id": session, "rows": present(person)}
    push_id = new_id()
    world.record(first, push_id=push_id)
    world.record({"session_id": session, "rows": [{"participant_id": person, "status": "removed"}]})

    more = {"session_id": session, "rows": present(person, other_person)}
    late = world.record(more, push_id=push_id)
    assert (statuses(late), codes(late)) == (["UNCHANGED", "CREATED"], ["ALREADY_APPLIED"])
    assert late[0]["version"] == 2
    again = {"participant_id": other_person, "status": "removed"}
    world.record({"session_id": session, "rows": [again]})

    back = {"participant_id": person}
    assert statuses(world.record({"session_id": session, "rows": [back]})) == ["UPDATED"]
    other = {"participant_id": person, "status": "absent", "expected_version": 2}
    assert codes(world.record({"session_id": session, "rows": [other]})) == ["VERSION_CONFLICT"]
    assert replayed(world, session)[0] == {person}


def test_a_score_alone_leaves_the_rest_as_it_is(world: World) -> None:
    session, [person] = world.held(), people(1)
    row = {"participant_id": person, "status": "present", "pre_score": 30}
    world.record({"session_id": session, "rows": [row]})
    world.record({"session_id": session, "rows": [{"participant_id": person, "post_score": 50}]})
    [line] = world.sheet(session)["items"]
    assert (line["status"], line["pre_score"], line["post_score"]) == ("present", 30, 50)
    assert deltas(world, session)[1]["data"]["rows"] == []
    assert deltas(world, session)[1]["data"]["scores"]["gain_sum"] == 20


def test_wrong_rows_are_told_and_their_neighbours_stored(world: World) -> None:
    session, who, unknown = world.held(), people(8), new_id()
    good = present(who[0])[0]
    rows: list[Any] = [
        good,
        {"participant_id": "Awa"},
        {"participant_id": who[1], "status": "late"},
        {"participant_id": who[2], "pre_score": 101},
        {"participant_id": who[3], "post_score": "ten"},
        {"participant_id": who[4], "name": "Awa"},
        good,
        {**good, "status": "absent"},
        "Awa",
    ]
    receipts = world.record(
        {"session_id": session, "rows": rows},
        {"session_id": unknown, "rows": present(who[5])},
        {"session_id": "first day", "rows": present(who[6])},
        {"session_id": session, "rows": present(who[7])},
    )

    assert [problems(receipt) for receipt in receipts] == [
        [],
        [("INVALID_ID", ["participant_id"])],
        [("UNKNOWN_CODE", ["status"])],
        [("OUT_OF_RANGE", ["pre_score"])],
        [("NOT_A_NUMBER", ["post_score"])],
        [("UNKNOWN_FIELD", ["name"])],
        [],
        [("DUPLICATE_ROW", ["participant_id"])],
        [("NOT_AN_OBJECT", [])],
        [("UNKNOWN_SESSION", ["session_id"])],
        [("INVALID_ID", ["session_id"])],
        [],
    ]
    assert [receipt["sheet"] for receipt in receipts] == [0] * 9 + [1, 2, 3]
    assert [receipt["status"] for receipt in receipts if not receipt["problems"]] == [
        "CREATED",
        "UNCHANGED",
        "CREATED",
    ]
    assert stored(world, session)[0] == {who[0], who[7]}
    assert len(deltas(world, session)) == 1


def test_all_or_nothing_and_dry_runs_write_nothing(world: World) -> None:
    session, who = world.held(), people(2)
    rows = [*present(who[0]), {"participant_id": who[1], "pre_score": -1}]
    both = world.record({"session_id": session, "rows": rows}, mode="all_or_nothing")
    assert codes(both) == ["ALL_OR_NOTHING", "OUT_OF_RANGE"]
    dry = world.record({"session_id": session, "rows": present(*who)}, dry_run=True)
    assert statuses(dry) == ["CREATED", "CREATED"]
    assert stored(world, session)[0] == set()
    assert deltas(world, session) == []


def test_a_501st_row_is_refused(world: World) -> None:
    sheets = [{"session_id": new_id(), "rows": present(*people(167))} for _ in range(3)]
    with pytest.raises(Refused) as caught:
        world.record(*sheets)
    assert (caught.value.code, caught.value.params) == (
        "TOO_MANY_ITEMS",
        {"limit": 500, "count": 501},
    )


def test_pushes_of_several_callers_see_each_other_in_order(world: World) -> None:
    session, who = world.held(), people(3)
    pushes = [
        *request([{"session_id": session, "rows": present(who[0])}])["pushes"],
        *request([{"session_id": session, "rows": present(*who)}])["pushes"],
        *request([{"session_id": session, "rows": present(who[0])}], NIGER)["pushes"],
    ]
    answer = attendance.record({"pushes": pushes}, world.store)
    assert [statuses(each["receipts"]) for each in answer["pushes"]] == [
        ["CREATED"],
        ["UNCHANGED", "CREATED", "CREATED"],
        ["REJECTED"],
    ]
    assert [e["sequence"] for e in deltas(world, session)] == [1, 2]
    assert replayed(world, session) == stored(world, session)


def test_the_log_of_a_sheet_tells_who_came_and_went(world: World) -> None:
    session, [person] = world.held(), people(1)
    world.record({"session_id": session, "rows": present(person)})
    world.record({"session_id": session, "rows": [{"participant_id": person, "status": "absent"}]})
    asked = {"caller": MALI.to_dict(), "id": session, "kind": "attendance"}
    first, second = changes(asked, world.store)["items"]
    assert first["changed"] == {
        "present_total": {"before": 0, "after": 1},
        person: {"before": False, "after": True},
    }
    assert (second["version"], second["changed"][person]) == (2, {"before": True, "after": False})


def test_sheets_and_sessions_are_found_from_either_side(world: World) -> None:
    sessions = [{"id": new_id(), "on": day} for day in ("2021-09-06", "2021-09-07")]
    activity, [person, other] = world.held(sessions=sessions), people(2)
    world.record(
        {"session_id": sessions[0]["id"], "rows": present(person, other)},
        {"session_id": sessions[1]["id"], "rows": present(person)},
    )

    asked = {"caller": MALI.to_dict(), "activity_ids": [activity]}
    [first, second] = sheets.sheets_of(asked, world.store)["items"][activity]
    assert [(s["session_id"], s["present"]) for s in (first, second)] == [
        (sessions[0]["id"], 2),
        (sessions[1]["id"], 1),
    ]
    asked = {"caller": MALI.to_dict(), "participant_ids": [person, other]}
    found = sheets.sessions_of(asked, world.store)["items"]
    assert {each["session_id"] for each in found[person]} == {s["id"] for s in sessions}
    assert len(found[other]) == 1
    theirs = sheets.sessions_of({**asked, "caller": NIGER.to_dict()}, world.store)
    assert theirs["items"] == {person: [], other: []}


def test_a_dry_run_foresees_what_the_activities_beside_it_would_make_or_close(
    world: World,
) -> None:
    stays, goes, comes = session(), session(), session()
    identifier, [who] = world.held(sessions=[stays, goes]), people(1)

    def tried(session_id: str, *activities: Any) -> Any:
        item = {"session_id": session_id, "rows": present(who)}
        [receipt] = world.record(item, dry_run=True, activities=activities)
        return receipt["status"], codes([receipt])

    off = {"id": identifier, "sessions": [{"id": goes["id"], "remove": True}, comes]}
    assert tried(goes["id"]) == ("CREATED", [])
    assert tried(goes["id"], off) == ("REJECTED", ["UNKNOWN_SESSION"])
    assert tried(comes["id"]) == ("REJECTED", ["UNKNOWN_SESSION"])
    assert tried(comes["id"], off) == tried(stays["id"], off) == ("CREATED", [])
    assert tried(stays["id"], {"id": identifier, "clear": ["sessions"]}) == (
        "REJECTED",
        ["UNKNOWN_SESSION"],
    )
    assert tried(identifier, {"id": identifier, "venue": "x"}) == ("REJECTED", ["UNKNOWN_SESSION"])
    coming = world.activity(sessions=[session(id=comes["id"])], status="planned")
    assert tried(comes["id"], coming) == ("CREATED", ["DOES_NOT_COUNT"])
    for bad in (None, "", 5):
        assert tried(comes["id"], {**coming, "sessions": [bad]})[0] == "REJECTED"
    assert world.record({"session_id": goes["id"], "rows": present(who)})[0]["status"] == "CREATED"


def test_a_score_can_be_taken_away_and_whoever_comes_back_begins_anew(world: World) -> None:
    sheet, [who] = world.held(), people(1)

    def say(**row: Any) -> None:
        world.record({"session_id": sheet, "rows": [{"participant_id": who, **row}]})

    names = {"pre_score", "post_score"}
    say(pre_score=40, post_score=80)
    world.record({"session_id": sheet, "rows": [{"participant_id": who, "clear": ["pre_score"]}]})
    [line] = world.sheet(sheet)["items"]
    assert [line[name] for name in sorted(names)] == [80, None]
    say(status="removed")
    say(status="present")
    [line] = world.sheet(sheet)["items"]
    assert [line[name] for name in sorted(names)] == [None, None]
    assert world.sheet(sheet)["sheet"]["scores"]["post_n"] == 0
