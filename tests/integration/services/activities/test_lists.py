"""Lists of records, of a sheet's lines and of changes: from either end, narrowed to ids, counted,
and read by their indexes."""

from __future__ import annotations

from typing import Any

import pytest

from services.activities.definitions import DEFINITIONS
from services.activities.handlers import reading, sheets
from services.activities.handlers.changes import changes
from shared.caller import Caller
from shared.errors import Refused
from shared.ids import new_id
from tests.integration.services.activities.activities_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    World,
)
from tests.walking import Ask, plans, walk
from tests.world import items


def listing(world: World, kind: str = "activity", caller: Caller = MALI, **filters: Any) -> Ask:
    asked = {"caller": caller.to_dict(), "kind": kind, "filter": filters}
    return lambda **page: reading.list_page({**asked, **page}, world.store)


def ids_of(found: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in found]


MADE: dict[str, Any] = {
    "project": lambda n: items.project(starts_on=f"2021-05-{1 + n % 3:02}"),
    "organisation": lambda n: items.organisation(name=f"GPPAC {n % 3}"),
    "concern": lambda n: items.concern(raised_on=f"2021-05-{1 + n % 3:02}"),
}


@pytest.mark.parametrize("kind", MADE)
def test_every_kind_is_listed_backwards_as_forwards(world: World, kind: str) -> None:
    world.push([MADE[kind](n) for n in range(10)], kind=kind)
    ask = listing(world, kind)
    forwards = walk(ask, 3)
    assert len(forwards) >= 10
    assert walk(ask, 3, backwards=True) == forwards
    assert walk(ask, 4, 1, backwards=True) == forwards
    path = DEFINITIONS[kind].order[0].removeprefix("content.")
    values = [each[path] for each in forwards]
    assert values == sorted(values, reverse=DEFINITIONS[kind].order[1] < 0)


def test_what_a_caller_may_see_under_the_filter_is_counted_on_every_page(world: World) -> None:
    made = [world.held(starts_on="2021-05-01", status="held") for _ in range(5)]
    world.held(starts_on="2021-06-01", status="planned")
    world.withdraw(world.held())

    def count(caller: Caller = MALI, page: dict[str, Any] | None = None, **filters: Any) -> Any:
        ask = listing(world, caller=caller, **filters)
        return ask(count=True, **(page or {"first": 1}))["total_count"]

    assert count() == count(SECRETARIAT) == 6
    assert count(NIGER) == 0
    assert count(statuses=["held"]) == 5
    assert count(withdrawn=True) == 1
    cursors = listing(world)()["cursors"]
    assert count(page={"first": 2, "after": cursors[3]}) == 6
    assert count(page={"last": 2, "before": cursors[1]}) == 6
    assert listing(world)(first=1)["total_count"] is None, "nobody asked"
    assert count(ids=made[:2]) == 2


def test_a_list_is_narrowed_to_ids_of_which_strangers_are_not_there(world: World) -> None:
    made = [world.held() for _ in range(4)]
    gone = world.held()
    world.withdraw(gone)

    def listed(ids: list[str], caller: Caller = MALI, **filters: Any) -> set[str]:
        found = walk(listing(world, caller=caller, ids=ids, **filters), 1)
        return set(ids_of(found))

    assert listed([made[0], made[2].upper(), new_id()]) == {made[0], made[2]}
    assert listed([]) == set(), "none of them is not all"
    assert listed(made, NIGER) == set()
    assert listed(made, SECRETARIAT) == set(made)
    assert listed([gone, made[0]]) == {made[0]}
    assert listed([gone, made[0]], withdrawn=True) == {gone}
    assert listed(made, types=["media_intervention"]) == set()


@pytest.mark.parametrize("kind", ["activity", *MADE])
@pytest.mark.parametrize(
    ("ids", "code", "path"),
    [
        ([new_id(), "Awa"], "INVALID_ID", ["filter", "ids", 1]),
        ([new_id()] * 201, "TOO_MANY", ["filter", "ids"]),
    ],
    ids=["no id", "201"],
)
def test_ids_that_are_none_or_too_many_are_refused_by_their_place(
    world: World, kind: str, ids: list[str], code: str, path: list[Any]
) -> None:
    with pytest.raises(Refused) as refused:
        listing(world, kind, ids=ids)()
    assert (refused.value.code, refused.value.params["path"]) == (code, path)


@pytest.mark.parametrize("caller", [MALI, SECRETARIAT])
@pytest.mark.parametrize("kind", ["activity", "concern"])
def test_a_page_from_either_end_is_read_in_order_by_the_lists_index(
    world: World, caller: Caller, kind: str
) -> None:
    days = [f"2021-{1 + n % 12:02}-{1 + n % 28:02}" for n in range(300)]
    made = [
        world.activity(starts_on=day, ends_on=day)
        if kind == "activity"
        else items.concern(raised_on=day)
        for day in days
    ]
    world.push(made, kind=kind)
    ask = listing(world, kind, caller)
    cursors = ask(first=200)["cursors"]
    for page in (
        {"first": 20},
        {"last": 20},
        {"first": 20, "after": cursors[99]},
        {"last": 20, "before": cursors[99]},
        {"first": 20, "after": cursors[50], "before": cursors[150]},
        {"last": 20, "after": cursors[50], "before": cursors[150]},
    ):
        read = plans(world.store.db, DEFINITIONS[kind].collection, ask, both_ends=True, **page)
        assert len(read) == 1 + (("after" if "first" in page else "before") in page)
        assert all(each.startswith("IXSCAN { chapter: 1, content.") for each in read), read


