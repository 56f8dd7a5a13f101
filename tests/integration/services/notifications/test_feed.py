"""The feed against a real database: one cursor, no gap, nothing twice, nothing out of turn."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.notifications.handlers import feed
from services.notifications.store.feed import NotificationStore
from shared.errors import Refused
from shared.ids import new_id
from tests.notified import CHAPTER, attendance, grow, ids, pull
from tests.world.events import activity


def test_positions_have_no_gap_and_follow_the_batch(store: NotificationStore) -> None:
    events = grow(store, 3) + grow(store, 2)

    page = pull(store)

    assert ids(page["items"]) == [event.id for event in events]
    assert [item["position"] for item in page["items"]] == [1, 2, 3, 4, 5]
    assert (page["next"], page["head"]) == ("5", 5)


def test_a_reader_misses_nothing_that_concurrent_writers_append(store: NotificationStore) -> None:
    done = threading.Event()
    read: list[str] = []

    def follow() -> None:
        cursor = None
        while True:
            finished = done.is_set()
            page = pull(store, after=cursor, first=7)
            read.extend(ids(page["items"]))
            cursor = page["next"]
            if finished and int(cursor) == page["head"]:
                return

    reader = threading.Thread(target=follow)
    reader.start()
    with ThreadPoolExecutor(4) as writers:
        batches = list(writers.map(lambda _: grow(store, 3), range(20)))
    done.set()
    reader.join(20)

    assert not reader.is_alive()
    assert sorted(read) == sorted(event.id for batch in batches for event in batch)
    stored = store.feed.find({}, {"id": 1}).sort("_id")
    assert read == [each["id"] for each in stored]
    assert store.feed.count_documents({}) == store.head() == 60


def test_events_that_come_again_change_nothing(store: NotificationStore) -> None:
    events = [activity(), attendance(new_id(), 1)]

    for batch in (events, events, list(reversed(events))):
        feed.record_events(batch, store)

    assert ids(pull(store)["items"]) == [event.id for event in events]


def test_a_late_older_state_is_not_appended_after_a_newer_one(store: NotificationStore) -> None:
    first = activity()
    second = activity(first.subject, 2, "corrected")
    third = activity(first.subject, 3, "withdrawn")

    for event in (first, third, second):
        feed.record_events([event], store)

    assert [item["type"] for item in pull(store)["items"]] == [
        "activity.recorded",
        "activity.withdrawn",
    ]


def test_an_early_attendance_event_is_handed_back_and_taken_later(
    store: NotificationStore,
) -> None:
    session = new_id()
    first, second, third = (attendance(session, n) for n in (1, 2, 3))
    other = activity()

    assert feed.record_events([first, third, other], store) == [third]
    assert ids(pull(store)["items"]) == [first.id, other.id]
    assert feed.record_events([second, third], store) == []
    assert ids(pull(store)["items"]) == [first.id, other.id, second.id, third.id]


def test_a_filter_narrows_the_pages_and_the_cursor_still_reaches_the_head(
    store: NotificationStore,
) -> None:
    senegal = activity(chapter="SN")
    sheet = attendance(new_id(), 1)
    feed.record_events([activity(), senegal, sheet, activity()], store)

    page = pull(store, filter={"chapters": ["SN"]})
    assert ids(page["items"]) == [senegal.id]
    assert page["next"] == "4"
    page = pull(store, filter={"types": ["attendance.recorded"]})
    assert ids(page["items"]) == [sheet.id]


@pytest.mark.parametrize("name", ["types", "chapters"])
def test_an_empty_list_in_the_filter_matches_no_item(store: NotificationStore, name: str) -> None:
    grow(store, 3)
    page = pull(store, filter={name: []})
    assert (page["items"], page["next"], page["head"]) == ([], "3", 3)
    for blank in ({name: None}, {}):
        assert len(pull(store, filter=blank)["items"]) == 3


def test_pages_are_bounded_and_join_without_overlap(store: NotificationStore) -> None:
    events = grow(store, 5)

    first = pull(store, first=2)
    second = pull(store, first=2, after=first["next"])
    third = pull(store, first=2, after=int(second["next"]))
    empty = pull(store, first=2, after=third["next"])

    together = ids(first["items"]) + ids(second["items"]) + ids(third["items"])
    assert together == [event.id for event in events]
    assert (empty["items"], empty["next"]) == ([], "5")


def test_a_chapter_reads_its_own_items_alone(store: NotificationStore) -> None:
    mine, theirs = activity(chapter="ML"), activity(chapter="SN")
    feed.record_events([mine, theirs], store)

    assert ids(pull(store, CHAPTER)["items"]) == [mine.id]
    assert ids(pull(store, CHAPTER, filter={"chapters": ["SN"]})["items"]) == [mine.id]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"after": "99"}, "BAD_CURSOR"),
        ({"after": "-1"}, "BAD_CURSOR"),
        ({"after": "x"}, "BAD_CURSOR"),
        ({"after": True}, "BAD_CURSOR"),
        ({"first": 501}, "PAGE_SIZE"),
        ({"first": 0}, "PAGE_SIZE"),
        ({"filter": {"types": ["participant.registered"]}}, "INVALID_INPUT"),
        ({"filter": {"chapters": ["XX"]}}, "INVALID_INPUT"),
        ({"filter": {"names": ["x"]}}, "INVALID_INPUT"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_code(
    store: NotificationStore, request_: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        pull(store, **request_)
    assert refusal.value.code == code
