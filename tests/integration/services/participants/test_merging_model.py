"""Whatever is merged, separated, corrected and withdrawn, in whatever order: each id leads to one
person, nobody is one with somebody who is one with another, and the last merge can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.database import Database

from services.participants.store import ParticipantStore
from tests.integration.services.participants.merging_world import (
    content,
    merge,
    read_as_said,
    registered,
    reinstate,
    separate,
    withdraw,
)
from tests.integration.services.participants.participants_world import emitted, opened, push

Item = dict[str, Any]
PEOPLE = 5
FIELDS = ("phone", "birth_year", "sex", "email")
VALUES: dict[str, list[Any]] = {
    "phone": [None, "76 11 11 11", "76 22 22 22"],
    "birth_year": [None, 1980, 1990],
    "sex": [None, "female", "other"],
    "email": [None, "a@example.org", "b@example.org"],
}

who = st.integers(0, PEOPLE - 1)
said = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()})
actions: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just("merge"), who, st.lists(who, min_size=1, max_size=2, unique=True)),
    st.tuples(st.just("separate"), who, st.just([])),
    st.tuples(st.just("correct"), who, said),
    st.tuples(st.sampled_from(["withdraw", "reinstate"]), who, st.just([])),
)


@pytest.fixture
def store(db: Database[Item], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


def everybody(store: ParticipantStore, ids: list[str]) -> dict[str, Item]:
    found = store.people.collection.find({"_id": {"$in": ids}})
    return {each["_id"]: each for each in found}


def correction(identifier: str, values: dict[str, Any]) -> Item:
    given = {name: value for name, value in values.items() if value is not None}
    return {"id": identifier, "clear": [n for n in values if n not in given], **given}


def check(store: ParticipantStore, ids: list[str]) -> None:
    documents = everybody(store, ids)
    into = {key: each["content"].get("merged_into") for key, each in documents.items()}
    for key, winner in into.items():
        [shown] = read_as_said(store, key)
        assert shown["id"] == (winner or key)
        if winner:
            assert into[winner] is None, "a chain"
            assert key in documents[winner]["content"]["merged_ids"]
            assert documents[key]["withdrawn"] is None
    for key, each in documents.items():
        for other in each["content"].get("merged_ids", []):
            assert into[other] == key


def agrees(store: ParticipantStore, ids: list[str]) -> None:
    """What was told last of each is what is stored."""
    told: dict[str, dict[str, Any]] = {}
    standing: dict[str, tuple[Any, ...]] = {}
    for event in emitted(store):
        if event.subject in ids and event.type.startswith("participant."):
            told[event.subject] = event.data
        elif event.subject in ids:
            standing[event.subject] = (event.data["withdrawn"], event.data["merged_into"])
    for key, each in everybody(store, ids).items():
        as_stored = (bool(each["withdrawn"]), each["content"].get("merged_into"))
        assert (told[key]["withdrawn"], told[key]["merged_into"]) == as_stored
        assert standing.get(key, (False, None)) == as_stored
        assert told[key]["version"] == each["version"]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    first=st.lists(said, min_size=PEOPLE, max_size=PEOPLE),
    steps=st.lists(actions, min_size=3, max_size=14),
)
def test_each_id_leads_to_one_person_and_the_last_merge_is_undone(
    store: ParticipantStore, first: list[dict[str, Any]], steps: list[Any]
) -> None:
    ids = [registered(store, **values) for values in first]
    for step, number, more in steps:
        one = ids[number]
        if step == "merge":
            losers = [ids[each] for each in more]
            before = {each: content(store, each) for each in ids}
            raw = {key: each["content"] for key, each in everybody(store, ids).items()}
            receipts = merge(store, one, *losers)["receipts"]
            if all(each["status"] == "UPDATED" for each in receipts):
                check(store, ids)
                separate(store, *losers)
                assert {each: content(store, each) for each in ids} == before
                after = {key: each["content"] for key, each in everybody(store, ids).items()}
                for key in ids:
                    for name in ("merged_into", "merged_ids"):
                        assert after[key].get(name) == raw[key].get(name)
                merge(store, one, *losers)
        elif step == "separate":
            separate(store, one)
        elif step == "correct":
            push(store, correction(one, more))
        else:
            (withdraw if step == "withdraw" else reinstate)(store, one)
        check(store, ids)
    agrees(store, ids)
