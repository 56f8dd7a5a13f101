"""Who is given to another chapter, and taken back, is told to the service; and the list of them."""

from __future__ import annotations

from typing import Any

from shared.ids import new_id
from tests.gateway_fakes import FakeServices, asking, listed

HER, GUEST = new_id(), new_id()


async def answer(services: FakeServices, query: str, **variables: Any) -> dict[str, Any]:
    async with asking(services, authorization="Bearer chapter") as client:
        sent = await client.post("/graphql", json={"query": query, "variables": variables})
    body: dict[str, Any] = sent.json()
    return body


def receipts(*problems: dict[str, Any], status: str) -> dict[str, Any]:
    told = {"row": 0, "id": GUEST, "status": status, "version": 1, "problems": list(problems)}
    return {"pushes": [{"receipts": [told]}]}


async def test_a_guest_is_asked_for_under_the_id_that_its_chapter_made() -> None:
    services = FakeServices({"participants.invite": lambda _: receipts(status="CREATED")})
    told = await answer(
        services,
        """mutation($guest: ID!, $her: ID!) {
            inviteParticipants(
                items: [{id: $guest, participantId: $her, chapter: "NE"}], pushId: $guest
            ) { created receipts { id status } }
        }""",
        guest=GUEST,
        her=HER,
    )
    [asked] = services.asked("participants.invite")
    [push] = asked["pushes"]
    assert push["items"] == [{"id": GUEST, "participant_id": HER, "chapter": "NE"}]
    assert (push["push_id"], push["dry_run"]) == (GUEST, False)
    assert told["data"]["inviteParticipants"] == {
        "created": 1,
        "receipts": [{"id": GUEST, "status": "CREATED"}],
    }


async def test_a_guest_is_taken_back_for_a_reason() -> None:
    wrong = {"code": "NOT_FOUND", "path": ["id"], "params": {}}
    services = FakeServices(
        {"participants.withdraw_guests": lambda _: receipts(wrong, status="REJECTED")}
    )
    told = await answer(
        services,
        """mutation($guest: ID!) {
            withdrawGuests(items: [{id: $guest, reason: "went home"}]) {
                receipts { problems { code path } }
            }
        }""",
        guest=GUEST,
    )
    [asked] = services.asked("participants.withdraw_guests")
    assert asked["pushes"][0]["items"] == [{"id": GUEST, "reason": "went home"}]
    [receipt] = told["data"]["withdrawGuests"]["receipts"]
    assert receipt["problems"] == [{"code": "NOT_FOUND", "path": ["items", "0", "id"]}]


async def test_guests_are_listed_with_their_chapters_and_their_people() -> None:
    shown = {
        "id": GUEST,
        "participant_id": HER,
        "chapter": "NE",
        "home": "ML",
        "version": 1,
        "withdrawn": False,
        "created_at": "2021-06-01T00:00:00Z",
        "updated_at": "2021-06-01T00:00:00Z",
        "status_reason": None,
    }
    services = FakeServices({"participants.guests": lambda _: listed(shown)})
    told = await answer(
        services,
        """query($her: ID!) {
            guests(participantIds: [$her]) {
                nodes { id participantId chapter { code } home { code } withdrawn statusReason }
            }
        }""",
        her=HER,
    )
    [asked] = services.asked("participants.guests")
    assert asked["participant_ids"] == [HER]
    assert told["data"]["guests"]["nodes"] == [
        {
            "id": GUEST,
            "participantId": HER,
            "chapter": {"code": "NE"},
            "home": {"code": "ML"},
            "withdrawn": False,
            "statusReason": None,
        }
    ]
