"""Places that chapters add: what is said of them, what records may name, and what is the same."""

from __future__ import annotations

from typing import Any

import pytest

from services.activities.handlers import places as handler
from services.activities.handlers import reading
from shared.caller import Caller
from shared.codes.places import pushed_id
from shared.errors import Forbidden
from shared.ids import new_id
from tests.integration.services.activities.activities_world import (
    MALI,
    NIGER,
    World,
    codes,
    problems,
    statuses,
)
from tests.world.items import concern, place, project, session

YAN, KADIOLO = "ML.SIK.YAN", "ML.SIK.KAD"
PARTNER = Caller("partner", None, "key-p")


def added(world: World, **said: Any) -> str:
    """The id by which records name a new place."""
    item = place(**said)
    assert statuses(world.push([item], kind="place")) == ["CREATED"]
    return pushed_id(item["parent"], item["id"])


def own(place_id: str) -> str:
    return place_id.partition(".~")[2]


def listed(world: World, kind: str, **wanted: Any) -> set[str]:
    asked = {"caller": MALI.to_dict(), "kind": kind, "filter": wanted, "first": 50}
    return {each["id"] for each in reading.list_page(asked, world.store)["items"]}


def found(world: World, text: str, caller: Caller = MALI, **asked: Any) -> list[str]:
    request = {"caller": caller.to_dict(), "text": text, **asked}
    items: list[str] = handler.find(request, world.store)["items"]
    return items


def test_a_mining_site_just_added_is_where_things_happen(world: World) -> None:
    site = added(world)
    training = world.activity(place=site, sessions=[session(place=site)])
    raised = concern(place=site)
    assert statuses(world.push([training])) == ["CREATED"]
    assert statuses(world.push([raised], kind="concern")) == ["CREATED"]
    [event] = world.events(training["id"])
    assert (event["data"]["place"], event["data"]["sessions"][0]["place"]) == (site, site)
    [told] = world.events(own(site))
    assert told["type"] == "org.foscao.place.recorded.v1"
    assert told["data"]["parent"] == YAN


@pytest.mark.parametrize(
    ("unit", "day", "holds"),
    [
        (YAN, "2021-09-06", True),
        ("ML.SIK", "2021-09-06", True),
        ("ML.SIK", "2024-09-06", False),
        ("ML.BOU", "2024-09-06", True),
        ("ML.BOU", "2021-09-06", False),
        ("ML.06", "2021-09-06", True),
        ("ML", "2024-09-06", True),
        (KADIOLO, "2021-09-06", False),
        ("GN", "2021-09-06", False),
    ],
)
def test_what_happened_there_lies_in_the_units_of_the_day(
    world: World, unit: str, day: str, holds: bool
) -> None:
    training = world.activity(place=added(world), starts_on=day, ends_on=day)
    assert statuses(world.push([training])) == ["CREATED"]
    assert (training["id"] in listed(world, "activity", places=[unit])) is holds


def test_a_place_right_below_a_region_that_was_split_stays_in_it(world: World) -> None:
    site = added(world, parent="ML.SIK")
    training = world.activity(place=site, starts_on="2024-09-06", ends_on="2024-09-06")
    world.push([training])
    assert listed(world, "activity", places=["ML.SIK"]) == {training["id"]}
    assert listed(world, "activity", places=["ML.BOU"]) == set()


def test_a_place_that_nobody_added_is_refused_wherever_it_is_named(world: World) -> None:
    nobodys, site = pushed_id(YAN, new_id()), added(world)
    elsewhere = pushed_id(KADIOLO, own(site))
    receipts = world.push(
        [
            world.activity(place=nobodys),
            world.activity(place=elsewhere),
            world.activity(sessions=[session(place=nobodys)]),
            world.activity(place="ML.SIK.YAN.KALANA.~" + new_id()),
        ]
    )
    assert [problems(each) for each in receipts] == [
        [("UNKNOWN_PLACE", ["place"])],
        [("UNKNOWN_PLACE", ["place"])],
        [("UNKNOWN_PLACE", ["sessions", 0, "place"])],
        [("UNKNOWN_PLACE", ["place"])],
    ]
    [receipt] = world.push([project(places=["ML", nobodys])], kind="project")
    assert problems(receipt) == [("UNKNOWN_PLACE", ["places", 1])]


