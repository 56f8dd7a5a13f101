"""Sheets against a real database: totals that are always the sum of what was told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient

from services.activities.handlers import attendance
from services.activities.handlers.changes import changes
from services.activities.store import ActivityStore
from shared.errors import Refused
from shared.ids import new_id
from tests.integration.services.activities.activities_world import (
    MALI,
    NIGER,
    World,
    codes,
    present,
    problems,
    request,
    short,
    statuses,
)


@pytest.fixture(scope="module")
def world(mongo_client: MongoClient[dict[str, Any]]) -> Iterator[World]:
    name = f"test_{new_id()[-12:]}"
    store = ActivityStore(mongo_client[name])
    store.ensure_indexes()
    yield World(store)
    mongo_client.drop_database(name)


def people(count: int) -> list[str]:
    return sorted(new_id() for _ in range(count))


def deltas(world: World, session_id: str) -> list[dict[str, Any]]:
    return [e for e in world.events(session_id) if short(e).startswith("attendance.")]


def replayed(world: World, session_id: str) -> tuple[set[str], dict[str, int]]:
    """Who is present, and the sums of scores, by the emitted events alone."""
    here: set[str] = set()
    scores: dict[str, int] = {}
    for number, event in enumerate(deltas(world, session_id), start=1):
        assert event["sequence"] == number
        for row in event["data"]["rows"]:
            assert (row["participant_id"] in here) is not row["present"]
            (here.add if row["present"] else here.remove)(row["participant_id"])
        for name, delta in event["data"]["scores"].items():
            scores[name] = scores.get(name, 0) + delta
        assert event["data"]["present_total"] == len(here)
    return here, scores


def stored(world: World, session_id: str) -> tuple[set[str], dict[str, int]]:
    page = world.sheet(session_id)
    assert page["sheet"]["lines"] == len(page["items"])
    here = {line["participant_id"] for line in page["items"] if line["status"] == "present"}
    assert page["sheet"]["present"] == len(here)
    scores = dict.fromkeys(page["sheet"]["scores"], 0)
    for line in page["items"]:
        pre, post = line["pre_score"], line["post_score"]
        if line["status"] == "present":
            scores["pre_n"] += pre is not None
            scores["pre_sum"] += pre or 0
            scores["post_n"] += post is not None
            scores["post_sum"] += post or 0
            if pre is not None and post is not None:
                scores["paired_n"] += 1
                scores["gain_sum"] += post - pre
    assert page["sheet"]["scores"] == scores
    return here, scores


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


def test_a_late_repeat_does_not_undo_a_correction(world: World) -> None:
    session, [person] = world.held(), people(1)
    first = {"session_id": session, "rows": present(person)}
    world.record(first)
    world.record({"session_id": session, "rows": [{"participant_id": person, "status": "removed"}]})

    late = world.record(first)
    assert (statuses(late), codes(late)) == (["UNCHANGED"], ["SUPERSEDED"])

    meant = {"participant_id": person, "status": "present", "expected_version": 2}
    assert statuses(world.record({"session_id": session, "rows": [meant]})) == ["UPDATED"]
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
        [("DUPLICATE_ROW", [])],
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


def moved(world: World, source: str, target: str, who: list[str], **more: Any) -> list[Any]:
    asked = {
        "caller": MALI.to_dict(),
        "from_session": source,
        "to_session": target,
        "participant_ids": who,
        **more,
    }
    receipts: list[Any] = attendance.move(asked, world.store)["receipts"]
    return receipts


def test_five_people_move_from_one_session_to_another(world: World) -> None:
    source, target, who = world.held(), world.held(), people(8)
    rows = [{**row, "pre_score": 50} for row in present(*who)]
    world.record({"session_id": source, "rows": rows})

    assert statuses(moved(world, source, target, who[:5], dry_run=True)) == ["UPDATED"] * 5
    assert stored(world, target)[0] == set()
    # Whoever is named twice moves once.
    twice = [*who[:5], who[0]]
    assert statuses(moved(world, source, target, twice)) == ["UPDATED"] * 6
    assert statuses(moved(world, source, target, who[:5])) == ["UNCHANGED"] * 5

    assert stored(world, source) == replayed(world, source)
    assert stored(world, target) == replayed(world, target)
    assert stored(world, source)[0] == set(who[5:])
    here, scores = stored(world, target)
    assert (here, scores["pre_sum"]) == (set(who[:5]), 250)
    assert [short(e) for e in deltas(world, source)] == [
        "attendance.recorded",
        "attendance.corrected",
    ]
    assert [short(e) for e in deltas(world, target)] == ["attendance.recorded"]

    # The first push comes late once more: nobody jumps back. Moving them back is another matter.
    late = world.record({"session_id": source, "rows": rows})
    assert statuses(late) == ["UNCHANGED"] * 8
    assert statuses(moved(world, target, source, who[:5])) == ["UPDATED"] * 5
    assert stored(world, source)[0] == set(who)


def test_a_move_names_two_sessions_and_a_wrong_one_is_told_by_its_field(world: World) -> None:
    session = world.held()
    for source, target, code, field in (
        ("none", session, "INVALID_ID", "from_session"),
        (session, "", "INVALID_ID", "to_session"),
        (session, session, "REPEATED_VALUE", "to_session"),
    ):
        with pytest.raises(Refused) as caught:
            moved(world, source, target, people(1))
        assert (caught.value.code, caught.value.params["path"]) == (code, [field])


def test_nobody_moves_if_one_cannot(world: World) -> None:
    source, target, who = world.held(), world.held(), people(2)
    world.record({"session_id": source, "rows": present(who[0])})
    receipts = moved(world, source, target, [*who, "Awa", who[0]])
    assert codes(receipts) == ["ALL_OR_NOTHING", "NOT_ON_SHEET", "INVALID_ID", "ALL_OR_NOTHING"]
    world.withdraw(target)
    receipts = moved(world, source, target, who[:1])
    assert problems(receipts[0]) == [("WITHDRAWN", ["to_session"])]
    assert stored(world, source)[0] == {who[0]}


def test_concurrent_twins_have_one_effect(world: World) -> None:
    session = world.held()
    sheet = {"session_id": session, "rows": present(*people(100))}
    ready = threading.Barrier(4)

    def send(_: int) -> list[str]:
        ready.wait(timeout=10)
        return statuses(world.record(sheet))

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))

    assert sorted(answers) == [["CREATED"] * 100] + [["UNCHANGED"] * 100] * 3
    assert replayed(world, session) == stored(world, session)


def test_concurrent_pushes_to_one_sheet_lose_nobody(world: World) -> None:
    session, who = world.held(), people(80)
    with ThreadPoolExecutor(4) as pool:
        parts = [who[i::8] for i in range(8)]
        answers = pool.map(
            lambda part: world.record({"session_id": session, "rows": present(*part)}), parts
        )
        assert {status for answer in answers for status in statuses(answer)} == {"CREATED"}
    assert stored(world, session)[0] == set(who)
    assert replayed(world, session) == stored(world, session)


def test_a_push_concurrent_to_a_withdrawal_is_before_it_or_refused(world: World) -> None:
    for _ in range(5):
        session, who = world.held(), people(20)
        ready = threading.Barrier(2)

        def withdraw(session: str = session, ready: threading.Barrier = ready) -> None:
            ready.wait(timeout=10)
            world.withdraw(session)

        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(withdraw)
            ready.wait(timeout=10)
            receipts = world.record({"session_id": session, "rows": present(*who)})
            done.result()

        kept = set(who) if statuses(receipts) == ["CREATED"] * 20 else set()
        assert kept or codes(receipts) == ["WITHDRAWN"] * 20
        assert stored(world, session)[0] == replayed(world, session)[0] == kept
        assert world.sheet(session)["sheet"]["state"] == "withdrawn"


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
    [first, second] = attendance.sheets_of(asked, world.store)["items"][activity]
    assert [(s["session_id"], s["present"]) for s in (first, second)] == [
        (sessions[0]["id"], 2),
        (sessions[1]["id"], 1),
    ]
    asked = {"caller": MALI.to_dict(), "participant_ids": [person, other]}
    found = attendance.sessions_of(asked, world.store)["items"]
    assert {each["session_id"] for each in found[person]} == {s["id"] for s in sessions}
    assert len(found[other]) == 1
    theirs = attendance.sessions_of({**asked, "caller": NIGER.to_dict()}, world.store)
    assert theirs["items"] == {person: [], other: []}


SCORE = st.one_of(st.none(), st.integers(0, 100))
STATUS = st.sampled_from([None, "present", "absent", "removed"])
ROW = st.tuples(st.integers(0, 3), STATUS, SCORE, SCORE)
STEP = st.one_of(
    st.tuples(st.just("record"), st.integers(0, 1), st.lists(ROW, max_size=5)),
    st.tuples(st.just("move"), st.integers(0, 1), st.lists(st.integers(0, 3), max_size=3)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, max_size=8))
def test_replaying_the_events_gives_the_stored_sheets(world: World, steps: list[Any]) -> None:
    sessions, who = [world.held(), world.held()], people(4)
    for what, where, arguments in steps:
        if what == "move":
            chosen = [who[number] for number in arguments]
            moved(world, sessions[where], sessions[1 - where], chosen)
        else:
            rows = [
                {"participant_id": who[n], "status": status, "pre_score": pre, "post_score": post}
                for n, status, pre, post in arguments
            ]
            world.record({"session_id": sessions[where], "rows": rows})
    for session in sessions:
        here, scores = replayed(world, session)
        now, sums = stored(world, session)
        assert here == now
        assert {name: scores.get(name, 0) for name in sums} == sums
