"""Records against a real database: every kind by the same path, one effect per push."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.errors import Refused
from shared.ids import new_id
from tests.integration.services.activities.activities_world import World, codes, problems, statuses
from tests.world.items import concern, organisation, present, project, session


def test_of_500_with_3_wrong_497_are_in_and_3_receipts_say_why(world: World) -> None:
    items = [world.activity() for _ in range(500)]
    items[7]["type"] = "picnic"
    items[99]["ends_on"] = "2021-09-01"
    items[400]["sessions"] = [
        session(),
        session(on="2020-01-01"),
    ]

    receipts = world.push(items)

    assert statuses(receipts).count("CREATED") == 497
    assert problems(receipts[7]) == [("UNKNOWN_CODE", ["type"])]
    assert problems(receipts[99]) == [("END_BEFORE_START", ["ends_on"])]
    assert problems(receipts[400]) == [("SESSION_OUTSIDE_ACTIVITY", ["sessions", 1, "on"])]
    assert world.store.db["activities"].count_documents({}) == 497
    assert world.types().count("activity.recorded") == 497
    assert world.store.sheets.collection.count_documents({}) == 497


def test_all_or_nothing_stores_none_if_one_is_wrong(world: World) -> None:
    good, bad = world.activity(), world.activity(place="Nampala")

    receipts = world.push([good, bad], mode="all_or_nothing")

    assert statuses(receipts) == ["REJECTED", "REJECTED"]
    assert codes(receipts) == ["ALL_OR_NOTHING", "UNKNOWN_PLACE"]
    assert world.store.db["activities"].count_documents({}) == 0
    assert world.store.sheets.collection.count_documents({}) == 0


def test_a_dry_run_tells_and_writes_nothing(world: World) -> None:
    before = world.types()
    assert statuses(world.push([world.activity()], dry_run=True)) == ["CREATED"]
    assert world.store.db["activities"].count_documents({}) == 0
    assert world.types() == before


def test_a_501st_item_is_refused_and_nothing_is_stored(world: World) -> None:
    with pytest.raises(Refused) as caught:
        world.push([world.activity() for _ in range(501)])
    assert caught.value.code == "TOO_MANY_ITEMS"
    assert world.store.db["activities"].count_documents({}) == 0


def test_the_same_push_twice_at_once_has_one_effect(world: World) -> None:
    items = [world.activity(sessions=[session()]) for _ in range(20)]
    ready = threading.Barrier(4)

    def send(_: int) -> list[str]:
        ready.wait(timeout=10)
        return statuses(world.push(items))

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))

    assert sorted(answers) == [["CREATED"] * 20] + [["UNCHANGED"] * 20] * 3
    assert world.types().count("activity.recorded") == 20
    assert world.store.sheets.collection.count_documents({}) == 20


def test_a_late_repeat_of_a_corrected_push_changes_nothing(world: World) -> None:
    first, push_id = world.activity(), new_id()
    world.push([first], push_id=push_id)
    world.push([{"id": first["id"], "title": {"fr": "Corrigé"}}])

    late = world.push([first], push_id=push_id)

    assert statuses(late) == ["UNCHANGED"]
    assert codes(late) == ["ALREADY_APPLIED"]
    assert world.get(first["id"])["title"] == {"fr": "Corrigé"}
    assert world.types(first["id"]) == ["activity.recorded", "activity.corrected"]


def test_a_blank_never_overwrites_and_clear_does(world: World) -> None:
    made = world.activity(venue="Mairie", ecpf=["early_warning"])
    world.push([made])

    blank = {**made, "venue": "", "ecpf": None, "title": {"fr": "Neuf"}}
    assert statuses(world.push([blank])) == ["UPDATED"]
    stored = world.get(made["id"])
    assert (stored["venue"], stored["ecpf"]) == ("Mairie", ["early_warning"])

    assert statuses(world.push([{"id": made["id"], "clear": ["venue"]}])) == ["UPDATED"]
    assert "venue" not in world.get(made["id"])


def test_an_activity_without_sessions_is_one_itself(world: World) -> None:
    past = world.held()
    assert world.get(past)["sessions"] == [{"id": past, "on": "2021-09-06"}]


def test_what_was_validated_is_reopened_before_it_is_changed(world: World) -> None:
    identifier = world.held(status="reported")
    assert statuses(world.push([{"id": identifier, "status": "validated"}])) == ["UPDATED"]
    back = world.push([{"id": identifier, "status": "held"}])
    assert problems(back[0]) == [("BAD_TRANSITION", ["status"])]
    assert back[0]["problems"][0]["params"] == {
        "before": "validated",
        "after": "held",
        "possible": ("validated", "reported"),
    }
    for state in ("reported", "held"):
        assert statuses(world.push([{"id": identifier, "status": state}])) == ["UPDATED"]


def test_withdrawal_is_an_event_of_its_own_and_can_be_undone(world: World) -> None:
    identifier = world.held()

    assert statuses(world.withdraw(identifier)) == ["UPDATED"]
    assert statuses(world.withdraw(identifier)) == ["UNCHANGED"]
    refused = world.push([{"id": identifier, "venue": "x"}])
    assert codes(refused) == ["WITHDRAWN"]
    assert codes(world.record({"session_id": identifier, "rows": present(new_id())})) == [
        "WITHDRAWN"
    ]

    assert statuses(world.reinstate(identifier)) == ["UPDATED"]
    assert statuses(world.record({"session_id": identifier, "rows": present(new_id())})) == [
        "CREATED"
    ]
    assert world.types(identifier) == [
        "activity.recorded",
        "activity.withdrawn",
        "activity.reinstated",
        "attendance.recorded",
    ]
    assert [e["data"]["withdrawn"] for e in world.events(identifier)[:3]] == [False, True, False]


@pytest.mark.parametrize(
    ("kind", "make"),
    [("project", project), ("organisation", organisation), ("concern", concern)],
)
def test_every_kind_is_recorded_corrected_withdrawn_and_reinstated(
    world: World, kind: str, make: Any
) -> None:
    item = make()
    corrections: dict[str, dict[str, Any]] = {
        "project": {"ends_on": "2022-12-31"},
        "organisation": {"acronym": "G"},
        "concern": {"severity": 5},
    }
    correction = corrections[kind]
    assert statuses(world.push([item], kind=kind)) == ["CREATED"]
    assert statuses(world.push([{"id": item["id"], **correction}], kind=kind)) == ["UPDATED"]
    assert statuses(world.withdraw(item["id"], kind=kind)) == ["UPDATED"]
    assert statuses(world.reinstate(item["id"], kind=kind)) == ["UPDATED"]
    assert world.types(item["id"]) == [
        f"{kind}.{past}" for past in ("recorded", "corrected", "withdrawn", "reinstated")
    ]
    assert [event["sequence"] for event in world.events(item["id"])] == [1, 2, 3, 4]


def test_what_has_happened_does_not_lie_ahead(world: World) -> None:
    ahead = {"starts_on": "2199-01-01", "ends_on": "2199-01-02"}
    held = world.push([world.activity(**ahead, status="held")])
    planned = world.activity(**ahead, status="planned")

    assert codes(held) == ["IN_FUTURE"]
    assert held[0]["problems"][0]["path"] == ["starts_on"]
    assert statuses(world.push([planned])) == ["CREATED"]
    assert codes(world.push([{"id": planned["id"], "status": "held"}])) == ["IN_FUTURE"]
    assert codes(world.push([concern(raised_on="2199-01-01")], kind="concern")) == ["IN_FUTURE"]
