"""The comparison of the books sees what is missing, and what is there twice."""

from __future__ import annotations

import pytest

from shared.ids import new_id
from tests.faults.cluster import Hub
from tests.faults.world import World

pytestmark = pytest.mark.usefixtures("whole")

KEPT = (
    ("participants", "people"),
    ("participants", "outbox"),
    ("activities", "activities"),
    ("activities", "attendance"),
    ("activities", "sheets"),
    ("activities", "outbox"),
    ("reporting", "inbox"),
    ("reporting", "activities"),
    ("notifications", "inbox"),
    ("notifications", "feed"),
)

SEEN = {("reporting", "activities"): {"status": "held", "withdrawn": False}}  # in the figures


@pytest.fixture
def books(hub: Hub, world: World) -> World:
    for chapter in world.chapters[:2]:
        chapter.all_at_once()
    found = world.account()
    assert not found.wrong, found
    return world


@pytest.mark.parametrize(("database", "collection"), KEPT, ids=lambda name: name)
def test_a_missing_document_is_found(
    hub: Hub, books: World, database: str, collection: str
) -> None:
    with hub.client() as client:
        kept = client[database][collection]
        (last,) = kept.find(SEEN.get((database, collection))).sort("_id", -1).limit(1)
        kept.delete_one({"_id": last["_id"]})
        try:
            assert books.compare(client).wrong
        finally:
            kept.insert_one(last)
        assert not books.compare(client).wrong


def test_an_item_too_many_is_found(hub: Hub, books: World) -> None:
    with hub.client() as client:
        feed = client.notifications.feed
        (last,) = feed.find().sort("_id", -1).limit(1)
        feed.insert_one({**last, "_id": last["_id"] + 1, "id": new_id()})
        try:
            assert books.compare(client).wrong
        finally:
            feed.delete_one({"_id": last["_id"] + 1})


def test_a_push_that_was_not_accepted_but_is_there_is_found(hub: Hub, books: World) -> None:
    chapter = books.chapters[0]
    chapter.register(1)
    person, remembered = chapter.ledger.people.popitem()
    with hub.client() as client:
        try:
            assert books.compare(client).wrong
        finally:
            chapter.ledger.people[person] = remembered
