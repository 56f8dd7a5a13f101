"""Leaders propose people for an activity or a project; one decides, and says why."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import nominations, people
from services.participants.store import ParticipantStore
from shared.ids import new_id
from tests.integration.services.participants.participants_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    emitted,
    opened,
    problems,
    push,
    statuses,
    types,
)
from tests.world.items import nomination, person

Item = dict[str, Any]


@pytest.fixture
def store(db: Database[Item], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


@pytest.fixture
def awa(store: ParticipantStore) -> str:
    """The id of a registered person."""
    said = person()
    push(store, said)
    return str(said["id"])


def nominate(store: ParticipantStore, *items: Item, **how: Any) -> list[Item]:
    return push(store, *items, use=nominations.nominate, **how)


def listed(store: ParticipantStore, caller: Item = MALI, **asked: Any) -> dict[str, str]:
    """id → status of the nominations that a list finds."""
    answer = nominations.list_nominations({"caller": caller, "filter": asked}, store)
    assert not answer["has_next"]
    return {item["id"]: item["status"] for item in answer["items"]}


def told_of_nominations(store: ParticipantStore) -> list[str]:
    return [name for name in types(store) if name.startswith("nomination")]


def test_a_nomination_is_proposed_decided_and_told_without_its_reason(
    store: ParticipantStore, awa: str
) -> None:
    activity = new_id()
    item = nomination(awa, activity_id=activity)
    assert statuses(nominate(store, item)) == ["CREATED"]
    decision = {"id": item["id"], "status": "selected", "reason": "speaks for the miners"}
    assert statuses(nominate(store, decision)) == ["UPDATED"]
    assert statuses(nominate(store, decision)) == ["UNCHANGED"]
    assert listed(store) == {item["id"]: "selected"}
    events = [event for event in emitted(store) if event.subject == item["id"]]
    assert [event.type for event in events] == ["nomination.proposed", "nomination.decided"]
    assert events[-1].data == {
        "id": item["id"],
        "participant_id": awa,
        "activity_id": activity,
        "project_id": None,
        "chapter": "ML",
        "proposer_group": "community_leader",
        "status": "selected",
        "version": 2,
    }


def test_every_decision_needs_a_reason_of_its_own(store: ParticipantStore, awa: str) -> None:
    item = nomination(awa, project_id=new_id())
    nominate(store, item)
    (receipt,) = nominate(store, {"id": item["id"], "status": "not_selected"})
    assert problems(receipt) == {"REQUIRED": ["reason"]}
    nominate(store, {"id": item["id"], "status": "not_selected", "reason": "too young"})
    (receipt,) = nominate(store, {"id": item["id"], "status": "selected"})
    assert problems(receipt) == {"REQUIRED": ["reason"]}
    assert listed(store) == {item["id"]: "not_selected"}


def test_a_nomination_is_for_an_activity_or_for_a_project(
    store: ParticipantStore, awa: str
) -> None:
    neither = nomination(awa)
    both = nomination(awa, activity_id=new_id(), project_id=new_id())
    for receipt in nominate(store, neither, both):
        assert "ACTIVITY_OR_PROJECT" in problems(receipt)


def test_whom_and_what_for_cannot_change(store: ParticipantStore, awa: str) -> None:
    other = person()
    push(store, other)
    item = nomination(awa, activity_id=new_id())
    nominate(store, item)
    changes = ({"participant_id": other["id"]}, {"activity_id": new_id()})
    for change in changes:
        (receipt,) = nominate(store, {"id": item["id"], **change})
        assert problems(receipt) == {"CANNOT_CHANGE": [*change]}


def test_a_person_is_nominated_once_for_the_same_thing(store: ParticipantStore, awa: str) -> None:
    activity = new_id()
    items = [nomination(awa, activity_id=activity) for _ in range(3)]
    other = nomination(awa, activity_id=new_id())
    one, same, different = nominate(store, items[0], items[1], other)
    assert statuses([one, same, different]) == ["CREATED", "REJECTED", "CREATED"]
    assert problems(same) == {"ALREADY_NOMINATED": ["participant_id"]}
    assert problems(nominate(store, items[2])[0]) == {"ALREADY_NOMINATED": ["participant_id"]}


def test_of_clients_who_nominate_a_person_at_once_one_succeeds(
    store: ParticipantStore, awa: str
) -> None:
    activity = new_id()
    with ThreadPoolExecutor(4) as clients:
        receipts = list(
            clients.map(lambda _: nominate(store, nomination(awa, activity_id=activity)), range(4))
        )
    assert sorted(statuses([receipt for (receipt,) in receipts])) == ["CREATED"] + ["REJECTED"] * 3
    assert told_of_nominations(store) == ["nomination.proposed"]


def test_who_withdrew_may_be_nominated_again(store: ParticipantStore, awa: str) -> None:
    activity = new_id()
    first, second = (nomination(awa, activity_id=activity) for _ in range(2))
    gone = {"id": first["id"], "status": "withdrawn", "reason": "moved away"}
    nominate(store, first)
    pushes = [{"caller": MALI, "items": [item]} for item in (gone, second)]
    taken_back, too_soon = nominations.nominate({"pushes": pushes}, store)["pushes"]
    assert statuses(taken_back["receipts"]) == ["UPDATED"]
    assert problems(too_soon["receipts"][0]) == {"ALREADY_NOMINATED": ["participant_id"]}
    assert statuses(nominate(store, second)) == ["CREATED"]
    back = {"id": first["id"], "status": "proposed"}
    assert problems(nominate(store, back)[0]) == {"ALREADY_NOMINATED": ["participant_id"]}
    assert listed(store, activity_id=activity, status="proposed") == {second["id"]: "proposed"}
    assert "nomination.withdrawn" in told_of_nominations(store)


def test_a_dry_run_stands_in_nobodys_way(store: ParticipantStore, awa: str) -> None:
    activity = new_id()
    tried, meant = (nomination(awa, activity_id=activity) for _ in range(2))
    answer = nominations.nominate(
        {
            "pushes": [
                {"caller": MALI, "items": [tried], "dry_run": True},
                {"caller": MALI, "items": [meant]},
            ]
        },
        store,
    )
    for pushed in answer["pushes"]:
        assert statuses(pushed["receipts"]) == ["CREATED"]
    assert listed(store) == {meant["id"]: "proposed"}


def test_only_people_of_ones_own_chapter_can_be_nominated(
    store: ParticipantStore, awa: str
) -> None:
    withdrawn = person()
    push(store, withdrawn)
    push(store, {"id": withdrawn["id"], "reason": "twin"}, use=people.withdraw)
    receipts = [
        *nominate(store, nomination(awa, activity_id=new_id()), caller=NIGER),
        *nominate(store, nomination(new_id(), activity_id=new_id())),
        *nominate(store, nomination(withdrawn["id"], activity_id=new_id())),
    ]
    for receipt in receipts:
        assert set(problems(receipt)) & {"UNKNOWN_PARTICIPANT", "CHAPTER_NOT_YOURS"}
    assert told_of_nominations(store) == []


def test_the_secretariats_nomination_belongs_to_the_persons_chapter(
    store: ParticipantStore, awa: str
) -> None:
    item = nomination(awa, project_id=new_id())
    assert statuses(nominate(store, item, caller=SECRETARIAT)) == ["CREATED"]
    assert listed(store) == {item["id"]: "proposed"}
    assert listed(store, caller=NIGER) == {}
    wrong = nomination(awa, project_id=new_id(), chapter="NE")
    assert problems(nominate(store, wrong, caller=SECRETARIAT)[0]) == {
        "UNKNOWN_PARTICIPANT": ["participant_id"]
    }


def test_nominations_are_listed_by_activity_project_person_and_status(
    store: ParticipantStore, awa: str
) -> None:
    activity, project = new_id(), new_id()
    for_activity = nomination(awa, activity_id=activity)
    for_project = nomination(awa, project_id=project, status="selected", reason="agreed")
    assert statuses(nominate(store, for_activity, for_project)) == ["CREATED", "CREATED"]
    assert set(listed(store, activity_id=activity)) == {for_activity["id"]}
    assert set(listed(store, project_id=project)) == {for_project["id"]}
    assert set(listed(store, status="selected")) == {for_project["id"]}
    assert set(listed(store, participant_id=awa)) == {for_activity["id"], for_project["id"]}
    assert listed(store, participant_id=new_id()) == {}
