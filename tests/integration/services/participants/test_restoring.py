"""A correction of a person is undone in one call, sealed as all that is said of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import history, nominations, people
from services.participants.store import ParticipantStore
from shared.ids import new_id
from tests.integration.services.participants.participants_world import (
    MALI,
    NIGER,
    emitted,
    opened,
    push,
    read,
    statuses,
)
from tests.world.items import nomination, person

Item = dict[str, Any]


@pytest.fixture
def store(db: Database[Item], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri, os.urandom(96)) as store:
        yield store


@pytest.fixture
def her(store: ParticipantStore) -> str:
    her = str(new_id())
    push(store, person(id=her, given_name="Awa", phone="79318624", birth_year=1990))
    push(store, {"id": her, "given_name": "Fanta", "clear": ["phone", "birth_year"]})
    return her


def restored(store: ParticipantStore, her: str, version: Any, **more: Any) -> Any:
    said = {"id": her, "version": version, "reason": "the wrong person", **more.pop("item", {})}
    [receipt] = push(store, said, use=people.restore, **more)
    return receipt


def found(store: ParticipantStore, **asked: Any) -> list[str]:
    page = people.list_people({"caller": MALI, "filter": asked}, store)
    return [each["id"] for each in page["items"]]


def test_a_person_is_as_they_were_and_found_so(store: ParticipantStore, her: str) -> None:
    assert restored(store, her, 1)["version"] == 3
    [now] = read(store, her)
    assert (now["given_name"], now["birth_year"]) == ("Awa", 1990)
    assert found(store, text="awa") == found(store, phone="79318624") == [her]
    assert found(store, text="fanta") == []
    [latest, *_] = history.history({"caller": MALI, "kind": "participant", "id": her}, store)[
        "items"
    ]
    assert (latest["kind"], latest["reason"], latest["restored"]) == (
        "corrected",
        "the wrong person",
        1,
    )
    assert statuses([restored(store, her, 1)]) == ["UNCHANGED"]


def test_reasons_are_no_part_of_what_comes_back(store: ParticipantStore, her: str) -> None:
    push(store, {"id": her, "reason": "asked for it"}, use=people.withdraw)
    assert [each["code"] for each in restored(store, her, 1)["problems"]] == ["WITHDRAWN"]
    push(store, {"id": her, "reason": "is back"}, use=people.reinstate)
    assert statuses([restored(store, her, 3)]) == ["UNCHANGED"], "but for the reason it is so"
    assert statuses([restored(store, her, 1)]) == ["UPDATED"]
    told = history.history({"caller": MALI, "kind": "participant", "id": her}, store)["items"]
    assert [each["reason"] for each in told] == [
        "the wrong person",
        "is back",
        "asked for it",
        None,
        None,
    ]
    push(store, {"id": her, "given_name": "Aminata"})
    told = history.history({"caller": MALI, "kind": "participant", "id": her}, store)["items"]
    assert (told[0]["reason"], told[0]["restored"]) == (None, None)
    changes = history.changes({"caller": MALI, "kind": "participant", "id": her}, store)["items"]
    assert changes[-1]["changed"] == {"given_name": {"before": "Awa", "after": "Aminata"}}


def test_a_repetition_and_another_chapter_restore_nothing(
    store: ParticipantStore, her: str
) -> None:
    push_id = new_id()
    restored(store, her, 1, push_id=push_id)
    push(store, {"id": her, "given_name": "Aminata"})
    again = restored(store, her, 1, push_id=push_id)
    assert [each["code"] for each in again["problems"]] == ["ALREADY_APPLIED"]
    foreign = restored(store, her, 2, caller=NIGER)
    assert [each["code"] for each in foreign["problems"]] == ["NOT_FOUND"]
    assert read(store, her)[0]["given_name"] == "Aminata"
    assert statuses([restored(store, her, 2, dry_run=True)]) == ["UPDATED"]
    assert read(store, her)[0]["version"] == 4


def test_two_restorations_in_one_call_are_versions_each(store: ParticipantStore, her: str) -> None:
    pushes = [
        {"caller": MALI, "items": [{"id": her, "version": version, "reason": "tried"}]}
        for version in (1, 2)
    ]
    people.restore({"pushes": pushes}, store)
    told = history.history({"caller": MALI, "kind": "participant", "id": her}, store)["items"]
    assert [(each["version"], each["restored"]) for each in told] == [
        (4, 2),
        (3, 1),
        (2, None),
        (1, None),
    ]
    assert [each["record"]["given_name"] for each in told] == ["Fanta", "Awa", "Fanta", "Awa"]


def nominated(store: ParticipantStore, *items: Item, **how: Any) -> list[Any]:
    return push(store, *items, use=nominations.nominate, **how)


def brought_back(store: ParticipantStore, identifier: str, version: int, **how: Any) -> Any:
    said = {"id": identifier, "version": version, "reason": "the wrong list"}
    [receipt] = push(store, said, use=nominations.restore, **how)
    return receipt


def versions(store: ParticipantStore, identifier: str) -> list[Any]:
    asked = {"caller": MALI, "kind": "nomination", "id": identifier}
    items: list[Any] = history.history(asked, store)["items"]
    return items


@pytest.fixture
def proposal(store: ParticipantStore, her: str) -> Item:
    """Proposed, then not selected by mistake."""
    proposal = nomination(her, activity_id=new_id())
    nominated(store, proposal)
    nominated(store, {"id": proposal["id"], "status": "not_selected", "reason": "lives elsewhere"})
    return proposal


def test_a_decision_on_a_nomination_is_undone_with_a_reason(
    store: ParticipantStore, proposal: Item
) -> None:
    identifier, push_id = proposal["id"], new_id()
    receipt = brought_back(store, identifier, 1, push_id=push_id)
    assert (receipt["status"], receipt["version"]) == ("UPDATED", 3)
    latest, decided, _ = versions(store, identifier)
    assert (latest["record"]["status"], latest["record"]["reason"]) == ("proposed", None)
    assert (latest["reason"], latest["restored"]) == ("the wrong list", 1)
    assert (decided["reason"], decided["restored"]) == ("lives elsewhere", None)
    last = [each for each in emitted(store) if each.subject == identifier][-1]
    assert (last.type, last.data["status"]) == ("nomination.proposed", "proposed")

    # It goes on from there, and a late retry leaves it so.
    assert statuses(
        nominated(store, {"id": identifier, "status": "selected", "reason": "yes"})
    ) == ["UPDATED"]
    assert brought_back(store, identifier, 1, push_id=push_id)["status"] == "UNCHANGED"
    latest = versions(store, identifier)[0]
    assert (latest["record"]["status"], latest["reason"]) == ("selected", "yes")
    assert brought_back(store, identifier, 2)["status"] == "UPDATED"


def test_a_nomination_does_not_come_back_beside_one_that_stands(
    store: ParticipantStore, proposal: Item
) -> None:
    gone = {"status": "withdrawn", "reason": "put down twice"}
    nominated(store, {"id": proposal["id"], **gone})
    other = {**proposal, "id": new_id()}
    assert statuses(nominated(store, other)) == ["CREATED"]
    [problem] = brought_back(store, proposal["id"], 1)["problems"]
    assert (problem["code"], problem["path"]) == ("ALREADY_NOMINATED", ["participant_id"])
    nominated(store, {"id": other["id"], **gone})
    assert brought_back(store, proposal["id"], 1)["status"] == "UPDATED"


def test_nominations_of_another_chapter_are_none(store: ParticipantStore, proposal: Item) -> None:
    [problem] = brought_back(store, proposal["id"], 1, caller=NIGER)["problems"]
    assert problem["code"] == "NOT_FOUND"
