"""Whatever is broken between the logs and their consumers, the audit names it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.ids import new_id
from tests.integration.operations.audit.audit_world import Hub, Programme, audited, event_of
from tests.world import items


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
    hub.world.push([items.concern()], kind="concern")
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
