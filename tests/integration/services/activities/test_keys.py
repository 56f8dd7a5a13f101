"""Whoever lost the ids, or never had any, pushes by the keys of their own system: nothing doubles,
nothing is mistaken for another's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.ids import canonical, new_id
from tests.integration.services.activities.activities_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    World,
    codes,
    problems,
    statuses,
)
from tests.world import items

KINDS = ("activity", "project", "organisation", "concern")


def kobo(*keys: str, system: str = "kobo") -> list[dict[str, str]]:
    return [{"system": system, "key": key} for key in keys]


def ref(key: str, system: str = "kobo") -> dict[str, str]:
    return {"system": system, "key": key}


def item(world: World, kind: str, **said: Any) -> dict[str, Any]:
    """A whole item without an id."""
    if kind == "activity":
        return world.activity(id=None, **said)
    make: Any = getattr(items, kind)
    made: dict[str, Any] = make(id=None, **said)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_without_an_id_is_of_the_record_that_has_its_key(world: World, kind: str) -> None:
    said = item(world, kind, external_refs=kobo("12"))
    [made] = world.push([said], kind=kind)
    assert (made["status"], canonical(made["id"])) == ("CREATED", made["id"])
    [again] = world.push([said], kind=kind)
    assert (again["status"], again["id"]) == ("UNCHANGED", made["id"])
    more = {"external_refs": [ref("12", " KOBO "), ref("x")]}
    [corrected] = world.push([more], kind=kind)
    assert (corrected["status"], corrected["id"]) == ("UPDATED", made["id"])
    assert world.get(made["id"], kind)["external_refs"] == kobo("12", "x")
    assert world.store.records[kind].collection.count_documents({"refs": "kobo\x1f12"}) == 1


def test_a_key_is_taken_within_its_chapter_and_kind_alone(world: World) -> None:
    first = item(world, "organisation", external_refs=kobo("1"))
    [mali] = world.push([first], kind="organisation")
    [niger] = world.push([first], kind="organisation", caller=NIGER)
    [project] = world.push([item(world, "project", external_refs=kobo("1"))], kind="project")
    assert statuses([mali, niger, project]) == ["CREATED"] * 3
    assert len({mali["id"], niger["id"], project["id"]}) == 3
    [other] = world.push([items.organisation(external_refs=kobo("7", "1"))], kind="organisation")
    assert problems(other) == [("REF_TAKEN", ["external_refs", 1])]
    assert other["problems"][0]["params"] == {"id": mali["id"]}
    # Of keys that lead to two records neither is guessed at.
    world.push([item(world, "organisation", external_refs=kobo("2"))], kind="organisation")
    both = item(world, "organisation", external_refs=kobo("1", "2"))
    assert codes(world.push([both], kind="organisation")) == ["REF_TAKEN"]


def test_a_key_stays_until_it_is_removed_and_is_free_then(world: World) -> None:
    [made] = world.push([item(world, "project", external_refs=kobo("1"))], kind="project")
    key = made["id"]
    world.push([{"id": key, "external_refs": kobo("A", system="iati")}], kind="project")
    assert world.get(key, "project")["external_refs"] == [*kobo("1"), *kobo("A", system="iati")]
    renamed = [{**ref("1"), "remove": True}, ref("2")]
    [moved] = world.push([{"external_refs": renamed}], kind="project")
    assert (moved["status"], moved["id"]) == ("UPDATED", key)
    assert world.get(key, "project")["external_refs"] == [*kobo("A", system="iati"), *kobo("2")]
    [free] = world.push([item(world, "project", external_refs=kobo("1"))], kind="project")
    assert free["status"] == "CREATED"
    # Brought back, the version would have what is another's by now.
    [back] = world.restore(key, 1, kind="project")
    assert (codes([back]), back["problems"][0]["params"]) == (["REF_TAKEN"], {"id": free["id"]})
    [cleared] = world.push([{"id": key, "clear": ["external_refs"]}], kind="project")
    assert "external_refs" not in world.get(key, "project")
    assert cleared["status"] == "UPDATED"


def test_a_withdrawn_record_keeps_its_keys_and_is_reinstated_by_one(world: World) -> None:
    said = world.activity(id=None, external_refs=kobo("1"))
    [made] = world.push([said])
    world.withdraw(made["id"])
    [refused] = world.push([said])
    assert (refused["id"], problems(refused)) == (made["id"], [("WITHDRAWN", ["external_refs"])])
    assert statuses(world.reinstate(None, item={"ref": ref("1")})) == ["UPDATED"]
    assert world.get(made["id"])["withdrawn"] is False
    [nobody] = world.reinstate(None, item={"ref": ref("2")})
    assert problems(nobody) == [("UNKNOWN_REF", ["ref"])]


def test_a_retry_by_key_is_known_by_its_push(world: World) -> None:
    said = world.activity(id=None, external_refs=kobo("1"))
    push_id = new_id()
    [made] = world.push([said], push_id=push_id)
    world.push([{"external_refs": kobo("1"), "venue": "Mairie"}])
    [late] = world.push([said], push_id=push_id)
    assert (late["id"], late["status"], codes([late])) == (
        made["id"], "UNCHANGED", ["ALREADY_APPLIED"],
    )  # fmt: skip
    assert world.get(made["id"])["version"] == 2


def test_one_push_says_one_thing_of_one_key(world: World) -> None:
    said = world.activity(id=None, external_refs=kobo("1"))
    one, two = world.push([said, {**said, "venue": "Mairie"}])
    assert (one["status"], problems(two)) == ("CREATED", [("DUPLICATE_ROW", ["external_refs"])])
    assert one["id"] == two["id"]


def test_references_are_made_by_keys(world: World) -> None:
    world.push([item(world, "project", external_refs=kobo("P"))], kind="project")
    orgs = [item(world, "organisation", external_refs=kobo(key)) for key in ("O1", "O2")]
    told = world.push(orgs, kind="organisation")
    own = items.organisation()
    world.push([own], kind="organisation")
    said = world.activity(
        id=None,
        project_id=None,
        project_ref=ref("P"),
        organisation_ids=[own["id"]],
        organisation_refs=[ref("O2"), ref("O1")],
    )
    [made] = world.push([{**said, "external_refs": kobo("A")}])
    stored = world.get(made["id"])
    assert stored["organisation_ids"] == [own["id"], told[1]["id"], told[0]["id"]]
    [unknown] = world.push([{**said, "id": new_id(), "project_ref": ref("Q")}])
    assert problems(unknown) == [("UNKNOWN_PROJECT", ["project_ref"])]
    wrong = {**said, "id": new_id(), "organisation_refs": [ref("O1"), ref("O9")]}
    assert problems(world.push([wrong])[0]) == [("UNKNOWN_ORGANISATION", ["organisation_refs", 1])]
    other = {**said, "id": new_id(), "project_id": world.project_id}
    assert problems(world.push([other])[0]) == [("REF_OF_ANOTHER", ["project_ref"])]
    half = {**said, "id": new_id(), "project_ref": {"system": "kobo"}}
    assert problems(world.push([half])[0]) == [("INVALID_REF", ["project_ref"])]
    blank = {**said, "id": new_id(), "project_id": world.project_id, "project_ref": {"key": " "}}
    assert statuses(world.push([blank])) == ["CREATED"]
    abroad = {**said, "id": new_id()}
    assert problems(world.push([abroad], caller=NIGER)[0])[0] == (
        "UNKNOWN_PROJECT", ["project_ref"],
    )  # fmt: skip


def test_the_secretariat_says_the_chapter_or_means_the_one_that_has_the_key(world: World) -> None:
    said = item(world, "project", external_refs=kobo("1"))
    [mali] = world.push([said], kind="project")
    title = {"external_refs": kobo("1"), "title": {"en": "Gold"}}
    [found] = world.push([title], kind="project", caller=SECRETARIAT)
    assert (found["status"], found["id"]) == ("UPDATED", mali["id"])
    [niger] = world.push([{**said, "chapter": "NE"}], kind="project", caller=SECRETARIAT)
    assert niger["status"] == "CREATED"
    [which] = world.push([{**title, "title": {"en": "Ore"}}], kind="project", caller=SECRETARIAT)
    assert "REQUIRED" in codes([which])
    assert world.get(mali["id"], "project")["version"] == 2


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        ([{"system": "Kôbo", "key": "1"}], ("INVALID_SYSTEM", ["external_refs", 0, "system"])),
        ([{"system": "kobo"}], ("REQUIRED", ["external_refs", 0, "key"])),
        ([{"key": "1"}], ("REQUIRED", ["external_refs", 0, "system"])),
        (kobo("1", "1"), ("REPEATED_VALUE", ["external_refs", 1])),
        (kobo("a\x00b"), ("CONTROL_CHARACTER", ["external_refs", 0, "key"])),
        (kobo(*map(str, range(21))), ("TOO_MANY", ["external_refs"])),
    ],
    ids=["system", "no key", "no system", "twice", "control", "too many"],
)
def test_a_key_that_is_none_is_refused_by_its_place(
    world: World, pairs: Any, told: tuple[str, list[Any]]
) -> None:
    [refused] = world.push([world.activity(id=None, external_refs=pairs)])
    assert problems(refused) == [told]


def test_120_racing_pushes_of_new_keys_make_one_record_of_each(world: World) -> None:
    said = [world.activity(id=None, external_refs=kobo(str(key))) for key in range(3)]

    def push(_: int) -> list[str]:
        return [receipt["id"] for receipt in world.push(said)]

    with ThreadPoolExecutor(8) as clients:
        told = list(clients.map(push, range(120)))
    assert len({tuple(ids) for ids in told}) == 1
    assert world.store.records["activity"].collection.count_documents({}) == 3
    assert {each["version"] for each in map(world.get, told[0])} == {1}


def test_what_a_record_is_called_elsewhere_is_in_no_event(world: World) -> None:
    pairs = [{"system": "iati", "value": "SECRET-2"}]
    said = world.activity(id=None, external_refs=kobo("SECRET-1"), identifiers=pairs)
    [made] = world.push([said])
    world.push([{"external_refs": kobo("SECRET-1", "SECRET-3")}])
    assert world.types(made["id"]) == ["activity.recorded", "activity.corrected"]
    assert "SECRET" not in str(world.events(made["id"]))
    assert world.events(made["id"])[-1]["data"]["private_changed"] == ["external_refs"]


def test_only_those_who_may_correct_an_organisation_see_its_keys(world: World) -> None:
    pairs = [{"system": "register", "value": "77"}]
    said = item(world, "organisation", external_refs=kobo("1"), identifiers=pairs)
    [made] = world.push([said], kind="organisation")
    shown = {caller.chapter: world.get(made["id"], "organisation", caller)
             for caller in (MALI, NIGER, SECRETARIAT)}  # fmt: skip
    assert [shown[c].get("external_refs") for c in ("ML", None, "NE")] == [
        kobo("1"), kobo("1"), None,
    ]  # fmt: skip
    assert shown["NE"]["identifiers"] == pairs
