"""A sheet counts whoever stands, once; what was said of its rows stays as it was said."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.activities.handlers import standings
from services.activities.handlers.restating import restate
from services.activities.handlers.standings import follow_again
from shared.events import Event
from shared.ids import new_id
from tests.integration.services.activities.activities_world import World, statuses
from tests.integration.services.activities.sheets_world import (
    deltas,
    exact,
    moved,
    people,
    replayed,
    told_tests,
)
from tests.world import events
from tests.world.items import present

Row = dict[str, Any]


def hear(world: World, *told: Event) -> None:
    standings.hear(told, world.store)


def row(who: str, pre: float | None = None, post: float | None = None) -> Row:
    return {"participant_id": who, "status": "present", "pre_score": pre, "post_score": post}


def a_sheet(world: World, *rows: Row) -> str:
    session = world.held()
    assert set(statuses(world.record({"session_id": session, "rows": list(rows)}))) == {"CREATED"}
    return session


def said(world: World, session: str) -> dict[str, tuple[str, Any, Any, int]]:
    """Of each row what a chapter said of it."""
    return {
        each["participant_id"]: (
            each["status"], each["pre_score"], each["post_score"], each["version"],
        )
        for each in world.sheet(session)["items"]
    }  # fmt: skip


def counted(world: World, session: str) -> set[str]:
    """Whose rows count; the totals and the events agree, of scores too."""
    page = world.sheet(session)
    here = {each["participant_id"] for each in page["items"] if each["counts"]}
    told, sums = replayed(world, session)
    assert (told, page["sheet"]["present"]) == (here, len(here))
    tests = told_tests(world, session).values()
    pre, post = ([exact(each[at]) for each in tests if each[at] is not None] for at in (0, 1))
    gains = [exact(after) - exact(before) for before, after in tests if None not in (before, after)]
    by_tests = [part for each in (pre, post, gains) for part in (len(each), sum(each))]
    assert [exact(each) for each in page["sheet"]["scores"].values()] == by_tests
    assert [sums.get(name, 0) for name in page["sheet"]["scores"]] == by_tests
    return here


def noted(world: World) -> dict[str, tuple[bool, str | None, int]]:
    found = world.store.standings.collection.find()
    return {
        each["_id"]: (each["withdrawn"], each["merged_into"], each["version"]) for each in found
    }


def test_a_withdrawn_person_is_in_no_total_and_comes_back_with_their_scores(world: World) -> None:
    her, him = people(2)
    session = a_sheet(world, row(her, 40, 80), row(him, 50))
    before = said(world, session)
    hear(world, events.standing(her, 2, withdrawn=True))
    assert counted(world, session) == {him}
    assert world.sheet(session)["sheet"]["scores"]["pre_sum"] == 50
    assert told_tests(world, session) == {him: (50, None)}
    assert said(world, session) == before
    hear(world, events.standing(her, 3))
    assert counted(world, session) == {her, him}
    assert told_tests(world, session) == {her: (40, 80), him: (50, None)}
    assert said(world, session) == before
    assert [each["data"]["present_total"] for each in deltas(world, session)] == [2, 1, 2]


def test_all_sheets_of_all_people_who_stand_otherwise_take_one_step_each(world: World) -> None:
    who = people(6)
    sessions = [a_sheet(world, *map(row, who)) for _ in range(5)]
    quiet = a_sheet(world, *map(row, people(2)))
    hear(world, *(events.standing(each, 2, withdrawn=True) for each in who[:4]))
    for session in sessions:
        assert counted(world, session) == set(who[4:])
        assert len(deltas(world, session)) == 2
    assert len(deltas(world, quiet)) == 1


def test_what_was_told_comes_late_twice_and_in_any_order(world: World) -> None:
    her, him, other = people(3)
    session = a_sheet(world, row(her), row(him))
    back = events.standing(her, 4)
    hear(world, events.standing(him, 2, withdrawn=True), back)
    hear(world, events.standing(her, 3, withdrawn=True), back)
    assert noted(world) == {her: (False, None, 4), him: (True, None, 2)}
    assert counted(world, session) == {her}
    assert len(deltas(world, session)) == 2
    hear(world, events.standing(him, 5, merged_into=other), events.standing(him, 4))
    assert noted(world)[him] == (False, other, 5)
    assert counted(world, session) == {her, him}


def test_one_person_in_two_rows_is_there_once_with_the_scores_of_both(world: World) -> None:
    """The row of the person's own id stands for them; parted, each row counts again."""
    winner, loser, third = people(3)[::-1]
    session = a_sheet(world, row(loser, 40, 60), row(winner, None, 90), row(third))
    before = said(world, session)
    hear(world, events.standing(loser, 2, merged_into=winner))
    assert counted(world, session) == {winner, third}
    assert told_tests(world, session) == {winner: (40, 90)}
    hear(world, events.standing(loser, 3))
    assert counted(world, session) == {winner, loser, third}
    assert told_tests(world, session) == {winner: (None, 90), loser: (40, 60)}
    assert said(world, session) == before


