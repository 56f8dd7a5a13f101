"""Whatever is broken in what is stored, sealed and logged, the audit names it."""

from __future__ import annotations

from bson.binary import Binary

from shared.events import Event
from shared.store import vault
from tests.integration.operations.audit.audit_world import (
    Hub,
    Programme,
    audited,
    event_of,
    findings,
)


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


def test_a_lost_row_of_a_sheet(hub: Hub, programme: Programme) -> None:
    person = programme.people[1]
    hub.activities.lines.collection.delete_one({"_id": f"{programme.other}:{person}"})
    found = audited(
        hub, ("attendance: rows → totals", "missing"), ("attendance: stored → logged", "missing")
    )
    assert found[0]["ids"] == {"session": programme.other}
    assert found[1]["ids"] == {"session": programme.other, "participant": person}


def test_a_row_that_nobody_told_of(hub: Hub, programme: Programme) -> None:
    person = programme.people[4]
    hub.activities.lines.collection.insert_one(
        {"_id": f"{programme.other}:{person}", "p": person, "st": "present", "v": 1}
    )
    found = audited(
        hub, ("attendance: rows → totals", "double"), ("attendance: stored → logged", "missing")
    )
    assert found[1]["ids"] == {"session": programme.other, "participant": person}


def test_totals_that_are_not_those_of_the_rows(hub: Hub, programme: Programme) -> None:
    hub.activities.sheets.collection.update_one(
        {"_id": programme.session}, {"$inc": {"present": 1}}
    )
    (found,) = audited(hub, ("attendance: rows → totals", "differs"))
    assert found["ids"] == {"session": programme.session}


def test_scores_that_are_not_those_of_the_rows(hub: Hub, programme: Programme) -> None:
    key = f"{programme.session}:{programme.people[0]}"
    hub.activities.lines.collection.update_one({"_id": key}, {"$set": {"post": 90}})
    (found,) = audited(hub, ("attendance: rows → totals", "differs"))
    assert found["ids"] == {"session": programme.session}


def test_a_lost_step_of_a_sheet(hub: Hub, programme: Programme) -> None:
    step = {"subject": programme.session, "sequence": 2}
    lost = {row["_id"] for row in hub.activities.outbox.collection.find(step)}
    hub.activities.outbox.collection.delete_many(step)
    unpublished = ("logged → published", "missing")  # in version 1 and in version 2
    found = audited(hub, ("attendance: stored → logged", "missing"), unpublished, unpublished)
    assert found[0]["ids"] == {"session": programme.session, "sequence": 2}
    assert {each["ids"]["event"] for each in found[1:]} == lost


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
