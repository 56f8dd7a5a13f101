"""One document that somebody damaged by hand costs its neighbours nothing: they are answered, and
it is named."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from services.activities.definitions import DEFINITIONS
from services.activities.handlers import changes, history, reading, sheets
from shared.errors import Refused
from tests.integration.services.activities.activities_world import MALI, World, statuses
from tests.integration.services.activities.sheets_world import people
from tests.world.items import concern, organisation, place, present, project

DAMAGES: dict[str, dict[str, Any]] = {
    "another type": {"$set": {"content": "text"}},
    "no content": {"$unset": {"content": True}},
    "no version": {"$unset": {"version": True}},
    "a version in words": {"$set": {"version": "2"}},
    "no moment": {"$set": {"updated_at": "2021-01-01"}},
    "a truth in words": {"$set": {"withdrawn": "no"}},
}
REQUIRED = {
    "activity": "starts_on",
    "project": "title",
    "organisation": "name",
    "concern": "severity",
    "place": "name",
}
DAYS = {
    "activity": "starts_on",
    "project": "starts_on",
    "concern": "raised_on",
    "place": "began_on",
}


def five(world: World, kind: str) -> list[str]:
    made: dict[str, Callable[[], dict[str, Any]]] = {
        "activity": world.activity,
        "project": project,
        "organisation": organisation,
        "concern": concern,
        "place": place,
    }
    items = [made[kind]() for _ in range(5)]
    assert statuses(world.push(items, kind=kind)) == ["CREATED"] * 5
    return [each["id"] for each in items]


def damage(world: World, kind: str, identifier: str, update: dict[str, Any]) -> None:
    world.store.db[DEFINITIONS[kind].collection].update_one({"_id": identifier}, update)


def asked(kind: str, **more: Any) -> dict[str, Any]:
    return {"caller": MALI.to_dict(), "kind": kind, **more}


@pytest.mark.parametrize("kind", list(DEFINITIONS))
@pytest.mark.parametrize("how", [*DAMAGES, "a required field", "a number for a text", "a week"])
def test_four_of_five_are_answered_and_the_fifth_is_named(
    world: World, kind: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    special: dict[str, dict[str, Any]] = {
        "a required field": {"$unset": {f"content.{REQUIRED[kind]}": True}},
        "a number for a text": {"$set": {f"content.{REQUIRED[kind]}": [7]}},
        "a week": {"$set": {f"content.{DAYS.get(kind)}": "2020-W53-1"}},
    }
    if kind not in DAYS:
        special["a week"] = {"$set": {"content.gppac_member": "yes"}}
    ids = five(world, kind)
    bad, *good = ids
    damage(world, kind, bad, {**DAMAGES, **special}[how])

    with caplog.at_level(logging.WARNING):
        page = reading.list_page(asked(kind, filter={"ids": ids}), world.store)
    assert sorted(each["id"] for each in page["items"]) == sorted(good)
    assert len(page["cursors"]) == 4
    listed = how != "a truth in words"  # nobody knows whether it is withdrawn
    assert list(page.get("skipped", ())) == [bad] * listed
    assert [bad in each.getMessage() for each in caplog.records] == [True] * listed

    found = reading.get_many(asked(kind, ids=ids), world.store)
    assert sorted(each["id"] for each in found["items"]) == sorted(good)
    assert found["damaged"] == [bad]

    for use in (history.history, history.version):
        with pytest.raises(Refused) as refused:
            use(asked(kind, id=bad, version=1), world.store)
        assert refused.value.code == "DAMAGED_RECORD"
    assert history.history(asked(kind, id=good[0]), world.store)["items"]


def test_pages_go_on_behind_what_is_damaged(world: World) -> None:
    ids = sorted(five(world, "activity"), reverse=True)  # of one day: by id, the last first
    damage(world, "activity", ids[1], {"$set": {"content.title": 7}})
    seen, skipped, after = [], [], None
    for _ in range(3):
        page = reading.list_page(
            asked("activity", filter={"ids": ids}, first=2, after=after), world.store
        )
        seen += [each["id"] for each in page["items"]]
        skipped += page.get("skipped", ())
        after = page.get("ends", page["cursors"])[-1]
    assert (seen, skipped) == ([ids[0], *ids[2:]], [ids[1]])
    assert not page["has_next"]


def test_a_damaged_version_is_left_out_of_the_history_and_the_log_goes_on(world: World) -> None:
    identifier = world.held(venue="1")
    for venue in ("2", "3"):
        world.push([{"id": identifier, "venue": venue}])
    world.store.db["versions"].update_one({}, {"$set": {"content.starts_on": "2020-W53-1"}})
    page = history.history(asked("activity", id=identifier), world.store)
    assert [each["version"] for each in page["items"]] == [3, 2]
    assert list(page["skipped"]) == [identifier]
    assert len(changes.changes(asked("activity", id=identifier), world.store)["items"]) == 3


def test_a_damaged_activity_is_mended_by_bringing_a_version_back(world: World) -> None:
    identifier = world.held(venue="1")
    world.push([{"id": identifier, "venue": "2"}])
    damage(world, "activity", identifier, {"$set": {"content.venue": 7}})
    assert statuses(world.restore(identifier, 1)) == ["UPDATED"]
    assert world.get(identifier)["venue"] == "1"


@pytest.mark.parametrize(
    "update",
    [
        {"$unset": {"st": True}},
        {"$set": {"st": "late"}},
        {"$set": {"v": "1"}},
        {"$set": {"pre": "57,5"}},
    ],
    ids=["no status", "an unknown status", "a version in words", "a score in words"],
)
def test_a_damaged_line_leaves_the_sheet_readable(world: World, update: dict[str, Any]) -> None:
    session, who = world.held(), people(5)
    world.record({"session_id": session, "rows": present(*who)})
    world.store.lines.collection.update_one({"_id": f"{session}:{who[0]}"}, update)
    page = world.sheet(session)
    assert [each["participant_id"] for each in page["items"]] == who[1:]
    assert list(page["skipped"]) == [f"{session}:{who[0]}"]
    asked_for = {"caller": MALI.to_dict(), "participant_ids": who}
    found = sheets.sessions_of(asked_for, world.store)["items"]
    assert [len(found[each]) for each in who] == [0, 1, 1, 1, 1]