def test_a_withdrawn_place_is_kept_by_records_and_named_by_no_new_one(world: World) -> None:
    site = added(world)
    training = world.activity(place=site)
    world.push([training])
    world.withdraw(own(site), kind="place")
    assert statuses(world.push([{**training, "venue": "the school"}])) == ["UPDATED"]
    assert codes(world.push([world.activity(place=site)])) == ["WITHDRAWN"]
    assert found(world, "fodjele") == []
    world.reinstate(own(site), kind="place")
    assert statuses(world.push([world.activity(place=site)])) == ["CREATED"]


def test_every_chapter_may_name_a_place_and_one_corrects_it(world: World) -> None:
    site = added(world)
    world.push([project(places=[site])], kind="project", caller=NIGER)
    theirs = project(places=[site])
    assert statuses(world.push([theirs], kind="project", caller=NIGER)) == ["CREATED"]
    edit = world.push([{"id": own(site), "name": "x"}], kind="place", caller=NIGER)
    assert codes(edit) == ["ID_TAKEN"]
    assert found(world, "fodjele", NIGER) == [site]
    with pytest.raises(Forbidden):
        found(world, "fodjele", PARTNER)


def test_a_new_name_leaves_the_old_one_and_both_find_the_place(world: World) -> None:
    site = added(world, names={"en": "Fodjele mine"})
    world.push([{"id": own(site), "name": "Fodié"}], kind="place")
    assert world.get(own(site), "place")["aliases"] == ["Fodjélé"]
    for text in ("FODJELE", "fodie", "mine", "fodjele mi"):
        assert found(world, text) == [site], text
    assert found(world, "odie") == []
    world.push([{"id": own(site), "name": "Fodjélé"}], kind="place")
    assert world.get(own(site), "place")["aliases"] == ["Fodié"]
    world.push([{"id": own(site), "name": "Foro", "aliases": ["F."]}], kind="place")
    assert world.get(own(site), "place")["aliases"] == ["F."]
    world.restore(own(site), 1, kind="place")
    restored = world.get(own(site), "place")
    assert (restored["name"], restored.get("aliases")) == ("Fodjélé", None)


def test_a_search_is_narrowed_by_unit_and_kind(world: World) -> None:
    site, town = added(world), added(world, kind="locality", parent=KADIOLO, name="Fodjélé")
    assert found(world, "fodjele") == sorted([site, town], key=own)
    assert found(world, "fodjele", within=["ML.BOU"]) == [site]
    assert found(world, "fodjele", within=["ML.SIK"]) == [town]
    assert set(found(world, "fodjele", within=["ML.SIK"], on="2021-09-06")) == {site, town}
    assert found(world, "fodjele", kinds=["mining_site"]) == [site]
    assert listed(world, "place", kinds=["locality"]) == {own(town)}
    assert listed(world, "place", places=["ML.BOU"]) == {own(site)}


def test_a_like_name_in_the_same_unit_is_stored_with_a_remark(world: World) -> None:
    first = added(world)
    [again] = world.push([place(name="Fodjele")], kind="place")
    assert (again["status"], codes([again])) == ("CREATED", ["PLACE_OF_LIKE_NAME"])
    assert again["problems"][0]["params"]["ids"] == [first]
    [known] = world.push([place(name="KALANA")], kind="place")
    assert known["problems"][0]["params"]["ids"] == ["ML.SIK.YAN.KALANA"]
    twice = world.push([place(name="Bérékodougou"), place(name="Berekodugu")], kind="place")
    assert codes(twice) == ["PLACE_OF_LIKE_NAME"] * 2
    assert codes(world.push([place(parent=KADIOLO)], kind="place")) == []
    assert codes(world.push([{"id": own(first), "lat": 10.8, "lon": -8.2}], kind="place")) == []


