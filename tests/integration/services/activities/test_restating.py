"""Scores told in sums before are told once more, score by score, by one step of each sheet."""

from __future__ import annotations

from typing import Any

import pytest

from services.activities.handlers.restating import SHEETS_AT_ONCE, restate
from services.activities.layout import TOLD
from shared.layout import SCHEMA_VERSION
from tests.integration.services.activities.activities_world import World
from tests.integration.services.activities.sheets_world import deltas
from tests.world import items


@pytest.fixture
def sheet(world: World) -> str:
    """Of three people, two of them with scores; as the release before left it."""
    return before(world, a_sheet(world))


def a_sheet(world: World) -> str:
    activity = world.activity()
    world.push([activity])
    rows: list[dict[str, Any]] = items.present(*items.ids(3))
    rows[0] |= {"pre_score": 40, "post_score": 80}
    rows[1] |= {"pre_score": 50}
    rows.append({"participant_id": items.ids(1)[0], "status": "absent", "pre_score": 9})
    world.record({"session_id": activity["id"], "rows": rows})
    session: str = activity["id"]
    return session


def before(world: World, session: str) -> str:
    """Forget what version 2 has told of it."""
    world.store.sheets.collection.update_one({"_id": session}, {"$unset": {TOLD: ""}})
    world.store.outbox.collection.delete_many({"subject": session, SCHEMA_VERSION: 2})
    return session


def newest(world: World, session: str) -> dict[str, Any]:
    return world.events(session, version=2)[-1]


def test_one_step_tells_all_scores_of_those_present_and_changes_nothing(
    world: World, sheet: str
) -> None:
    page = world.sheet(sheet)
    assert restate(world.store) == 1
    step = newest(world, sheet)
    assert step["sequence"] == 2
    assert step["data"]["rows"] == []
    assert set(step["data"]["scores"].values()) == {0}
    scores = {(each["pre_score"], each["post_score"]) for each in step["data"]["tests"]}
    assert scores == {(40, 80), (50, None)}
    after = world.sheet(sheet)
    assert after["items"] == page["items"]
    assert after["sheet"] == {**page["sheet"], "sequence": 2}
    assert [each["data"]["present_total"] for each in deltas(world, sheet)] == [3, 3]


def test_a_second_time_and_what_was_told_by_this_release_take_no_step(
    world: World, sheet: str
) -> None:
    a_sheet(world)
    assert restate(world.store) == 1
    assert restate(world.store) == 0


def test_a_sheet_corrected_before_its_turn_is_told_whole(world: World, sheet: str) -> None:
    person = items.ids(1)[0]
    row = {"participant_id": person, "status": "present", "post_score": 60}
    world.record({"session_id": sheet, "rows": [row]})
    assert restate(world.store) == 1
    assert len(newest(world, sheet)["data"]["tests"]) == 3


def test_cut_off_it_goes_on_with_the_rest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.activities.handlers.restating.SHEETS_AT_ONCE", 2)
    sheets = [before(world, a_sheet(world)) for _ in range(3)]
    turns = iter([True, False])
    assert restate(world.store, lambda: next(turns)) == 2
    assert restate(world.store) == 1
    assert [newest(world, each)["sequence"] for each in sheets] == [2, 2, 2]
    assert SHEETS_AT_ONCE > 2
