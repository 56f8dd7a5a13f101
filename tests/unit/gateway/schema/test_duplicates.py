"""What is said of people who look alike reaches their service, and its answer whoever said it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.ids import new_id
from tests.gateway_fakes import FakeServices, asking

ONE, OTHER = sorted((new_id(), new_id()))
PAIR = {"participant_ids": [ONE, OTHER], "chapter": "ML", "by": "k", "at": "2026-01-01T00:00:00Z"}
PEOPLE = {"items": [{"id": each, "given_name": name} for each, name in ((ONE, "A"), (OTHER, "B"))]}


async def answer(services: FakeServices, query: str, **variables: Any) -> dict[str, Any]:
    async with asking(services, authorization="Bearer chapter") as client:
        sent = await client.post("/graphql", json={"query": query, "variables": variables})
    body: dict[str, Any] = sent.json()
    return body


@pytest.mark.parametrize(
    ("field", "method"),
    [("notDuplicates", "decide_distinct"), ("takeBackNotDuplicates", "take_back_distinct")],
)
async def test_what_is_said_of_pairs_reaches_the_service(field: str, method: str) -> None:
    services = FakeServices(
        {
            f"participants.{method}": lambda _: {"pairs": [PAIR], "changed": 1},
            "participants.get_many": lambda _: PEOPLE,
        }
    )
    push_id = new_id()
    told = await answer(
        services,
        f"""mutation($ids: [ID!]!, $pushId: ID) {{
            {field}(ids: $ids, dryRun: true, pushId: $pushId) {{
                changed dryRun
                pairs {{ participantIds by chapter {{ code }} participants {{ givenName }} }}
            }}
        }}""",
        ids=[OTHER, ONE],
        pushId=push_id.upper(),
    )
    [asked] = services.asked(f"participants.{method}")
    del asked["caller"]  # type: ignore[attr-defined]
    assert asked == {"ids": [OTHER, ONE], "dry_run": True, "push_id": push_id}
    [pair] = told["data"][field].pop("pairs")
    assert told["data"][field] == {"changed": 1, "dryRun": True}
    assert pair == {
        "participantIds": [ONE, OTHER],
        "by": "k",
        "chapter": {"code": "ML"},
        "participants": [{"givenName": "A"}, {"givenName": "B"}],
    }


async def test_whoever_is_pushed_learns_in_the_receipt_whom_they_look_like() -> None:
    remark = {"code": "POSSIBLE_DUPLICATE", "path": ["id"], "params": {"ids": [ONE]}}
    receipt = {"row": 0, "id": OTHER, "status": "CREATED", "version": 1, "problems": [remark]}
    services = FakeServices(
        {"participants.push": lambda _: {"pushes": [{"receipts": [receipt]}]}},
    )
    told = await answer(
        services,
        """mutation($people: [ParticipantInput!]!) {
            registerParticipants(items: $people) {
                receipts { status problems { code field ids message } }
            }
        }""",
        people=[{"id": OTHER, "familyName": "Koulibaly"}],
    )
    [row] = told["data"]["registerParticipants"]["receipts"]
    [problem] = row["problems"]
    assert (row["status"], problem["code"], problem["ids"]) == (
        "CREATED",
        "POSSIBLE_DUPLICATE",
        [ONE],
    )
    assert ONE in problem["message"]
