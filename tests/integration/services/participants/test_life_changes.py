"""What changes in a person's life is kept by the day from which it is true; a correction holds for
all time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import history, people
from services.participants.store import ParticipantStore
from shared.ids import new_id
from tests.integration.services.participants.participants_world import (
    MALI,
    codes,
    emitted,
    found,
    opened,
    problems,
    push,
    read,
    statuses,
)
from tests.world.items import person

Item = dict[str, Any]


@pytest.fixture
def store(db: Database[Item], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri, os.urandom(96)) as store:
        yield store


@pytest.fixture
def her(store: ParticipantStore) -> str:
    her = str(new_id())
    said = {"groups": ["youth"], "place": "ML.SIK", "birth_year": 1990, "given_name": "Awa"}
    push(store, person(id=her, **said, washington_group={"seeing": 1, "hearing": 3}))
    return her


def changes(store: ParticipantStore, her: str) -> list[tuple[Any, ...]]:
    [read_so] = read(store, her)
    told = read_so["life_changes"]
    return [(each["since"], each["named"], each["groups"], each["place"]) for each in told]


def test_a_change_is_the_present_from_its_day_on_and_what_was_before_is_kept(
    store: ParticipantStore, her: str
) -> None:
    said = {
        "id": her,
        "since": "2026-03-01",
        "groups": ["media"],
        "washington_group": {"seeing": 3},
    }
    assert statuses(push(store, said)) == ["UPDATED"]
    [now] = read(store, her)
    assert (now["groups"], now["place"]) == (["media"], "ML.SIK")
    assert now["washington_group"] == {"seeing": 3, "hearing": 3}
    before, since = now["life_changes"]
    assert (before["since"], before["named"], before["groups"]) == (None, [], ["youth"])
    assert (since["since"], since["named"]) == ("2026-03-01", ["groups", "washington_group"])
    assert before["washington_group"] == {"seeing": 1, "hearing": 3}
    assert found(store, group="media") == {her}
    assert found(store, group="youth") == set()
    assert statuses(push(store, said)) == ["UNCHANGED"]
    told = emitted(store)[-1].data
    facts = {"disability": "with", "place": "ML.SIK"}
    assert told["groups"] == ["media"]
    assert told["history"] == [
        {"since": None, "groups": ["youth"], **facts},
        {"since": "2026-03-01", "groups": ["media"], **facts},
    ]


def test_an_earlier_change_that_comes_late_leaves_the_later_one(
    store: ParticipantStore, her: str
) -> None:
    push(store, {"id": her, "since": "2026-03-01", "groups": ["media"]})
    push(store, {"id": her, "since": "2024-01-01", "groups": ["womens_group"], "place": "ML.SEG"})
    expected: list[Any] = [
        (None, [], ["youth"], "ML.SIK"),
        ("2024-01-01", ["groups", "place"], ["womens_group"], "ML.SEG"),
        ("2026-03-01", ["groups"], ["media"], "ML.SEG"),
    ]
    assert changes(store, her) == expected
    push(store, {"id": her, "clear": ["life_changes.2024-01-01.place"]})
    expected[1:] = [
        ("2024-01-01", ["groups"], ["womens_group"], "ML.SIK"),
        ("2026-03-01", ["groups"], ["media"], "ML.SIK"),
    ]
    assert changes(store, her) == expected
    push(store, {"id": her, "clear": ["life_changes.2026-03-01"]})
    assert changes(store, her) == expected[:2]
    assert read(store, her)[0]["groups"] == ["womens_group"]
    push(store, {"id": her, "clear": ["life_changes"]})
    assert changes(store, her) == []
    assert read(store, her)[0]["groups"] == ["youth"]
    assert "history" not in emitted(store)[-1].data


def test_a_correction_of_what_has_changed_drops_the_changes_and_says_so(
    store: ParticipantStore, her: str
) -> None:
    push(store, {"id": her, "since": "2026-03-01", "groups": ["media"], "place": "ML.SEG"})
    assert statuses(push(store, {"id": her, "groups": ["media"]})) == ["UNCHANGED"]
    [receipt] = push(store, {"id": her, "groups": ["youth"], "given_name": "Fanta"})
    assert receipt["status"] == "UPDATED"
    assert problems(receipt)["CHANGES_DROPPED"] == ["groups"]
    assert changes(store, her) == [
        (None, [], ["youth"], "ML.SIK"),
        ("2026-03-01", ["place"], ["youth"], "ML.SEG"),
    ]
    back = {"id": her, "version": 2, "reason": "it was a change"}
    assert statuses(push(store, back, use=people.restore)) == ["UPDATED"]
    assert changes(store, her)[1][2:] == (["media"], "ML.SEG")
    asked = {"caller": MALI, "kind": "participant", "id": her, "from": 1, "to": 2}
    paths = [each["path"] for each in history.compare(asked, store)["items"]]
    assert "life_changes.2026-03-01.groups" in paths


def test_who_leaves_an_organisation_has_none_from_that_day_on(
    store: ParticipantStore, her: str
) -> None:
    office = str(new_id())
    push(store, {"id": her, "organisation_id": office})
    push(store, {"id": her, "since": "2026-03-01", "clear": ["organisation_id"]})
    [now] = read(store, her)
    assert now["organisation_id"] is None
    assert [each["organisation_id"] for each in now["life_changes"]] == [office, None]
    assert "history" in emitted(store)[-1].data


def test_beside_since_all_that_cannot_change_in_life_must_be_as_it_is(
    store: ParticipantStore, her: str
) -> None:
    again = {"id": her, "since": "2026-03-01", "given_name": "Awa", "birth_year": 1990}
    assert statuses(push(store, {**again, "groups": ["media"]})) == ["UPDATED"]
    [receipt] = push(store, {**again, "given_name": "Fanta", "birth_year": 1991, "groups": []})
    assert receipt["status"] == "REJECTED"
    assert [each["path"] for each in receipt["problems"]] == [["given_name"], ["birth_year"]]
    assert set(codes([receipt])) == {"NOT_A_CHANGE"}
    [stranger] = push(store, person(id=str(new_id()), since="2026-03-01"))
    assert problems(stranger) == {"NOBODY_TO_CHANGE": ["since"]}


def test_a_change_of_a_day_to_come_or_before_birth_is_refused(
    store: ParticipantStore, her: str
) -> None:
    ahead = (date.today() + timedelta(2)).isoformat()  # noqa: DTZ011
    [receipt] = push(store, {"id": her, "since": ahead, "groups": ["media"]})
    assert problems(receipt) == {"IN_FUTURE": ["since"]}
    [receipt] = push(store, {"id": her, "since": "1989-12-31", "groups": ["media"]})
    assert problems(receipt) == {"CHANGE_BEFORE_BIRTH": ["since"]}
    push(store, {"id": her, "since": "2000-01-01", "groups": ["media"]})
    [receipt] = push(store, {"id": her, "birth_year": 2001, "clear": ["consent.given_on"]})
    assert problems(receipt)["CHANGE_BEFORE_BIRTH"] == ["birth_year"]


def test_a_change_sent_again_late_takes_nothing_back(store: ParticipantStore, her: str) -> None:
    push_id = str(new_id())
    said = {"id": her, "since": "2026-03-01", "groups": ["media"]}
    push(store, said, push_id=push_id)
    push(store, {**said, "groups": ["womens_group"]})
    [receipt] = push(store, said, push_id=push_id)
    assert codes([receipt]) == ["ALREADY_APPLIED"]
    assert changes(store, her)[1][2] == ["womens_group"]


def test_what_was_and_when_lies_sealed(store: ParticipantStore, her: str) -> None:
    push(store, {"id": her, "since": "2026-03-01", "groups": ["media"]})
    stored = store.people.collection.find_one({"_id": her})
    assert stored is not None
    assert "life_changes" not in stored["content"]
    assert "2026-03-01" not in str(stored)
