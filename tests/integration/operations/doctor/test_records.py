"""Documents that somebody damaged by hand are named, and no other."""

from __future__ import annotations

import os
from typing import Any

import pytest
from pymongo.database import Database

from operations.doctor import records
from operations.doctor.finding import Severity
from services.activities.store import ActivityStore
from services.participants.handlers import nominations
from shared.record_types import RECORD_TYPES
from tests.integration.services.activities.activities_world import World
from tests.integration.services.participants.merging_world import merge
from tests.integration.services.participants.participants_world import opened, push
from tests.world import items
from tests.world.items import ids


@pytest.fixture
def pushed(db: Database[dict[str, Any]], mongo_uri: str) -> dict[str, list[str]]:
    """Five of each type of record, from the fullest that is pushed to the barest: their ids."""
    store = ActivityStore(db)
    store.ensure_indexes()
    world = World(store)
    made: dict[str, list[dict[str, Any]]] = {
        "project": [items.project() for _ in range(5)],
        "organisation": [items.organisation() for _ in range(5)],
        "concern": [items.concern() for _ in range(5)],
        "activity": [world.activity() for _ in range(5)],
    }
    for kind, rows in made.items():
        world.push(rows, kind=kind)
    with opened(db, mongo_uri, os.urandom(96)) as people:
        made["participant"] = [items.person() for _ in range(5)]
        push(people, *made["participant"])
        made["nomination"] = [
            items.nomination(each["id"], activity_id=ids(1)[0]) for each in made["participant"]
        ]
        push(people, *made["nomination"], use=nominations.nominate)
        merge(people, made["participant"][0]["id"], made["participant"][1]["id"])
    return {kind: [row["id"] for row in rows] for kind, rows in made.items()}


DAMAGES: list[tuple[str, dict[str, Any], str]] = [
    ("activity", {"$unset": {"content.title": True}}, "content.title"),
    ("activity", {"$set": {"content.starts_on": "2020-W53-1"}}, "content.starts_on"),
    ("activity", {"$set": {"content.sessions": "none"}}, "content.sessions"),
    ("activity", {"$set": {"content": 7}}, "content"),
    ("project", {"$set": {"version": "2"}}, "version"),
    ("organisation", {"$set": {"content.name": 7}}, "content.name"),
    ("concern", {"$set": {"content.severity": "5"}}, "content.severity"),
    ("participant", {"$set": {"content.groups": "youth"}}, "content.groups"),
    ("participant", {"$unset": {"created_at": True}}, "created_at"),
    ("nomination", {"$unset": {"content.participant_id": True}}, "content.participant_id"),
]


def test_what_was_pushed_is_sound_and_each_damage_is_named(
    db: Database[dict[str, Any]], pushed: dict[str, list[str]]
) -> None:
    for kind in pushed:
        found = records.look(db, RECORD_TYPES[kind])
        assert found.severity is Severity.OK, found
    for kind, update, path in DAMAGES:
        collection, bad = db[RECORD_TYPES[kind].collection], pushed[kind][2]
        whole = collection.find_one({"_id": bad})
        assert whole is not None
        collection.update_one({"_id": bad}, update)
        found = records.look(db, RECORD_TYPES[kind])
        assert found.severity is Severity.FAULT
        assert found.found == f"1 documents are damaged: {bad} ({path})"
        collection.replace_one({"_id": bad}, whole)


def test_of_many_the_first_are_shown(
    db: Database[dict[str, Any]], pushed: dict[str, list[str]]
) -> None:
    db["concerns"].insert_many([{"_id": f"x{n:02}", "content": {}} for n in range(12)])
    found = records.look(db, RECORD_TYPES["concern"]).found
    assert found.startswith("12 documents are damaged: x00 (chapter), x01 (chapter)")
    assert found.endswith("x09 (chapter) and 2 more")
