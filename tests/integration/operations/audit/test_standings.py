"""Who counts: with a person withdrawn and two who are one the audit is clean, and names what of it
is broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.participants.handlers import people as participants
from services.participants.handlers import standings
from shared.caller import Caller
from shared.records.pushes import Write
from shared.store.mongo import Tx
from tests.integration.operations.audit.audit_world import (
    Hub,
    Programme,
    audited,
    findings,
    stage,
)
from tests.integration.services.participants import participants_world

ROWS = "attendance: standing → rows"


@pytest.fixture
def stood(hub: Hub, programme: Programme) -> Hub:
    """The second person is withdrawn and the fourth is the first: both on the other sheet."""
    first, second, _, fourth, _ = programme.people
    participants_world.push(
        hub.people, {"id": second, "reason": "asked for it"}, use=participants.withdraw
    )
    tombstone = {"id": fourth, "reason": "registered twice"}
    participants_world.push(hub.people, tombstone, use=participants.withdraw)
    participants_world.push(hub.people, tombstone, use=participants.reinstate)

    def merge(tx: Tx) -> None:
        """As the step would that merges, told of the last."""
        hub.people.outbox.collection.delete_many(
            {"subject": fourth, "type": "standing.changed"}, session=tx.session
        )
        writes = [Write(None, each, "merged", Caller("")) for each in hub.people.bare(tx, [fourth])]
        standings.tell(tx, hub.people, writes, {fourth: first})

    hub.people.transact(merge)
    hub.relay()
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    hub.activities.standings.collection.update_many(
        {}, {"$set": {"at": long_ago}, "$unset": {"again": ""}}
    )
    return hub


def test_what_followed_everywhere_is_clean(stood: Hub, programme: Programme) -> None:
    told = stood.audit()
    assert findings(told) == []
    assert told["clean"] is True
    for name, count in (
        (ROWS, 4),  # two on either sheet: of four on the other, one is gone and two are one
        ("attendance: claimed → reporting", 4),
        ("standing: stored → logged", 3),
        ("standing: claimed → activities", 3),
        ("participant: stored → standing", 2),
    ):
        assert (stage(told, name)["expected"], stage(told, name)["found"]) == (count, count), name


def test_a_row_that_counts_of_whoever_is_withdrawn(stood: Hub, programme: Programme) -> None:
    key = f"{programme.other}:{programme.people[1]}"
    stood.activities.lines.collection.update_one({"_id": key}, {"$unset": {"in": ""}})
    found = audited(
        stood,
        (ROWS, "double"),
        ("attendance: rows → totals", "differs"),
        ("attendance: stored → logged", "missing"),
    )
    assert found[0]["ids"] == {"session": programme.other, "participant": programme.people[1]}


def test_a_sheet_that_never_followed(stood: Hub, programme: Programme) -> None:
    """As if activities had heard of a withdrawal and done nothing."""
    third = programme.people[2]
    heard = {"withdrawn": True, "merged_into": None, "version": 1, "at": datetime.now(UTC)}
    stood.activities.standings.collection.insert_one({"_id": third, **heard, "again": True})
    nobody_said = ("standing: claimed → activities", "differs")
    assert findings(stood.audit()) == [nobody_said], "the sheets may still be about to follow"
    late = {"at": datetime.now(UTC) - timedelta(minutes=11)}
    stood.activities.standings.collection.update_one({"_id": third}, {"$set": late})
    found = audited(stood, (ROWS, "double"), (ROWS, "double"), nobody_said)
    assert {each["ids"]["session"] for each in found[:2]} == {programme.session, programme.other}


def test_a_withdrawal_that_was_not_told(stood: Hub, programme: Programme) -> None:
    second = programme.people[1]
    stood.people.standings.collection.delete_one({"_id": second})
    stood.people.outbox.collection.delete_many({"subject": second, "type": "standing.changed"})
    told = findings(stood.audit())
    assert ("participant: stored → standing", "missing") in told
    standings.tell_ill_told(stood.people)
    stood.relay()
    assert ("participant: stored → standing", "missing") not in findings(stood.audit())


def test_activities_that_keep_another_standing_than_was_told(
    stood: Hub, programme: Programme
) -> None:
    stood.activities.standings.collection.update_one(
        {"_id": programme.people[1]}, {"$set": {"merged_into": programme.people[2]}}
    )
    assert ("standing: claimed → activities", "differs") in findings(stood.audit())
