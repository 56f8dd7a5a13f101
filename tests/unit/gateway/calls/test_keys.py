"""Keys that lead from one service into another become ids on the way, by one question each, and
only where somebody names a key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.ids import new_id
from tests.gateway_fakes import FakeServices, accept, asking
from tests.unit.gateway.calls.test_pushes import push, services, told

AWA, MOUSSA, ACTIVITY = (new_id() for _ in range(3))
SESSION = new_id()


def kobo(key: str) -> dict[str, str]:
    return {"system": "kobo", "key": key}


def behind(**leads: str) -> FakeServices:
    """Services in which these keys lead to these ids."""

    def lead(request: Mapping[str, Any]) -> Any:
        return {"ids": [leads.get(each["ref"].get("key", "")) for each in request["items"]]}

    made = services()
    made.methods |= {"participants.lead": lead, "activities.lead": lead}
    return made


def sheet(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"sessionId": SESSION, "rows": list(rows)}


def recorded(services: FakeServices) -> list[Any]:
    """Who is on the sheets that went to be stored."""
    return [
        row
        for request in services.asked("activities.record_attendance")
        for each in request["pushes"]
        if not each["dry_run"]
        for parcel in each["items"]
        for row in parcel["rows"]
    ]


async def test_people_on_sheets_are_named_by_keys_and_asked_for_once() -> None:
    hub = behind(awa=AWA, moussa=MOUSSA)
    rows: list[dict[str, Any]] = [
        {"participantRef": kobo("awa")},
        {"participantRef": kobo("moussa"), "status": "absent"},
    ]
    result = await push(hub, attendance=[sheet(*rows), sheet(rows[0])])
    assert [receipt["status"] for receipt in result["attendance"]["receipts"]] == ["CREATED"] * 3
    assert recorded(hub) == [
        {"participant_id": AWA},
        {"participant_id": MOUSSA, "status": "absent"},
        {"participant_id": AWA},
    ]
    assert len(hub.asked("participants.lead")) == 1


async def test_a_push_without_keys_asks_nobody_about_keys() -> None:
    hub = behind()
    await push(hub, participants=[{"id": AWA}], attendance=[sheet({"participantId": AWA})])
    assert not hub.asked("participants.lead")


@pytest.mark.parametrize("dry_run", [True, False])
async def test_whom_the_push_itself_registers_is_known_by_their_keys(dry_run: bool) -> None:
    hub = behind()
    people = [{"id": AWA, "externalRefs": [kobo("awa")]}]
    rows = [{"participantRef": {"system": "KOBO", "key": " awa "}}]
    result = await push(hub, participants=people, attendance=[sheet(*rows)], dryRun=dry_run)
    assert told(result["attendance"]) == [(0, "CREATED", [])]
    assert not hub.asked("participants.lead")


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"participantRef": kobo("nobody")}, "UNKNOWN_PARTICIPANT"),
        ({"participantRef": kobo("nobody"), "status": "removed"}, "UNKNOWN_PARTICIPANT"),
        ({"participantRef": {"key": "awa"}}, "INVALID_REF"),
        ({"participantRef": kobo("awa"), "participantId": MOUSSA}, "REF_OF_ANOTHER"),
    ],
    ids=["unknown", "removed", "half", "contradiction"],
)
async def test_a_row_whose_key_leads_nowhere_is_refused_at_the_key(
    row: dict[str, Any], code: str
) -> None:
    hub = behind(awa=AWA)
    result = await push(hub, attendance=[sheet({"participantRef": kobo("awa")}, row)])
    good, bad = result["attendance"]["receipts"]
    assert (good["status"], good["id"]) == ("CREATED", AWA)
    assert (bad["status"], bad["id"]) == ("REJECTED", None)
    assert [(each["code"], each["field"]) for each in bad["problems"]] == [(code, "participantRef")]
    assert recorded(hub) == [{"participant_id": AWA}]


NOMINATE = """mutation($items: [NominationInput!]!) { nominateParticipants(items: $items) {
  receipts { status problems { code field } } } }"""


async def nominated(hub: FakeServices, **item: Any) -> Any:
    async with asking(hub, authorization="Bearer chapter") as client:
        body = {"query": NOMINATE, "variables": {"items": [item]}}
        answer = await client.post("/graphql", json=body)
    assert "errors" not in answer.json(), answer.text
    [request] = hub.asked("participants.push")
    return request["pushes"][0]["items"][0]


async def test_what_a_nomination_is_for_is_named_by_a_key() -> None:
    item = await nominated(behind(a=ACTIVITY), participantRef=kobo("awa"), activityRef=kobo("a"))
    # Whom it is about, its own service knows.
    assert item == {"participant_ref": kobo("awa"), "activity_id": ACTIVITY}


@pytest.mark.parametrize("item", [{}, {"activityId": SESSION}])
async def test_a_key_that_leads_nowhere_or_elsewhere_stays_for_the_service_to_refuse(
    item: dict[str, Any],
) -> None:
    sent = await nominated(behind(b=ACTIVITY), activityRef=kobo("b" if item else "a"), **item)
    assert sent["activity_ref"]["system"] == "kobo"


async def test_a_dry_run_foresees_sessions_of_activities_without_ids() -> None:
    hub = behind(awa=AWA)
    hub.methods["activities.push"] = accept()
    activities = [{"id": ACTIVITY, "externalRefs": [kobo("a")]}]
    by_key = {"sessionRef": kobo("a"), "rows": [{"participantId": AWA}]}
    await push(hub, activities=activities, attendance=[by_key], dryRun=True)
    [request] = hub.asked("activities.record_attendance")
    [sent] = request["pushes"]
    assert sent["items"][0]["session_ref"] == kobo("a")
    assert [each["id"] for each in sent["activities"]] == [ACTIVITY]