def test_of_rows_of_former_ids_alone_one_stands_for_the_person(world: World) -> None:
    first, second = people(2)
    winner = new_id()
    session = a_sheet(world, row(second, 10), row(first))
    told = [events.standing(each, 2, merged_into=winner) for each in (first, second)]
    hear(world, *told)
    assert counted(world, session) == {first}
    assert told_tests(world, session) == {first: (10, None)}
    gone = [{"participant_id": first, "status": "removed"}]
    world.record({"session_id": session, "rows": gone})
    assert counted(world, session) == {second}
    world.record({"session_id": session, "rows": present(winner)})
    assert counted(world, session) == {winner}
    assert told_tests(world, session) == {winner: (10, None)}


def test_a_withdrawal_takes_all_rows_of_the_person_and_of_former_ids(world: World) -> None:
    winner, loser, third = people(3)
    session = a_sheet(world, row(winner), row(loser), row(third))
    hear(world, events.standing(loser, 2, merged_into=winner, withdrawn=True))
    assert counted(world, session) == {winner, third}, "the person counts, whatever the former id"
    hear(world, events.standing(winner, 5, withdrawn=True))
    assert counted(world, session) == {third}
    hear(world, events.standing(winner, 6))
    assert counted(world, session) == {winner, third}


def test_a_withdrawal_reaches_sheets_on_which_only_a_former_id_is(world: World) -> None:
    winner, loser, third = people(3)
    session = a_sheet(world, row(loser), row(third))
    hear(world, events.standing(loser, 2, merged_into=winner))
    assert counted(world, session) == {loser, third}
    hear(world, events.standing(winner, 5, withdrawn=True))
    assert counted(world, session) == {third}
    hear(world, events.standing(winner, 6))
    assert counted(world, session) == {loser, third}


def test_a_former_id_that_goes_to_another_person_takes_its_scores_along(world: World) -> None:
    first, second, loser = people(3)
    session = a_sheet(world, row(first), row(second), row(loser, 70))
    hear(world, events.standing(loser, 2, merged_into=first))
    assert told_tests(world, session) == {first: (70, None)}
    hear(world, events.standing(loser, 3, merged_into=second))
    assert counted(world, session) == {first, second}
    assert told_tests(world, session) == {second: (70, None)}


def test_a_row_of_a_withdrawn_person_is_corrected_moved_and_removed_and_counts_nowhere(
    world: World,
) -> None:
    her, him = people(2)
    session, other = a_sheet(world, row(her, 40), row(him)), a_sheet(world, row(him))
    hear(world, events.standing(her, 2, withdrawn=True))
    assert statuses(world.record({"session_id": session, "rows": [row(her, 55)]})) == ["UPDATED"]
    assert said(world, session)[her][1] == 55
    assert [each["status"] for each in moved(world, session, other, [her])] == ["UPDATED"]
    assert (counted(world, session), counted(world, other)) == ({him}, {him})
    assert said(world, other)[her][:2] == ("present", 55)
    hear(world, events.standing(her, 3))
    assert (counted(world, session), counted(world, other)) == ({him}, {him, her})
    assert told_tests(world, other) == {her: (55, None)}


def test_whoever_is_entered_after_their_withdrawal_does_not_count(world: World) -> None:
    her, him = people(2)
    hear(world, events.standing(her, 2, withdrawn=True))
    session = a_sheet(world, row(her), row(him))
    assert counted(world, session) == {him}
    assert [each["data"]["rows"] for each in deltas(world, session)] == [
        [{"participant_id": him, "present": True}]
    ]


