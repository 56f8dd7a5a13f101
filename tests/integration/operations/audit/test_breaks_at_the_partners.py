"""Whatever is broken in the feed or on its way to a partner, the audit names it."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.events import Event
from shared.ids import new_id
from tests.integration.operations.audit.audit_world import Hub, Programme, audited, event_of, stage
from tests.receiver import Receiver
from tests.world import items


def test_a_lost_item_of_the_feed(hub: Hub, programme: Programme) -> None:
    lost = event_of(hub, "activities", programme.session, 2, "attendance")
    item = hub.notifications.feed.find_one_and_delete({"id": lost})
    assert item is not None
    found = audited(hub, ("claimed → feed", "missing"), ("feed: positions", "missing"))
    assert found[0]["ids"]["event"] == lost
    assert found[1]["ids"] == {"position": item["_id"]}


def test_a_lost_item_of_which_a_later_step_is_there_and_that_came_again(
    hub: Hub, programme: Programme
) -> None:
    first = event_of(hub, "activities", programme.activity, 1, "activity")
    hub.notifications.feed.delete_one({"id": first})
    row = hub.activities.outbox.collection.find_one({"_id": first})
    assert row is not None
    hub.apply([Event.from_json(row["body"])], "notifications")
    found = audited(hub, ("claimed → feed", "missing"), ("feed: positions", "missing"))
    assert found[0]["ids"]["event"] == first


def test_an_item_twice_in_the_feed(hub: Hub, programme: Programme) -> None:
    feed = hub.notifications.feed
    item = feed.find_one({"subject": programme.concern})
    assert item is not None
    head = hub.notifications.head()
    feed.drop_index("id_1")  # it keeps this from happening
    feed.insert_one({**item, "_id": head + 1})
    try:
        found = audited(hub, ("claimed → feed", "double"), ("feed: positions", "double"))
    finally:
        feed.delete_one({"_id": head + 1})
        hub.notifications.ensure_indexes()
    assert found[0]["ids"]["event"] == item["id"]
    assert found[0]["ids"]["positions"] == [item["_id"], head + 1]


def test_an_item_with_other_figures(hub: Hub, programme: Programme) -> None:
    changed = {"$inc": {"data.present_total": 1}}
    hub.notifications.feed.update_one({"subject": programme.other}, changed)
    (found,) = audited(hub, ("claimed → feed", "differs"))
    assert found["ids"]["subject"] == programme.other
    assert "present_total" in found["text"]


def test_a_subject_that_the_feed_takes_for_older(hub: Hub, programme: Programme) -> None:
    key = f"attendance/{programme.session}"
    hub.notifications.subjects.update_one({"_id": key}, {"$set": {"sequence": 2}})
    (found,) = audited(hub, ("attendance: claimed → notifications", "missing"))
    assert (found["ids"]["subject"], found["ids"]["sequence"]) == (programme.session, 3)


def test_an_endpoint_that_was_brought_past_what_it_was_not_sent(
    hub: Hub, programme: Programme
) -> None:
    hub.world.push([items.concern()], kind="concern")
    hub.relay()
    assert hub.audit()["clean"] is True
    head = hub.notifications.head()
    hub.notifications.endpoints.update_one({"_id": programme.endpoint}, {"$set": {"cursor": head}})
    (found,) = audited(hub, (f"feed → webhook {programme.endpoint}", "missing"))
    assert found["ids"]["position"] == head


def test_an_endpoint_beyond_the_feed(hub: Hub, programme: Programme) -> None:
    hub.notifications.endpoints.update_one({"_id": programme.endpoint}, {"$inc": {"cursor": 5}})
    (found,) = audited(hub, (f"feed → webhook {programme.endpoint}", "differs"))
    assert found["ids"] == {"endpoint": programme.endpoint}


def test_a_deleted_endpoint_is_owed_nothing(hub: Hub, programme: Programme) -> None:
    endpoint, head = {"_id": programme.endpoint}, hub.notifications.head()
    hub.notifications.attempts.delete_many({"endpoint_id": programme.endpoint})
    told = hub.audit()
    assert stage(told, f"feed → webhook {programme.endpoint}")["missing"] == head
    hub.notifications.endpoints.update_one(endpoint, {"$set": {"state": "deleted"}})
    told = hub.audit()
    assert told["clean"] is True
    assert not [each for each in told["stages"] if programme.endpoint in each["stage"]]


def test_a_filter_counts_from_when_it_was_set(hub: Hub) -> None:
    with Receiver() as receiver:
        endpoint = hub.endpoint(receiver, filter={"types": ["concern.recorded"]})
        hub.deliver()
        seen = hub.notifications.endpoint(endpoint, None)
        assert seen is not None
        assert len(receiver.received) == 1
        wider = type(seen.filter)()
        now = datetime.now(UTC)
        hub.notifications.transact(
            lambda tx: hub.notifications.change_endpoint(tx, seen, filter=wider, updated_at=now)
        )
        assert hub.audit()["clean"] is True, "what it did not want then, it was not to be sent"
        hub.world.push([items.concern()], kind="concern")
        hub.relay()
        hub.deliver()
    told = hub.audit()
    assert told["clean"] is True
    assert stage(told, f"feed → webhook {endpoint}")["found"] == 1


def test_a_delivery_repeated_under_its_id_is_told_and_is_no_double(
    hub: Hub, programme: Programme
) -> None:
    attempt = hub.notifications.attempts.find_one({"position": 1})
    assert attempt is not None
    hub.notifications.attempts.insert_one({**attempt, "_id": new_id()})
    told = hub.audit()
    assert told["clean"] is True
    assert stage(told, f"feed → webhook {programme.endpoint}")["repeated"] == 1
