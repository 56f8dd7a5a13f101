"""One person or nomination that somebody damaged by hand costs the others nothing, and is named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from bson.binary import Binary
from pymongo.database import Database

from services.participants.handlers import history, nominations, people
from services.participants.store import ParticipantStore
from shared.errors import Refused
from shared.ids import new_id
from tests.integration.services.participants.participants_world import MALI, opened, push
from tests.world.items import nomination, person

Item = dict[str, Any]
DAMAGES: dict[str, Item] = {
    "nothing sealed": {"$unset": {"sealed": True}},
    "sealed otherwise": {"$set": {"sealed": Binary(b"\x01" * 40)}},
    "no content": {"$unset": {"content": True}},
    "content of another type": {"$set": {"content": [1]}},
    "no version": {"$unset": {"version": True}},
    "another version": {"$set": {"version": 7}},
    "no moment": {"$set": {"created_at": 2021}},
}
OF_ONE: dict[str, dict[str, Item]] = {
    "participant": {"groups of another type": {"$set": {"content.groups": "youth"}}},
    "nomination": {
        "nobody's": {"$unset": {"content.participant_id": True}},
        "a status in numbers": {"$set": {"content.status": 3}},
    },
}


@pytest.fixture
def store(db: Database[Item], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri, os.urandom(96)) as store:
        yield store


@pytest.mark.parametrize(
    ("kind", "how"), [(kind, how) for kind, more in OF_ONE.items() for how in (*DAMAGES, *more)]
)
def test_four_of_five_are_answered_and_the_fifth_is_named(
    store: ParticipantStore, kind: str, how: str
) -> None:
    met = [person(birth_year=1990) for _ in range(5)]
    push(store, *met)
    items, collection, use = met, store.people.collection, people.list_people
    if kind == "nomination":
        items = [nomination(each["id"], activity_id=new_id()) for each in met]
        push(store, *items, use=nominations.nominate)
        collection, use = store.nominations.collection, nominations.list_nominations
    bad, *good = sorted(each["id"] for each in items)
    collection.update_one({"_id": bad}, {**DAMAGES, **OF_ONE[kind]}[how])

    page = use({"caller": MALI, "filter": {}}, store)
    assert [each["id"] for each in page["items"]] == good
    assert list(page["skipped"]) == [bad]
    for ask in (history.history, history.changes, history.version):
        with pytest.raises(Refused) as refused:
            ask({"caller": MALI, "kind": kind, "id": bad, "version": 1}, store)
        assert refused.value.code == "DAMAGED_RECORD"
    if kind == "participant":
        found = people.get_many({"caller": MALI, "ids": [bad, *good]}, store)
        assert sorted(each["id"] for each in found["items"]) == good
        assert found["damaged"] == [bad]


def test_a_damaged_version_is_left_out_of_the_history(store: ParticipantStore) -> None:
    her = person(given_name="Awa")
    push(store, her)
    for name in ("Fanta", "Sali"):
        push(store, {"id": her["id"], "given_name": name})
    store.db["versions"].update_one({}, {"$set": {"sealed": Binary(b"\x01" * 40)}})
    asked = {"caller": MALI, "kind": "participant", "id": her["id"]}
    for use in (history.history, history.changes):
        page = use(asked, store)
        assert sorted(each["version"] for each in page["items"]) == [2, 3]
        assert list(page["skipped"]) == [her["id"]]
