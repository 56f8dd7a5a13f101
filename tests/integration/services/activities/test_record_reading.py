"""Who sees which records: lists, filters, the change log, and what no event carries."""

from __future__ import annotations

from typing import Any

import pytest

from services.activities.handlers import reading
from services.activities.handlers.changes import changes
from shared.errors import NotFound, Refused
from shared.ids import new_id
from tests.integration.services.activities.activities_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    World,
    codes,
)
from tests.walking import walk
from tests.world.items import concern, present, project, session

DAYS = ("2021-06-14", "2024-06-14")
"""On the first Yanfolila is in the region of Sikasso, on the second in that of Bougouni."""


def test_no_free_text_is_in_an_event(world: World) -> None:
    secret = "nobody but the chapter reads this"
    recommendation = {"id": new_id(), "text": secret, "addressee": secret, "follow_up": secret}
    identifier = world.held(
        type="policy_dialogue",
        description=secret,
        venue=secret,
        sessions=[session(title=secret)],
        evaluation={"findings": secret, "lessons": secret},
        dialogue={"recommendations": [recommendation]},
    )
    world.push([concern(activity_id=identifier, text=secret)], kind="concern")
    world.push([project(description={"en": secret})], kind="project")

    for row in world.store.outbox.collection.find():
        assert secret.encode() not in row["body"]
    dialogue = world.events(identifier)[0]["data"]["dialogue"]
    assert dialogue == {"recommendations": [{"id": recommendation["id"], "status": "open"}]}
    assert world.get(identifier)["dialogue"]["recommendations"][0]["text"] == secret


def test_another_chapter_neither_sees_nor_touches(world: World) -> None:
    identifier = world.held()
    asked = {"caller": NIGER.to_dict(), "ids": [identifier], "kind": "activity"}

    assert reading.get_many(asked, world.store) == {"items": [], "damaged": []}
    assert reading.list_page({**asked, "filter": {}}, world.store)["items"] == []
    with pytest.raises(NotFound):
        changes({**asked, "id": identifier}, world.store)
    with pytest.raises(NotFound):
        world.sheet(identifier, NIGER)
    assert codes(world.push([world.activity(id=identifier)], caller=NIGER)) == ["ID_TAKEN"]
    assert codes(world.withdraw(identifier, caller=NIGER)) == ["NOT_FOUND"]
    row = {"session_id": identifier, "rows": present(new_id())}
    assert codes(world.record(row, caller=NIGER)) == ["UNKNOWN_SESSION"]
    assert world.types(identifier) == ["activity.recorded"]


def test_lists_filter_and_page_in_the_order_of_days(world: World) -> None:
    days = ["2021-06-01", "2021-08-01", "2021-08-01", "2022-01-01"]
    made = [world.held(starts_on=day, ends_on=day) for day in days]
    other = world.held(type="media_intervention", place="ML", starts_on="2020-01-01")
    world.withdraw(other)

    def listed(caller: Any = MALI, **filters: Any) -> list[str]:
        asked = {"caller": caller.to_dict(), "kind": "activity", "filter": filters}
        found = walk(lambda **page: reading.list_page({**asked, **page}, world.store), 2)
        return [item["id"] for item in found]

    newest_first = [made[3], *sorted(made[1:3], reverse=True), made[0]]
    assert listed() == newest_first
    assert listed(SECRETARIAT) == newest_first
    assert listed(SECRETARIAT, chapters=["NE"]) == []
    assert listed(**{"from": "2021-07-01", "to": "2021-12-31"}) == newest_first[1:3]
    assert listed(places=["ML.SIK"]) == newest_first
    assert listed(places=["ML.SEG"]) == []
    assert listed(withdrawn=True) == [other]
    assert listed(types=["media_intervention"]) == []
    assert listed(types=None, text=" ", **{"from": ""}) == newest_first
    for name in ("ids", "chapters", "project_ids", "activity_ids", "types", "statuses", "places"):
        assert listed(SECRETARIAT, **{name: []}) == [], name
    assert listed(text="formaTION", statuses=["held"]) == newest_first
    spoken = {"other": [{"language": "bm", "text": "Sanu (boli) kalan"}]}
    world.push([{"id": made[0], "title": spoken}])
    assert listed(text="sanu (BOLI)") == [made[0]]