def test_two_that_are_one_are_found_as_one_and_parted_again(world: World) -> None:
    winner, loser = added(world), added(world, name="Fodie")
    at_winner, at_loser = world.activity(place=winner), world.activity(place=loser)
    world.push([at_winner, at_loser])

    merged = world.push([{"id": own(loser), "same_as": winner}], kind="place")
    assert statuses(merged) == ["UPDATED"]
    both = {at_winner["id"], at_loser["id"]}
    assert listed(world, "activity", places=[winner]) == both
    assert listed(world, "activity", places=[loser]) == both
    assert found(world, "fodie") == [winner]
    assert statuses(world.push([world.activity(place=loser)])) == ["CREATED"]

    parted = world.push([{"id": own(loser), "clear": ["same_as"]}], kind="place")
    assert statuses(parted) == ["UPDATED"]
    assert listed(world, "activity", places=[winner]) == {at_winner["id"]}
    assert found(world, "fodie") == [loser]


def test_one_of_the_gazetteer_may_be_the_same_and_one_of_another_unit_may_not(
    world: World,
) -> None:
    site, other = added(world), added(world, parent=KADIOLO)
    receipts = [
        world.push([{"id": own(site), "same_as": same}], kind="place")[0]
        for same in ("ML.SIK.YAN.KALANA", other, site, pushed_id(YAN, new_id()), YAN)
    ]
    assert [problems(each) for each in receipts] == [
        [],
        [("OTHER_UNIT", ["same_as"])],
        [("SAME_AS_ITSELF", ["same_as"])],
        [("UNKNOWN_PLACE", ["same_as"])],
        [("OTHER_UNIT", ["same_as"])],
    ]
    at_kalana, at_site = world.activity(), world.activity(place=site)
    world.push([at_kalana, at_site])
    here = listed(world, "activity", places=["ML.SIK.YAN.KALANA"])
    assert here == {at_kalana["id"], at_site["id"]}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"parent": "ML.SIK.YAN.KALANA"}, [("NOT_A_UNIT", ["parent"])]),
        ({"parent": "Yanfolila"}, [("UNKNOWN_PLACE", ["parent"])]),
        ({"parent": None}, [("REQUIRED", ["parent"])]),
        ({"lat": 10.8}, [("COORDINATES_INCOMPLETE", ["lon"])]),
        ({"lat": 91, "lon": 0}, [("OUT_OF_RANGE", ["lat"])]),
        ({"kind": "mine"}, [("UNKNOWN_CODE", ["kind"])]),
        (
            {"began_on": "2021-01-01", "ended_on": "2021-01-01"},
            [("END_BEFORE_START", ["ended_on"])],
        ),
    ],
)
def test_what_is_wrong_with_a_place_is_told(
    world: World, said: dict[str, Any], told: list[Any]
) -> None:
    [receipt] = world.push([place(**said)], kind="place")
    assert (receipt["status"], problems(receipt)) == ("REJECTED", told)


def test_coordinates_the_wrong_way_round_are_remarked_and_a_place_stays_in_its_unit(
    world: World,
) -> None:
    [receipt] = world.push([place(lat=-8.2, lon=10.8)], kind="place")
    assert (receipt["status"], codes([receipt])) == ("CREATED", ["OUTSIDE_COUNTRY"])
    assert codes(world.push([place(name="Foro", lat=10.8, lon=-8.2)], kind="place")) == []
    moved = world.push([{"id": receipt["id"], "parent": KADIOLO}], kind="place")
    assert codes(moved) == ["PLACE_STAYS"]
    same = world.push([{"id": receipt["id"], "parent": "ML.06.YAN"}], kind="place")
    assert statuses(same) == ["UNCHANGED"]
