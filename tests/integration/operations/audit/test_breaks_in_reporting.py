"""Whatever is broken in the figures' own copies and sets, the audit names it."""

from __future__ import annotations

from bson.binary import Binary
from pyroaring import BitMap

from tests.integration.operations.audit.audit_world import Hub, Programme, audited, findings, stage
from tests.world import items


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
    hub.world.record({"session_id": programme.other, "rows": items.present(programme.people[4])})
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


def test_only_the_asked_number_is_named_and_all_are_counted(hub: Hub) -> None:
    hub.db("reporting")["inbox"].delete_many({})
    told = hub.audit(most=2)
    compared = stage(told, "published → reporting")
    assert compared["missing"] == compared["expected"] > 2
    assert len([each for each in told["findings"] if each["stage"] == compared["stage"]]) == 2


def test_a_test_score_that_reporting_gives_to_somebody_else(hub: Hub, programme: Programme) -> None:
    sessions = hub.db("reporting")["sessions"]
    [[number, pre, post]] = (sessions.find_one({"_id": programme.session}) or {})["tests"]
    moved = {"tests": [[number + 1, pre, post]]}
    sessions.update_one({"_id": programme.session}, {"$set": moved})
    [finding] = audited(hub, ("attendance: claimed → reporting", "differs"))
    assert "other people's test scores" in finding["text"]


def test_what_reporting_keeps_otherwise_of_a_change_in_life(hub: Hub, programme: Programme) -> None:
    person = programme.people[0]
    hub.register({"id": person, "since": "2021-03-01", "groups": ["media"]})
    hub.relay()
    assert findings(hub.audit()) == []
    people = hub.db("reporting")["people"]
    people.update_one({"_id": person}, {"$set": {"changes.0.facts": ["group/youth"]}})
    told = hub.audit()["findings"]
    assert {each["stage"] for each in told} == {
        "participant: claimed → reporting",
        "people's facts → sets of people",
    }
    assert {each["ids"].get("participant", person) for each in told} == {
        person,
        f"{person}@2021-03-01",
    }