def test_a_list_by_place_knows_the_region_of_the_day_and_what_was_stored_under_an_old_id(
    world: World,
) -> None:
    kalana = "ML.SIK.YAN.KALANA"
    then, now = (world.held(starts_on=day, ends_on=day, place=kalana) for day in DAYS)
    old = world.held(starts_on=DAYS[0], ends_on=DAYS[0], place="ML.06.KAD")
    records = world.store.records["activity"].collection
    assert world.get(old)["place"] == "ML.SIK.KAD"
    records.update_one({"_id": old}, {"$set": {"content.place": "ML.06.KAD"}})

    def listed(*places: str) -> set[str]:
        asked = {"caller": MALI.to_dict(), "kind": "activity", "filter": {"places": [*places]}}
        return {item["id"] for item in reading.list_page(asked, world.store)["items"]}

    assert listed("ML.SIK") == listed("ML.06") == {then, old}
    assert listed("ML.BOU") == {now}
    assert listed("ML") == listed("ML.SIK", "ML.BOU") == {then, now, old}
    assert listed("ML.SIK.YAN") == {then, now}
    assert listed("ML.SIK.KAD") == {old}


def test_a_project_is_listed_by_each_of_its_places(world: World) -> None:
    one = project(places=["ML.GAO", "ML.SIK.YAN"], starts_on=DAYS[0])
    world.push([one], kind="project")

    def listed(place: str) -> list[str]:
        asked = {"caller": MALI.to_dict(), "kind": "project", "filter": {"places": [place]}}
        return [item["id"] for item in reading.list_page(asked, world.store)["items"]]

    assert listed("ML.GAO") == listed("ML.SIK") == listed("ML") == [one["id"]]
    assert listed("ML.MOP") == listed("ML.BOU") == listed("GN") == []


@pytest.mark.parametrize(
    ("kind", "wrong", "code", "at"),
    [
        ("activity", {"colour": "green"}, "UNKNOWN_FIELD", ["colour"]),
        ("activity", {"from": "2021-13-40"}, "INVALID_DATE", ["from"]),
        ("activity", {"from": "2022-01-01", "to": "2021-12-31"}, "END_BEFORE_START", ["to"]),
        ("activity", {"types": ["policy_dialogue", "parade"]}, "UNKNOWN_CODE", ["types", 1]),
        ("activity", {"places": ["Nampala"]}, "UNKNOWN_PLACE", ["places", 0]),
        ("activity", {"project_ids": ["none"]}, "INVALID_ID", ["project_ids", 0]),
        ("activity", {"statuses": ["verified"]}, "UNKNOWN_CODE", ["statuses", 0]),
        ("concern", {"statuses": ["held"]}, "UNKNOWN_CODE", ["statuses", 0]),
        ("concern", {"severity_from": 9}, "OUT_OF_RANGE", ["severity_from"]),
    ],
)
def test_a_filter_that_names_nothing_is_refused_not_answered_by_an_empty_list(
    world: World, kind: str, wrong: dict[str, Any], code: str, at: list[Any]
) -> None:
    with pytest.raises(Refused) as caught:
        reading.list_page({"caller": MALI.to_dict(), "kind": kind, "filter": wrong}, world.store)
    assert (caught.value.code, caught.value.params["path"]) == (code, ["filter", *at])


def test_concerns_are_found_by_status_and_by_their_words(world: World) -> None:
    dust, noise = (concern(text=text) for text in ("Dust on the wells", "Noise at night"))
    world.push([dust, {**noise, "status": "verified"}], kind="concern")

    def listed(**filters: Any) -> list[str]:
        asked = {"caller": MALI.to_dict(), "kind": "concern", "filter": filters}
        return [item["id"] for item in reading.list_page(asked, world.store)["items"]]

    assert listed(text="dust") == [dust["id"]]
    assert listed(statuses=["verified"]) == [noise["id"]]
    assert set(listed(severity_from=1, withdrawn=False)) == {dust["id"], noise["id"]}


def test_the_change_log_tells_each_step_and_what_it_changed(world: World) -> None:
    identifier = world.held(announced={"total": 40})
    world.push([{"id": identifier, "announced": {"total": 38}, "description": "seen"}])
    world.withdraw(identifier)

    def log(**page: Any) -> dict[str, Any]:
        return changes({"caller": MALI.to_dict(), "id": identifier, **page}, world.store)

    steps = log()["items"]
    assert [(s["version"], s["kind"], s["actor"]) for s in steps] == [
        (1, "recorded", "key-ml"),
        (2, "corrected", "key-ml"),
        (3, "withdrawn", "key-ml"),
    ]
    assert steps[0]["changed"]["announced"] == {"before": None, "after": {"total": 40}}
    assert steps[1]["changed"] == {"announced": {"before": {"total": 40}, "after": {"total": 38}}}
    assert steps[1]["private_changed"] == ["description"]
    assert steps[2]["changed"] == {"withdrawn": {"before": False, "after": True}}
    assert steps[2]["reason"] == "pushed by mistake"

    first = log(first=2)
    assert [step["version"] for step in first["items"]] == [1, 2]
    rest = log(first=2, after=first["cursors"][-1])
    assert rest["items"] == steps[2:]
    assert not rest["has_next"]
