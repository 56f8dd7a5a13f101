"""People are moved between sheets: all or none, and nobody jumps back."""

from __future__ import annotations

import pytest

from shared.errors import Refused
from shared.ids import new_id
from tests.integration.services.activities.activities_world import (
    NIGER,
    World,
    codes,
    problems,
    short,
    statuses,
)
from tests.integration.services.activities.sheets_world import (
    deltas,
    moved,
    people,
    replayed,
    stored,
)
from tests.world.items import present


def test_five_people_move_from_one_session_to_another(world: World) -> None:
    source, target, who = world.held(), world.held(), people(8)
    rows = [{**row, "pre_score": 50} for row in present(*who)]
    first = new_id()
    world.record({"session_id": source, "rows": rows}, push_id=first)

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
    assert (here, int(scores["pre_sum"])) == (set(who[:5]), 250)
    assert [short(e) for e in deltas(world, source)] == [
        "attendance.recorded",
        "attendance.corrected",
    ]
    assert [short(e) for e in deltas(world, target)] == ["attendance.recorded"]

    # The first push comes late once more: nobody jumps back. Moving them back is another matter.
    late = world.record({"session_id": source, "rows": rows}, push_id=first)
    assert statuses(late) == ["UNCHANGED"] * 8
    assert statuses(moved(world, target, source, who[:5])) == ["UPDATED"] * 5
    assert stored(world, source)[0] == set(who)


def test_a_move_that_is_repeated_late_takes_nobody_from_where_they_are_now(world: World) -> None:
    source, target, [who] = world.held(), world.held(), people(1)
    world.record({"session_id": source, "rows": present(who)})
    push_id = new_id()
    assert statuses(moved(world, source, target, [who], push_id=push_id)) == ["UPDATED"]

    # They were at both, as it turns out.
    assert statuses(world.record({"session_id": source, "rows": present(who)})) == ["UPDATED"]
    [late] = moved(world, source, target, [who], push_id=push_id)

    assert (late["status"], codes([late])) == ("UNCHANGED", ["ALREADY_APPLIED"])
    assert stored(world, source)[0] == stored(world, target)[0] == {who}


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


def test_a_move_tells_the_version_that_is_stored_and_nothing_to_others(world: World) -> None:
    source, target, [who] = world.held(), world.held(), people(1)
    for each in (source, target):
        world.record({"session_id": each, "rows": present(who)})
    push_id = new_id()
    [receipt] = moved(world, source, target, [who], push_id=push_id)
    [line] = world.sheet(target)["items"]
    assert (receipt["status"], receipt["version"]) == ("UPDATED", line["version"])
    [foreign] = moved(world, source, target, [who], push_id=push_id, caller=NIGER.to_dict())
    assert codes([foreign]) == ["UNKNOWN_SESSION", "UNKNOWN_SESSION"]
