"""A session is named by a key of its own, or by that of the activity of which it is the only one:
sheets that come without ids find their place, and no session doubles."""

from __future__ import annotations

from typing import Any

from shared.ids import new_id
from tests.integration.services.activities.activities_world import (
    NIGER,
    World,
    codes,
    problems,
    statuses,
)
from tests.world.items import LAST_DAY, present, session


def kobo(*keys: str) -> list[dict[str, str]]:
    return [{"system": "kobo", "key": key} for key in keys]


def by_key(key: str, *people: str, **said: Any) -> dict[str, Any]:
    return {"session_ref": kobo(key)[0], "rows": present(*people), **said}


def of_two_days(world: World) -> dict[str, Any]:
    sessions = [
        session(id=None, external_refs=kobo("day 1")),
        session(id=None, on=LAST_DAY, external_refs=kobo("day 2")),
    ]
    return world.activity(id=None, external_refs=kobo("A"), sessions=sessions)


def test_sessions_pushed_by_their_keys_are_not_doubled(world: World) -> None:
    [made] = world.push([of_two_days(world)])
    before = world.get(made["id"])["sessions"]
    assert [each["external_refs"] for each in before] == [kobo("day 1"), kobo("day 2")]
    assert statuses(world.push([of_two_days(world)])) == ["UNCHANGED"]
    titled = [{"external_refs": kobo("day 2"), "title": "Pratique"}]
    assert statuses(world.push([{"external_refs": kobo("A"), "sessions": titled}])) == ["UPDATED"]
    after = world.get(made["id"])["sessions"]
    assert [each["id"] for each in after] == [each["id"] for each in before]
    assert (after[1]["title"], after[1]["on"]) == ("Pratique", LAST_DAY)


def test_two_sessions_of_an_activity_never_have_one_key(world: World) -> None:
    twice = [session(external_refs=kobo("d")), session(external_refs=kobo("d"))]
    [refused] = world.push([world.activity(sessions=twice)])
    assert problems(refused) == [("REPEATED_VALUE", ["sessions", 1, "external_refs"])]


def test_a_sheet_finds_its_session_by_key(world: World) -> None:
    [made] = world.push([of_two_days(world)])
    first, second = (each["id"] for each in world.get(made["id"])["sessions"])
    awa, moussa = new_id(), new_id()
    assert statuses(world.record(by_key("day 1", awa), by_key("day 2", awa, moussa))) == [
        "CREATED", "CREATED", "CREATED",
    ]  # fmt: skip
    assert [world.sheet(each)["sheet"]["present"] for each in (first, second)] == [1, 2]
    assert statuses(world.record(by_key("day 2", moussa, session_id=second))) == ["UNCHANGED"]


def test_the_key_of_an_activity_leads_to_its_only_session(world: World) -> None:
    [own] = world.push([world.activity(id=None, external_refs=kobo("own"))])
    [one] = world.push([world.activity(sessions=[day := session()], external_refs=kobo("one"))])
    assert statuses(world.record(by_key("own", new_id()), by_key("one", new_id()))) == [
        "CREATED", "CREATED",
    ]  # fmt: skip
    assert world.sheet(own["id"])["sheet"]["present"] == 1
    assert world.sheet(day["id"])["sheet"]["present"] == 1
    assert one["status"] == "CREATED"


def test_a_sheet_whose_key_leads_to_no_session_is_refused_at_the_key(world: World) -> None:
    world.push([of_two_days(world)])
    for sheet, code in (
        (by_key("nothing", new_id()), "UNKNOWN_SESSION"),
        (by_key("A", new_id()), "SEVERAL_SESSIONS"),
        ({"session_ref": {"key": "A"}, "rows": present(new_id())}, "INVALID_REF"),
        (by_key("day 1", new_id(), session_id=new_id()), "REF_OF_ANOTHER"),
    ):
        [refused] = world.record(sheet)
        assert problems(refused) == [(code, ["session_ref"])]
    [elsewhere] = world.record(by_key("day 1", new_id()), caller=NIGER)
    assert codes([elsewhere]) == ["UNKNOWN_SESSION"]


def test_a_key_of_sessions_of_two_activities_is_never_guessed(world: World) -> None:
    for _ in range(2):
        world.push([world.activity(sessions=[session(external_refs=kobo("d"))])])
    assert codes(world.record(by_key("d", new_id()))) == ["UNKNOWN_SESSION"]


def test_a_dry_run_foresees_sessions_by_their_keys(world: World) -> None:
    sheets = by_key("day 1", new_id()), by_key("day 2", new_id())
    told = world.record(*sheets, dry_run=True, activities=[of_two_days(world)])
    assert statuses(told) == ["CREATED", "CREATED"]
    assert world.store.sheets.collection.count_documents({}) == 0
