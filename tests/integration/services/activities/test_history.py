"""Every version of a record can be read and compared, by those who may read the record."""

from __future__ import annotations

from typing import Any

import pytest

from services.activities.handlers import history, reading, records
from services.activities.handlers.changes import changes
from shared.caller import Caller
from shared.errors import NotFound, Refused
from shared.ids import new_id
from tests.integration.services.activities.activities_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    World,
    codes,
    statuses,
)
from tests.walking import walk
from tests.world.items import concern, organisation, project, session


def asked(identifier: str, kind: str = "activity", caller: Caller = MALI, **more: Any) -> Any:
    return {"caller": caller.to_dict(), "kind": kind, "id": identifier, **more}


def versions(
    world: World, identifier: str, kind: str = "activity", caller: Caller = MALI
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = history.history(asked(identifier, kind, caller), world.store)[
        "items"
    ]
    return found


def at(world: World, identifier: str, version: Any, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = history.version(
        asked(identifier, version=version, **more), world.store
    )["item"]
    return found


def test_every_version_reads_as_it_was_with_what_made_it(world: World) -> None:
    identifier = world.held(description="first", venue="town hall")
    world.push([{"id": identifier, "description": "second"}], caller=SECRETARIAT)
    world.withdraw(identifier)
    world.reinstate(identifier)

    told = versions(world, identifier)

    assert [
        (each["version"], each["kind"], each["actor"], each["reason"], each["record"]["withdrawn"])
        for each in told
    ] == [
        (4, "reinstated", "key-ml", "was right", False),
        (3, "withdrawn", "key-ml", "pushed by mistake", True),
        (2, "corrected", "key-se", None, False),
        (1, "recorded", "key-ml", None, False),
    ]
    read = [(each["record"]["description"], each["record"]["venue"]) for each in told]
    assert read == [("second", "town hall")] * 3 + [("first", "town hall")]
    for each in told:
        assert (
            at(world, identifier, each["version"])["description"] == each["record"]["description"]
        )


@pytest.mark.parametrize(
    ("kind", "item", "change"),
    [
        ("project", project(description={"en": "a"}), {"description": {"en": "b"}}),
        ("organisation", organisation(), {"name": "Another"}),
        ("concern", concern(text="a"), {"text": "b"}),
    ],
)
def test_so_does_every_version_of_the_other_types(
    world: World, kind: str, item: dict[str, Any], change: dict[str, Any]
) -> None:
    identifier = new_id()
    [field] = change
    world.push([{**item, "id": identifier}], kind=kind)
    world.push([{"id": identifier, **change}], kind=kind)

    told = [each["record"][field] for each in versions(world, identifier, kind)]
    assert told == [change[field], item[field]]


def test_several_corrections_in_one_call_are_versions_each(world: World) -> None:
    identifier = world.held(venue="1")
    pushes = [
        {"caller": MALI.to_dict(), "items": [{"id": identifier, "venue": venue}]}
        for venue in ("2", "3")
    ]
    records.push({"kind": "activity", "pushes": pushes}, world.store)

    assert [each["record"]["venue"] for each in versions(world, identifier)] == ["3", "2", "1"]


def test_a_dry_run_and_a_refused_correction_make_no_version(world: World) -> None:
    identifier = world.held()
    world.push([{"id": identifier, "venue": "x"}], dry_run=True)
    world.push([{"id": identifier, "place": "nowhere"}])

    assert [each["version"] for each in versions(world, identifier)] == [1]


def test_versions_page_both_ways(world: World) -> None:
    identifier = world.held()
    for number in range(6):
        world.push([{"id": identifier, "venue": str(number)}])

    def numbers(**part: Any) -> list[int]:
        found = history.history(asked(identifier, **part), world.store)
        return [each["version"] for each in found["items"]]

    walked = walk(lambda **page: history.history(asked(identifier, **page), world.store), 2)
    assert [each["version"] for each in walked] == [7, 6, 5, 4, 3, 2, 1]
    assert numbers(last=2) == [2, 1]
    whole = history.history(asked(identifier, count=True, both_ends=True), world.store)
    assert whole["total_count"] == 7
    assert (whole["has_previous"], whole["has_next"]) == (False, False)
    cursors = whole["cursors"]
    assert numbers(first=2, after=cursors[1]) == [5, 4]
    assert numbers(last=2, before=cursors[2]) == [7, 6]
    assert numbers(after=cursors[1], before=cursors[4]) == [5, 4]
    middle = history.history(
        asked(identifier, first=1, after=cursors[1], both_ends=True), world.store
    )
    assert (middle["has_previous"], middle["has_next"]) == (True, True)
    newest = history.history(
        asked(identifier, last=1, before=cursors[1], both_ends=True), world.store
    )
    assert (newest["has_previous"], newest["has_next"]) == (False, True)
    with pytest.raises(Refused):
        numbers(after="no cursor")


def test_what_differs_is_told_by_path_free_texts_included(world: World) -> None:
    first, second = new_id(), new_id()
    identifier = world.held(
        title={"fr": "Atelier", "en": "Workshop"},
        description="a",
        sessions=[session(id=first, title="one")],
        announced={"total": 10},
    )
    world.push(
        [
            {
                "id": identifier,
                "title": {"fr": "Formation"},
                "description": "b",
                "sessions": [{"id": first, "title": "uno"}, session(id=second)],
                "announced": {"total": 12},
            }
        ]
    )
    world.withdraw(identifier)

    found = history.compare({**asked(identifier), "from": 1, "to": 3}, world.store)["items"]

    assert [tuple(each.values()) for each in found] == [
        ("title.fr", "Atelier", "Formation"),
        ("description", "a", "b"),
        (f"sessions.{first}.title", "one", "uno"),
        (f"sessions.{second}", None, {"id": second, "on": session()["on"]}),
        ("announced.total", 10, 12),
        ("withdrawn", False, True),
    ]


def test_another_chapter_reads_no_version(world: World) -> None:
    identifier = world.held()
    world.push([{"id": identifier, "venue": "x"}])

    uses: list[tuple[Any, dict[str, Any]]] = [
        (history.history, {}),
        (history.version, {"version": 1}),
        (history.compare, {"from": 1, "to": 2}),
    ]
    for use, more in uses:
        with pytest.raises(NotFound):
            use(asked(identifier, caller=NIGER, **more), world.store)
        with pytest.raises(NotFound):
            use(asked(identifier, caller=Caller("partner"), **more), world.store)
        use(asked(identifier, caller=SECRETARIAT, **more), world.store)


@pytest.mark.parametrize("version", [0, -1, 3, 10**12, None, "1"])
def test_a_version_that_there_is_not_is_not_found(world: World, version: Any) -> None:
    identifier = world.held()
    world.push([{"id": identifier, "venue": "x"}])
    with pytest.raises(NotFound):
        at(world, identifier, version)


def test_why_an_organisation_was_withdrawn_is_its_chapters_alone(world: World) -> None:
    identifier = new_id()
    world.push([organisation(id=identifier)], kind="organisation")
    world.withdraw(identifier, kind="organisation")

    for caller in (MALI, SECRETARIAT):
        shown = world.get(identifier, "organisation", caller)
        assert shown["withdrawal"]["reason"] == "pushed by mistake"
        assert shown["withdrawal"]["by"] == "key-ml"
        assert at(world, identifier, 2, kind="organisation", caller=caller)["withdrawal"]
        assert versions(world, identifier, "organisation", caller)[0]["actor"] == "key-ml"

    shown = world.get(identifier, "organisation", NIGER)
    assert shown["withdrawn"] is True
    assert "withdrawal" not in shown
    [latest, _] = versions(world, identifier, "organisation", NIGER)
    assert (latest["kind"], latest["actor"], latest["reason"]) == ("withdrawn", None, None)
    log = changes(asked(identifier, "organisation", NIGER), world.store)["items"]
    assert [(each["actor"], each["reason"]) for each in log] == [(None, None)] * 2
    mine = changes(asked(identifier, "organisation", MALI), world.store)["items"]
    assert (mine[1]["actor"], mine[1]["reason"]) == ("key-ml", "pushed by mistake")


def test_lists_tell_who_withdrew_what_is_withdrawn(world: World) -> None:
    identifier = world.held()
    world.withdraw(identifier)
    wanted = {"caller": MALI.to_dict(), "kind": "activity", "filter": {"withdrawn": True}}
    [item] = reading.list_page(wanted, world.store)["items"]
    assert item["withdrawal"]["reason"] == "pushed by mistake"
    assert item["withdrawal"]["at"] == item["updated_at"]


def test_a_record_of_the_release_before_is_kept_from_its_next_correction_on(world: World) -> None:
    identifier = world.held(venue="1")
    world.push([{"id": identifier, "venue": "2"}])
    world.store.db["versions"].delete_many({})  # the release before kept none
    world.push([{"id": identifier, "venue": "3"}])

    assert [each["record"]["venue"] for each in versions(world, identifier)] == ["3", "2"]
    assert codes(world.restore(identifier, 1)) == ["NO_SUCH_VERSION"]
    assert statuses(world.restore(identifier, 2)) == ["UPDATED"]
