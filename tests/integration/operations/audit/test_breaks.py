"""Whatever link is broken by hand, the audit names that one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bson.binary import Binary
from pymongo import MongoClient
from pyroaring import BitMap

from shared.events import Event
from shared.ids import new_id
from shared.store import vault
from tests.integration.operations.audit.audit_world import (
    Hub,
    Programme,
    as_it_was,
    findings,
    stage,
)
from tests.integration.services.activities import activities_world
from tests.integration.services.participants import participants_world
from tests.receiver import Receiver

Row = dict[str, Any]


@pytest.fixture(scope="module")
def programme(mongo_client: MongoClient[Row], mongo_uri: str) -> Iterator[Programme]:
    name = f"test_{new_id()[-12:]}"
    with (
        participants_world.opened(mongo_client[f"{name}_participants"], mongo_uri) as people,
        Receiver() as receiver,
    ):
        hub = Hub(mongo_client, people, name)
        yield Programme(hub, receiver)
        hub.drop()
        mongo_client.drop_database(people.db.name)


@pytest.fixture
def hub(programme: Programme) -> Iterator[Hub]:
    with as_it_was(programme.hub):
        assert programme.hub.audit()["clean"] is True
        yield programme.hub


def audited(hub: Hub, *expected: tuple[str, str]) -> list[Row]:
    """The findings, which are exactly these (stage, kind)."""
    told = hub.audit()
    assert findings(told) == list(expected)
    assert told["clean"] is False
    found: list[Row] = told["findings"]
    return found


def event_of(hub: Hub, service: str, subject: str, sequence: int, noun: str) -> str:
    row = hub.db(service)["outbox"].find_one(
        {"subject": subject, "sequence": sequence, "type": {"$regex": f"^{noun}\\."}}
    )
    assert row is not None
    return str(row["_id"])


# Sealed


def test_a_key_that_is_gone(hub: Hub) -> None:
    keys = vault.of(hub.db("participants"))
    kept = list(keys.find())
    keys.delete_many({})
    try:
        (found,) = audited(hub, ("people: sealed → opened", "missing"))
    finally:
        keys.insert_many(kept)
    assert found["ids"] == {"keys": [vault.key_id(kept[0])]}
    assert "put the keys back from the newest backup" in found["text"]


def test_a_record_that_cannot_be_opened(hub: Hub, programme: Programme) -> None:
    broken = programme.people[2]
    people = hub.db("participants")["people"]
    people.update_one({"_id": broken}, [{"$set": {"sealed": "$names"}}])
    (found,) = audited(hub, ("people: sealed → opened", "missing"))
    assert found["ids"] == {"records": [f"people/{broken}"]}


# Stored and logged


def test_a_lost_row_of_a_sheet(hub: Hub, programme: Programme) -> None:
    person = programme.people[1]
    hub.activities.attendance.delete_one({"_id": f"{programme.other}:{person}"})
    found = audited(
        hub, ("attendance: rows → totals", "missing"), ("attendance: stored → logged", "missing")
    )
    assert found[0]["ids"] == {"session": programme.other}
    assert found[1]["ids"] == {"session": programme.other, "participant": person}


def test_a_row_that_nobody_told_of(hub: Hub, programme: Programme) -> None:
    person = programme.people[4]
    hub.activities.attendance.insert_one(
        {"_id": f"{programme.other}:{person}", "p": person, "st": "present", "v": 1}
    )
    found = audited(
        hub, ("attendance: rows → totals", "double"), ("attendance: stored → logged", "missing")
    )
    assert found[1]["ids"] == {"session": programme.other, "participant": person}


def test_totals_that_are_not_those_of_the_rows(hub: Hub, programme: Programme) -> None:
    hub.activities.sheets.update_one({"_id": programme.session}, {"$inc": {"present": 1}})
    (found,) = audited(hub, ("attendance: rows → totals", "differs"))
    assert found["ids"] == {"session": programme.session}


def test_scores_that_are_not_those_of_the_rows(hub: Hub, programme: Programme) -> None:
    key = f"{programme.session}:{programme.people[0]}"
    hub.activities.attendance.update_one({"_id": key}, {"$set": {"post": 90}})
    (found,) = audited(hub, ("attendance: rows → totals", "differs"))
    assert found["ids"] == {"session": programme.session}


def test_a_lost_step_of_a_sheet(hub: Hub, programme: Programme) -> None:
    lost = event_of(hub, "activities", programme.session, 2, "attendance")
    hub.activities.outbox.collection.delete_one({"_id": lost})
    found = audited(
        hub, ("attendance: stored → logged", "missing"), ("logged → published", "missing")
    )
    assert found[0]["ids"] == {"session": programme.session, "sequence": 2}
    assert found[1]["ids"] == {"event": lost}


def test_a_lost_step_of_a_record(hub: Hub, programme: Programme) -> None:
    lost = event_of(hub, "participants", programme.people[1], 2, "participant")
    hub.people.outbox.collection.delete_one({"_id": lost})
    found = audited(
        hub, ("participant: stored → logged", "missing"), ("logged → published", "missing")
    )
    assert found[0]["ids"] == {
        "noun": "participant",
        "subject": programme.people[1],
        "sequence": 2,
    }
    assert found[1]["ids"] == {"event": lost}


def test_a_lost_record(hub: Hub, programme: Programme) -> None:
    hub.db("activities")["concerns"].delete_one({"_id": programme.concern})
    (found,) = audited(hub, ("concern: stored → logged", "missing"))
    assert found["ids"] == {"noun": "concern", "subject": programme.concern}


def test_a_record_that_is_not_what_its_last_step_says(hub: Hub, programme: Programme) -> None:
    hub.people.people.collection.update_one(
        {"_id": programme.people[0]}, {"$set": {"content.sex": "male"}}
    )
    (found,) = audited(hub, ("participant: stored → logged", "differs"))
    assert found["ids"]["subject"] == programme.people[0]
    assert found["ids"]["fields"] == ["sex"]


def test_a_step_that_two_events_take(hub: Hub, programme: Programme) -> None:
    row = hub.activities.outbox.collection.find_one({"subject": programme.concern})
    assert row is not None
    event = Event.from_json(row["body"])
    twin = Event.new("concern.corrected", "/activities", event.subject, 1, event.data)
    hub.activities.transact(lambda tx: tx.emit([twin]))
    hub.relay()
    told = hub.audit()
    assert ("concern: stored → logged", "double") in findings(told)
    assert {each["ids"].get("subject") for each in told["findings"]} == {programme.concern}


def test_a_body_that_is_no_event(hub: Hub, programme: Programme) -> None:
    spoilt = event_of(hub, "activities", programme.concern, 1, "concern")
    hub.activities.outbox.collection.update_one({"_id": spoilt}, {"$set": {"body": Binary(b"{")}})
    (found,) = audited(hub, ("concern: stored → logged", "differs"))
    assert found["ids"]["event"] == spoilt


# The bus


def test_an_event_that_was_not_published(hub: Hub, programme: Programme) -> None:
    waiting = event_of(hub, "activities", programme.concern, 1, "concern")
    log = hub.activities.outbox.collection
    log.update_one({"_id": waiting}, {"$set": {"published_at": None}})
    (found,) = audited(hub, ("logged → published", "missing"))
    assert found["ids"]["event"] == waiting


@pytest.mark.parametrize("consumer", ["reporting", "notifications"])
def test_a_lost_claim(hub: Hub, programme: Programme, consumer: str) -> None:
    lost = event_of(hub, "activities", programme.activity, 1, "activity")
    hub.db(consumer)["inbox"].delete_one({"_id": lost})
    (found,) = audited(hub, (f"published → {consumer}", "missing"))
    assert (found["ids"]["event"], found["ids"]["consumer"]) == (lost, consumer)


@pytest.mark.parametrize("consumer", ["reporting", "notifications"])
def test_a_claim_of_what_nobody_told(hub: Hub, consumer: str) -> None:
    stranger = new_id()
    hub.db(consumer)["inbox"].insert_one({"_id": stranger, "at": datetime.now(UTC)})
    (found,) = audited(hub, ("logged → published", "missing"))
    assert found["ids"] == {"event": stranger}


@pytest.mark.parametrize(("state", "kind"), [("parked", "parked"), ("discarded", "discarded")])
def test_an_event_that_was_set_aside(hub: Hub, programme: Programme, state: str, kind: str) -> None:
    hub.world.push([activities_world.concern()], kind="concern")
    (event,) = hub.publish()
    hub.apply([event], "notifications")
    hub.reporting.parked.park(
        event.to_json(), reason="INTERNAL", params={"where": "here"}, attempts=5, event=event
    )
    if state == "discarded":
        hub.reporting.parked.discard([event.id], "key-operator", "cannot be")
    (found,) = audited(hub, ("published → reporting", kind))
    assert (found["ids"]["event"], found["ids"]["consumer"]) == (event.id, "reporting")
    assert "INTERNAL" in found["text"]
    assert ("key-operator" in found["text"]) is (state == "discarded")

    hub.apply([event], "reporting")
    assert hub.audit()["clean"] is True, "applied in the end"


def test_a_parked_body_that_is_no_event(hub: Hub) -> None:
    lot = hub.reporting.parked
    lot.park(b"nonsense", reason="UNDECODABLE", params={"why": "not JSON"}, attempts=1)
    (found,) = audited(hub, ("published → reporting", "parked"))
    lot.discard([found["ids"]["parked"]], "key-operator", "nonsense")
    assert hub.audit()["clean"] is True, "nothing that was accepted is lost with it"


# Reporting


def _sets(hub: Hub, name: str, key: str, field: str, *, add: int = -1, take: int = -1) -> None:
    collection = hub.db("reporting")[name]
    row = collection.find_one({"_id": key})
    assert row is not None
    members = BitMap.deserialize(row[field])
    if add >= 0:
        members.add(add)
    if take >= 0:
        members.remove(take)
    collection.update_one({"_id": key}, {"$set": {field: Binary(members.serialize())}})


def _number(hub: Hub, person: str) -> int:
    row = hub.db("reporting")["people"].find_one({"_id": person})
    assert row is not None
    return int(row["n"])


def test_a_person_whom_reporting_does_not_count(hub: Hub, programme: Programme) -> None:
    person = programme.people[0]
    _sets(hub, "sessions", programme.other, "present", take=_number(hub, person))
    (found,) = audited(hub, ("attendance: claimed → reporting", "missing"))
    assert found["ids"] == {"session": programme.other, "participant": person}


def test_a_person_whom_reporting_counts_too_much(hub: Hub, programme: Programme) -> None:
    person = programme.people[4]
    _sets(hub, "sessions", programme.other, "present", add=_number(hub, person))
    (found,) = audited(hub, ("attendance: claimed → reporting", "double"))
    assert found["ids"] == {"session": programme.other, "participant": person}


def test_a_person_exchanged_for_another_keeps_the_count_and_fails_the_checksum(
    hub: Hub, programme: Programme
) -> None:
    gone, come = programme.people[0], programme.people[4]
    numbers = _number(hub, come), _number(hub, gone)
    _sets(hub, "sessions", programme.other, "present", add=numbers[0], take=numbers[1])
    told = hub.audit()
    compared = stage(told, "attendance: claimed → reporting")
    assert compared["expected"] == compared["found"]
    assert compared["checksum_ok"] is False
    assert [each["ids"]["participant"] for each in told["findings"]] == [gone, come]


def test_a_sheet_that_reporting_lost(hub: Hub, programme: Programme) -> None:
    hub.db("reporting")["sessions"].delete_one({"_id": programme.other})
    (found,) = audited(hub, ("attendance: claimed → reporting", "missing"))
    assert found["ids"]["subject"] == programme.other


def test_a_sheet_that_is_behind_what_was_claimed(hub: Hub, programme: Programme) -> None:
    before = hub.db("reporting")["sessions"].find_one({"_id": programme.other})
    hub.world.record(
        {"session_id": programme.other, "rows": activities_world.present(programme.people[4])}
    )
    hub.relay()
    assert before is not None
    hub.db("reporting")["sessions"].replace_one({"_id": programme.other}, before)
    (found,) = audited(hub, ("attendance: claimed → reporting", "missing"))
    assert (found["ids"]["subject"], found["ids"]["sequence"]) == (programme.other, 2)


def test_facts_of_a_person_that_reporting_has_otherwise(hub: Hub, programme: Programme) -> None:
    person = programme.people[0]
    facts = hub.db("reporting")["people"].find_one({"_id": person})
    assert facts is not None
    changed = sorted({*facts["facts"], "sex/male"} - {"sex/female"})
    hub.db("reporting")["people"].update_one({"_id": person}, {"$set": {"facts": changed}})
    found = audited(
        hub,
        ("participant: claimed → reporting", "differs"),
        ("people's facts → sets of people", "double"),
        ("people's facts → sets of people", "missing"),
    )
    assert found[0]["ids"]["subject"] == person
    assert [each["ids"] for each in found[1:]] == [
        {"participant": person, "fact": "sex/female"},
        {"participant": person, "fact": "sex/male"},
    ]


def test_a_person_in_a_set_too_much(hub: Hub, programme: Programme) -> None:
    person = programme.people[0]
    _sets(hub, "attributes", "sex/male/0", "bits", add=_number(hub, person))
    (found,) = audited(hub, ("people's facts → sets of people", "double"))
    assert found["ids"] == {"participant": person, "fact": "sex/male"}


def test_a_copy_that_is_behind(hub: Hub, programme: Programme) -> None:
    copies = hub.db("reporting")["activities"]
    copies.update_one({"_id": programme.activity}, {"$set": {"version": 1}})
    told = hub.audit()
    assert set(findings(told)) == {
        ("activity: claimed → reporting", "missing"),
        ("activity: claimed → reporting", "differs"),
    }
    assert {each["ids"]["subject"] for each in told["findings"]} == {programme.activity}


def test_a_copy_that_says_something_else(hub: Hub, programme: Programme) -> None:
    copies = hub.db("reporting")["activities"]
    copies.update_one({"_id": programme.activity}, {"$set": {"type": "media_intervention"}})
    (found,) = audited(hub, ("activity: claimed → reporting", "differs"))
    assert found["ids"]["subject"] == programme.activity


# The feed and the partners


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
    hub.world.push([activities_world.concern()], kind="concern")
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


def test_a_filter_counts_from_when_it_was_set(hub: Hub) -> None:
    with Receiver() as receiver:
        endpoint = hub.endpoint(receiver, filter={"types": ["concern.recorded"]})
        hub.deliver()
        seen = hub.notifications.endpoint(endpoint, None)
        assert seen is not None
        assert len(receiver.received) == 1
        wider = type(seen.filter)()
        hub.notifications.change_endpoint(seen, filter=wider, updated_at=datetime.now(UTC))
        assert hub.audit()["clean"] is True, "what it did not want then, it was not to be sent"
        hub.world.push([activities_world.concern()], kind="concern")
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


def test_only_the_asked_number_is_named_and_all_are_counted(hub: Hub) -> None:
    hub.db("reporting")["inbox"].delete_many({})
    told = hub.audit(most=2)
    compared = stage(told, "published → reporting")
    assert compared["missing"] == compared["expected"] > 2
    assert len([each for each in told["findings"] if each["stage"] == compared["stage"]]) == 2
