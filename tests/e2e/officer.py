"""An officer of a chapter who says one thing at a time, and looks at what the hub made of it."""

from __future__ import annotations

from typing import Any

from shared.ids import new_id
from tests.e2e.client import COUNTS, MOVE, PUSH_PROJECTS, Client
from tests.world import graphql

Receipt = dict[str, Any]

_WRITES = {
    "registerParticipants": "ParticipantInput",
    "withdrawParticipants": "TombstoneInput",
    "reinstateParticipants": "TombstoneInput",
    "pushProjects": "ProjectInput",
    "withdrawProjects": "TombstoneInput",
    "reinstateProjects": "TombstoneInput",
    "pushConcerns": "ConcernInput",
    "pushOrganisations": "OrganisationInput",
}


class Officer:
    """Says things under a chapter's key; each answer is the receipt of the one item said."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.project_id = new_id()
        client.ask(PUSH_PROJECTS, items=[graphql.project(id=self.project_id)])

    def say(self, mutation: str, *items: Any, push_id: str | None = None) -> list[Receipt]:
        document = f"""mutation($items: [{_WRITES[mutation]}!]!, $pushId: ID) {{
            {mutation}(items: $items, pushId: $pushId) {{ {COUNTS} }} }}"""
        receipts: list[Receipt] = self.client.ask(document, items=list(items), pushId=push_id)[
            "receipts"
        ]
        return receipts

    def person(self, **said: Any) -> Receipt:
        """A person as said; of a new one the least there must be."""
        push_id = said.pop("push_id", None)
        item = said if "id" in said else graphql.person(**said)
        [receipt] = self.say("registerParticipants", item, push_id=push_id)
        return receipt

    def activity(self, **said: Any) -> Receipt:
        item = said if "id" in said else graphql.activity(self.project_id, **said)
        [receipt] = self.client.push(activities=[item])["activities"]["receipts"]
        return dict(receipt)

    def attends(self, session_id: str, person_id: str, **said: Any) -> Receipt:
        row = {"participantId": person_id, "status": "present", **said}
        pushed = [{"sessionId": session_id, "rows": [row]}]
        [receipt] = self.client.push(attendance=pushed)["attendance"]["receipts"]
        return dict(receipt)

    def moves(self, from_session: str, to_session: str, *people: str) -> list[Receipt]:
        asked = {"from": from_session, "to": to_session, "who": list(people)}
        receipts: list[Receipt] = self.client.ask(MOVE, **asked)["receipts"]
        return receipts

    def reads(self, record: str, record_id: str, fields: str) -> dict[str, Any]:
        """`fields` of a `participant`, `activity`, `project`…"""
        document = f"query($id: ID!) {{ {record}(id: $id) {{ {fields} }} }}"
        found: dict[str, Any] = self.client.ask(document, id=record_id)
        return found


def codes(receipt: Receipt) -> list[str]:
    return [each["code"] for each in receipt["problems"]]
