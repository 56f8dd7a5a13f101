"""Records against a real database: every kind by the same path, one effect per push."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo.database import Database

from services.activities.handlers import reading
from services.activities.handlers.changes import changes
from services.activities.store import ActivityStore
from shared.errors import NotFound, Refused
from shared.ids import new_id
from tests.integration.services.activities.activities_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    World,
    codes,
    concern,
    organisation,
    present,
    problems,
    project,
    statuses,
)


@pytest.fixture
def world(db: Database[dict[str, Any]]) -> World:
    store = ActivityStore(db)
    store.ensure_indexes()
    return World(store)


def test_of_500_with_3_wrong_497_are_in_and_3_receipts_say_why(world: World) -> None:
    items = [world.activity() for _ in range(500)]
    items[7]["type"] = "picnic"
    items[99]["ends_on"] = "2021-09-01"
    items[400]["sessions"] = [
        {"id": new_id(), "on": "2021-09-06"},
        {"id": new_id(), "on": "2020-01-01"},
    ]

    receipts = world.push(items)

    assert statuses(receipts).count("CREATED") == 497
    assert problems(receipts[7]) == [("UNKNOWN_CODE", ["type"])]
    assert problems(receipts[99]) == [("END_BEFORE_START", ["ends_on"])]
    assert problems(receipts[400]) == [("SESSION_OUTSIDE_ACTIVITY", ["sessions", 1, "on"])]
    assert world.store.db["activities"].count_documents({}) == 497
    assert world.types().count("activity.recorded") == 497
    assert world.store.sheets.count_documents({}) == 497


def test_all_or_nothing_stores_none_if_one_is_wrong(world: World) -> None:
    good, bad = world.activity(), world.activity(place="Nampala")

    receipts = world.push([good, bad], mode="all_or_nothing")

    assert statuses(receipts) == ["REJECTED", "REJECTED"]
    assert codes(receipts) == ["ALL_OR_NOTHING", "UNKNOWN_PLACE"]
    assert world.store.db["activities"].count_documents({}) == 0
    assert world.store.sheets.count_documents({}) == 0


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
    items = [world.activity(sessions=[{"id": new_id(), "on": "2021-09-06"}]) for _ in range(20)]
    ready = threading.Barrier(4)

    def send(_: int) -> list[str]:
        ready.wait(timeout=10)
        return statuses(world.push(items))

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))

    assert sorted(answers) == [["CREATED"] * 20] + [["UNCHANGED"] * 20] * 3
    assert world.types().count("activity.recorded") == 20
    assert world.store.sheets.count_documents({}) == 20


def test_a_late_repeat_of_a_corrected_push_changes_nothing(world: World) -> None:
    first = world.activity()
    world.push([first])
    world.push([{"id": first["id"], "title": {"fr": "Corrigé"}}])

    late = world.push([first])

    assert statuses(late) == ["UNCHANGED"]
    assert codes(late) == ["SUPERSEDED"]
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


def test_what_is_left_open_follows_from_the_rest(world: World) -> None:
    past, coming = world.activity(), world.activity(starts_on="2199-01-01")
    del past["ends_on"], coming["ends_on"]
    assert statuses(world.push([past, coming])) == ["CREATED", "CREATED"]
    assert (world.get(past["id"])["status"], world.get(past["id"])["ends_on"]) == (
        "held",
        "2021-09-06",
    )
    assert world.get(coming["id"])["status"] == "planned"
    assert world.get(past["id"])["sessions"] == [{"id": past["id"], "on": "2021-09-06"}]


def test_a_status_moves_forward_only(world: World) -> None:
    identifier = world.held(status="reported")
    assert statuses(world.push([{"id": identifier, "status": "validated"}])) == ["UPDATED"]
    back = world.push([{"id": identifier, "status": "held"}])
    assert problems(back[0]) == [("BAD_TRANSITION", ["status"])]
    assert back[0]["problems"][0]["params"] == {"before": "validated", "after": "held"}


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


def test_references_must_exist_be_ones_own_and_not_withdrawn(world: World) -> None:
    nobodys, gone, theirs = new_id(), organisation(), project()
    world.push([gone], kind="organisation")
    world.withdraw(gone["id"], kind="organisation")
    world.push([theirs], kind="project", caller=NIGER)

    receipts = world.push(
        [
            world.activity(project_id=nobodys),
            world.activity(organisation_ids=[nobodys, gone["id"]]),
            world.activity(project_id=theirs["id"]),
        ]
    )
    orphan = world.push([concern(activity_id=nobodys)], kind="concern")

    assert problems(receipts[0]) == [("UNKNOWN_PROJECT", ["project_id"])]
    assert problems(receipts[1]) == [
        ("UNKNOWN_ORGANISATION", ["organisation_ids", 0]),
        ("WITHDRAWN", ["organisation_ids", 1]),
    ]
    assert problems(receipts[2]) == [("UNKNOWN_PROJECT", ["project_id"])]
    assert problems(orphan[0]) == [("UNKNOWN_ACTIVITY", ["activity_id"])]


def test_an_organisation_is_registered_once_and_shared_by_all_chapters(world: World) -> None:
    gppac = organisation(identifier="XI-1")
    assert statuses(world.push([gppac], kind="organisation")) == ["CREATED"]

    again = [organisation(identifier="XI-1"), *(organisation(identifier="XI-2") for _ in "ab")]
    doubled = world.push(again, kind="organisation", caller=NIGER)

    assert statuses(doubled) == ["REJECTED", "CREATED", "REJECTED"]
    assert problems(doubled[0]) == [("IDENTIFIER_TAKEN", ["identifier"])]
    shared = project(funder_ids=[gppac["id"]])
    assert statuses(world.push([shared], kind="project", caller=NIGER)) == ["CREATED"]
    assert world.get(gppac["id"], "organisation", NIGER)["name"] == "GPPAC"
    edit = world.push([{"id": gppac["id"], "name": "x"}], kind="organisation", caller=NIGER)
    assert codes(edit) == ["ID_TAKEN"]


def test_two_organisations_of_one_identifier_at_once_become_one(world: World) -> None:
    ready = threading.Barrier(2)

    def send(_: int) -> list[str]:
        ready.wait(timeout=10)
        return statuses(world.push([organisation(identifier="XI-9")], kind="organisation"))

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, range(2))) == [["CREATED"], ["REJECTED"]]


def test_a_session_belongs_to_one_activity(world: World) -> None:
    session = {"id": new_id(), "on": "2021-09-06"}
    identifier = world.held(sessions=[session])

    stolen = world.push([world.activity(sessions=[session])])
    twins = [world.activity(sessions=[{"id": new_id(), "on": "2021-09-06"}])]
    twins.append(world.activity(sessions=twins[0]["sessions"]))
    clash = world.push([world.activity(id=session["id"])])

    assert problems(stolen[0]) == [("ID_TAKEN", ["sessions", 0, "id"])]
    assert statuses(world.push(twins)) == ["CREATED", "REJECTED"]
    assert problems(clash[0]) == [("ID_TAKEN", ["id"])]
    assert world.sheet(session["id"])["sheet"]["activity_id"] == identifier


def test_a_session_with_attendance_cannot_be_dropped(world: World) -> None:
    kept, empty = ({"id": new_id(), "on": "2021-09-06"} for _ in range(2))
    identifier = world.held(sessions=[kept, empty])
    person = new_id()
    world.record({"session_id": kept["id"], "rows": present(person)})

    refused = world.push([{"id": identifier, "sessions": [empty]}])
    assert problems(refused[0]) == [("SESSION_HAS_ATTENDANCE", ["sessions"])]

    assert statuses(world.push([{"id": identifier, "sessions": [kept]}])) == ["UPDATED"]
    gone = world.record({"session_id": empty["id"], "rows": present(person)})
    assert codes(gone) == ["UNKNOWN_SESSION"]

    # Once nobody is on the sheet any more, the session may go.
    row = {"participant_id": person, "status": "removed"}
    world.record({"session_id": kept["id"], "rows": [row]})
    assert statuses(world.push([{"id": identifier, "clear": ["sessions"]}])) == ["UPDATED"]
    assert statuses(world.record({"session_id": identifier, "rows": present(person)})) == [
        "CREATED"
    ]


def test_no_free_text_is_in_an_event(world: World) -> None:
    secret = "nobody but the chapter reads this"
    recommendation = {"id": new_id(), "text": secret, "addressee": secret, "follow_up": secret}
    identifier = world.held(
        type="policy_dialogue",
        description=secret,
        venue=secret,
        sessions=[{"id": new_id(), "on": "2021-09-06", "title": secret}],
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

    assert reading.get_many(asked, world.store) == {"items": []}
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
        found: list[str] = []
        cursor = None
        while True:
            page = reading.list_page(
                {
                    "caller": caller.to_dict(),
                    "kind": "activity",
                    "filter": filters,
                    "first": 2,
                    "after": cursor,
                },
                world.store,
            )
            found += [item["id"] for item in page["items"]]
            if (cursor := page["next"]) is None:
                return found

    newest_first = [made[3], *sorted(made[1:3], reverse=True), made[0]]
    assert listed() == newest_first
    assert listed(SECRETARIAT) == newest_first
    assert listed(SECRETARIAT, chapters=["NE"]) == []
    assert listed(**{"from": "2021-07-01", "to": "2021-12-31"}) == newest_first[1:3]
    assert listed(places=["ML.06"]) == newest_first
    assert listed(places=["ML.05"]) == []
    assert listed(withdrawn=True) == [other]
    assert listed(types=["media_intervention"]) == []
    assert listed(text="formaTION", statuses=["held"]) == newest_first


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
    rest = log(first=2, after=first["next"])
    assert rest["items"] == steps[2:]
    assert rest["next"] is None


def test_what_has_happened_does_not_lie_ahead(world: World) -> None:
    ahead = {"starts_on": "2199-01-01", "ends_on": "2199-01-02"}
    held = world.push([world.activity(**ahead, status="held")])
    planned = world.activity(**ahead, status="planned")

    assert codes(held) == ["IN_FUTURE"]
    assert held[0]["problems"][0]["path"] == ["starts_on"]
    assert statuses(world.push([planned])) == ["CREATED"]
    assert codes(world.push([{"id": planned["id"], "status": "held"}])) == ["IN_FUTURE"]
    assert codes(world.push([concern(raised_on="2199-01-01")], kind="concern")) == ["IN_FUTURE"]