def test_a_push_that_ran_while_a_withdrawal_was_heard_is_found_afterwards(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither sees the other: the sheet is looked at once more when no such push can be left."""
    her, him = people(2)
    session, told = world.held(), events.standing(her, 2, withdrawn=True)
    save, once = world.store.lines.save, threading.Event()

    def held_up(*args: Any) -> None:
        if not once.is_set():
            once.set()
            with ThreadPoolExecutor(1) as pool:
                pool.submit(hear, world, told).result()
        save(*args)

    with monkeypatch.context() as patch:
        patch.setattr(world.store.lines, "save", held_up)
        world.record({"session_id": session, "rows": [row(her), row(him)]})
    assert counted(world, session) == {her, him}, "the push did not see what was heard"
    assert follow_again(world.store) == 0, "others may still run"
    monkeypatch.setattr(standings, "AGAIN_AFTER", timedelta(0))
    assert follow_again(world.store) == 1
    assert counted(world, session) == {him}
    assert world.store.standings.to_look_at_again(datetime.now(UTC), 9) == []


def test_cut_off_it_goes_on_where_it_was_and_tells_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    her, *others = people(4)
    sessions = [a_sheet(world, *map(row, (her, each))) for each in others]
    told = events.standing(her, 2, withdrawn=True)
    monkeypatch.setattr(standings, "LINES_AT_ONCE", 1)
    save, turns = world.store.sheets.save_totals, iter((True, False))

    def dies(*args: Any) -> None:
        if not next(turns, True):
            raise RuntimeError("killed")
        save(*args)

    with monkeypatch.context() as patch:
        patch.setattr(world.store.sheets, "save_totals", dies)
        with pytest.raises(RuntimeError):
            hear(world, told)
    hear(world, told)
    hear(world, told)
    for session, other in zip(sessions, others, strict=True):
        assert counted(world, session) == {other}
        assert len(deltas(world, session)) == 2


def test_scores_told_in_sums_before_are_told_anew_of_those_who_count(world: World) -> None:
    her, him = people(2)
    session = a_sheet(world, row(her, 40), row(him, 50))
    hear(world, events.standing(her, 2, withdrawn=True))
    world.store.sheets.collection.update_one({"_id": session}, {"$unset": {"told": ""}})
    assert restate(world.store) == 1
    last = world.events(session, version=2)[-1]["data"]
    assert [each["participant_id"] for each in last["tests"]] == [him]


PERSON = st.integers(0, 3)
STAND = st.tuples(
    st.just("stand"), PERSON, st.booleans(), st.one_of(st.none(), PERSON), st.booleans()
)
SAY = st.tuples(
    st.just("say"),
    st.integers(0, 1),
    st.lists(
        st.tuples(
            PERSON,
            st.sampled_from([None, "present", "absent", "removed"]),
            st.sampled_from([None, 10, 20.5]),
            st.sampled_from([None, 30]),
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda each: each[0],
    ),
)
MOVE = st.tuples(st.just("move"), st.integers(0, 1), st.lists(PERSON, min_size=1, max_size=2))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.one_of(SAY, STAND, MOVE), max_size=12))
def test_whatever_is_said_and_told_each_person_who_stands_is_counted_once(
    world: World, steps: list[Any]
) -> None:
    sessions, who = [world.held(), world.held()], people(4)
    stand: dict[str, tuple[bool, str | None]] = {}
    versions = dict.fromkeys(who, 1)
    late: list[Event] = []
    for what, *how in steps:
        if what == "say":
            where, rows = how
            said_rows = [
                {"participant_id": who[n], "status": status, "pre_score": pre, "post_score": post}
                for n, status, pre, post in rows
            ]
            world.record({"session_id": sessions[where], "rows": said_rows})
        elif what == "move":
            where, chosen = how
            moved(world, sessions[where], sessions[1 - where], [who[n] for n in set(chosen)])
        else:
            number, withdrawn, into, later = how
            person, one_with = who[number], None if into in (None, number) else who[into]
            merged = {into for _, into in stand.values() if into}
            if one_with and (person in merged or stand.get(one_with, (False, None))[1]):
                one_with = None  # merges form no chains
            versions[person] += 1
            stand[person] = withdrawn, one_with
            told = events.standing(
                person, versions[person], withdrawn=withdrawn, merged_into=one_with
            )
            late.append(told)
            if not later:
                hear(world, *reversed(late))
                late.clear()
    hear(world, *late)
    for session in sessions:
        items = world.sheet(session)["items"]
        there: dict[str, list[Row]] = {}
        for each in items:
            one = stand.get(each["participant_id"], (False, None))[1] or each["participant_id"]
            if each["status"] == "present" and not stand.get(one, (False, None))[0]:
                there.setdefault(one, []).append(each)
        rows_that_count = counted(world, session)
        assert len(rows_that_count) == len(there)
        tests = told_tests(world, session)
        for one, rows_of_one in there.items():
            (first,) = {each["participant_id"] for each in rows_of_one} & rows_that_count
            ordered = sorted(rows_of_one, key=lambda each: each["participant_id"])
            ordered.sort(key=lambda each: each["participant_id"] != first)
            expected = tuple(
                next((each[name] for each in ordered if each[name] is not None), None)
                for name in ("pre_score", "post_score")
            )
            assert tests.get(first, (None, None)) == expected
            if one in {each["participant_id"] for each in rows_of_one}:
                assert first == one