def test_a_sheet_is_read_backwards_counted_and_narrowed_to_participants(world: World) -> None:
    session, people = world.held(), sorted(new_id() for _ in range(9))
    world.record(items.sheet(session, *people))
    world.record(
        {"session_id": session, "rows": [{"participant_id": people[4], "status": "removed"}]}
    )
    here = [each for each in people if each != people[4]]

    def ask(**asked: Any) -> dict[str, Any]:
        who = {"caller": MALI.to_dict(), "session_id": session}
        return sheets.page({**who, **asked}, world.store)

    def told(found: list[dict[str, Any]]) -> list[str]:
        return [each["participant_id"] for each in found]

    assert told(walk(ask, 3)) == told(walk(ask, 3, backwards=True)) == here
    assert ask(first=2, count=True)["total_count"] == 8
    some = [people[7], people[4], people[1], new_id()]
    narrowed = ask(participant_ids=some, count=True)
    assert (told(narrowed["items"]), narrowed["total_count"]) == ([people[1], people[7]], 2)
    assert ask(participant_ids=[])["items"] == []
    with pytest.raises(Refused) as refused:
        ask(participant_ids=["Awa"])
    assert refused.value.params["path"] == ["participant_ids", 0]
    plan = plans(world.store.db, "attendance", ask, last=3)
    assert plan == ["IXSCAN { _id: 1 }"]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_change_log_reads_backwards_as_forwards_in_whatever_pages(
    world: World, size: int
) -> None:
    identifier = world.held(announced={"total": 0})
    for number in range(1, 7):
        world.push([{"id": identifier, "announced": {"total": number}}])
    asked = {"caller": MALI.to_dict(), "id": identifier}

    def log(**page: Any) -> dict[str, Any]:
        return changes({**asked, **page}, world.store)

    whole = log(count=True)
    steps, cursors = whole["items"], whole["cursors"]
    assert [each["version"] for each in steps] == list(range(1, 8))
    assert whole["total_count"] == 7
    assert walk(log, size) == walk(log, size, backwards=True) == steps
    for begin in range(7):
        assert log(first=size, after=cursors[begin])["items"] == steps[begin + 1 :][:size]
        behind = log(last=size, before=cursors[begin])
        assert behind["items"] == steps[:begin][-size:]
        assert (behind["has_next"], behind["has_previous"]) == (True, begin > size)
        for end in range(7):
            inside = steps[begin + 1 : end]
            bounds = {"after": cursors[begin], "before": cursors[end]}
            first, last = log(first=size, **bounds), log(last=size, **bounds)
            assert (first["items"], last["items"]) == (inside[:size], inside[-size:])
            assert first["has_next"] is last["has_previous"] is (len(inside) > size)
            assert first["has_previous"] is last["has_next"] is True


def test_a_step_told_in_two_versions_is_one_step_of_the_log_from_either_end(world: World) -> None:
    identifier = world.held(announced={"total": 0})
    for number in range(1, 4):
        world.push([{"id": identifier, "announced": {"total": number}}])
    asked = {"caller": MALI.to_dict(), "id": identifier}

    def log(**page: Any) -> dict[str, Any]:
        return changes({**asked, **page}, world.store)

    steps = log()["items"]
    for row in list(world.store.outbox.collection.find({"subject": identifier})):
        later = {"_id": new_id(), "schema_version": 3, "actor": "of the second version"}
        world.store.outbox.collection.insert_one({**row, **later})
    assert walk(log, 2) == walk(log, 2, backwards=True) == steps
    assert log(count=True)["total_count"] == 4


@pytest.mark.parametrize("cursor", ["nonsense", "WyJ4Il0", "WzBd", "Wy0xXQ"])  # ["x"] [0] [-1]
def test_a_change_logs_cursor_is_one_of_its_steps(world: World, cursor: str) -> None:
    asked = {"caller": MALI.to_dict(), "id": world.held(), "before": cursor}
    with pytest.raises(Refused, match="BAD_CURSOR"):
        changes(asked, world.store)


def test_the_change_log_is_read_by_its_index(world: World) -> None:
    identifier = world.held()
    world.push([{"id": identifier, "announced": {"total": 3}}])
    asked = {"caller": MALI.to_dict(), "id": identifier}

    def log(**page: Any) -> dict[str, Any]:
        return changes({**asked, **page}, world.store)

    for page in ({"first": 2}, {"last": 2}):
        [plan] = plans(world.store.db, "outbox", log, **page)
        assert plan.startswith("IXSCAN { subject: 1, sequence: 1"), plan
