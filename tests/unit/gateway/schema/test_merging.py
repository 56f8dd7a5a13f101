"""Who is made one, and separated again, is told to the service in its words, and back in ours."""

from __future__ import annotations

from typing import Any

from shared.ids import new_id
from tests.gateway_fakes import FakeServices, asking

HER, TWIN = new_id(), new_id()


async def answer(services: FakeServices, query: str, **variables: Any) -> dict[str, Any]:
    async with asking(services, authorization="Bearer chapter") as client:
        sent = await client.post("/graphql", json={"query": query, "variables": variables})
    body: dict[str, Any] = sent.json()
    return body


def receipt(row: int, identifier: str, *problems: Any, status: str = "UPDATED") -> dict[str, Any]:
    told = [{"code": code, "path": list(path), "params": {}} for code, *path in problems]
    return {"row": row, "id": identifier, "status": status, "version": 2, "problems": told}


async def test_a_merge_is_asked_for_and_shown_field_by_field() -> None:
    shown = {
        "receipts": [receipt(0, HER), receipt(1, TWIN)],
        "fields": [
            {"field": "birth_year", "says": {HER: None, TWIN: 1980}, "from": TWIN, "value": 1980}
        ],
        "doubled": [{"target": "a", "nominations": ["m", "n"]}],
    }
    services = FakeServices({"participants.merge": lambda _: shown})
    told = await answer(
        services,
        """mutation($her: ID!, $twin: ID!) {
            mergeParticipants(
                winner: $her, losers: [$twin], reason: "twice", dryRun: true,
                take: [{field: "birthYear", from: $twin}],
                expectedVersions: [{id: $twin, version: 3}]
            ) {
                result { updated dryRun receipts { row id status } }
                fields { field says { id value } from value }
                doubled { target nominations }
            }
        }""",
        her=HER,
        twin=TWIN,
    )
    [asked] = services.asked("participants.merge")
    assert {name: value for name, value in asked.items() if name != "caller"} == {
        "winner": HER,
        "losers": [TWIN],
        "take": [{"field": "birth_year", "from": TWIN}],
        "reason": "twice",
        "expected_versions": [{"id": TWIN, "version": 3}],
        "dry_run": True,
        "push_id": None,
    }
    assert told["data"]["mergeParticipants"] == {
        "result": {
            "updated": 2,
            "dryRun": True,
            "receipts": [
                {"row": row, "id": each, "status": "UPDATED"}
                for row, each in enumerate((HER, TWIN))
            ],
        },
        "fields": [
            {
                "field": "birthYear",
                "says": [{"id": HER, "value": None}, {"id": TWIN, "value": "1980"}],
                "from": TWIN,
                "value": "1980",
            }
        ],
        "doubled": [{"target": "a", "nominations": ["m", "n"]}],
    }


async def test_a_problem_is_told_where_it_was_said() -> None:
    wrong = [
        receipt(0, HER, ("UNKNOWN_FIELD", "take", 0, "field"), ("WITHDRAWN", "id")),
        receipt(1, TWIN, ("VERSION_CONFLICT", "expected_version")),
    ]
    services = FakeServices(
        {"participants.merge": lambda _: {"receipts": wrong, "fields": [], "doubled": []}}
    )
    told = await answer(
        services,
        """mutation($her: ID!, $twin: ID!) {
            mergeParticipants(winner: $her, losers: [$twin], reason: "twice") {
                result { receipts { problems { code path } } }
            }
        }""",
        her=HER,
        twin=TWIN,
    )
    found = told["data"]["mergeParticipants"]["result"]["receipts"]
    assert [[(p["code"], p["path"]) for p in each["problems"]] for each in found] == [
        [("UNKNOWN_FIELD", ["take", "0", "field"]), ("WITHDRAWN", ["winner", "id"])],
        [("VERSION_CONFLICT", ["losers", "0", "expectedVersion"])],
    ]


async def test_a_separation_tells_what_stays_with_the_winner() -> None:
    shown = {
        "receipts": [receipt(0, TWIN)],
        "fields": [{"id": TWIN, "field": "birth_year", "became": "kept"}],
        "doubled": [],
    }
    services = FakeServices({"participants.separate": lambda _: shown})
    push_id = new_id()
    told = await answer(
        services,
        """mutation($twin: ID!, $pushId: ID) {
            separateParticipants(losers: [$twin], reason: "sisters", pushId: $pushId) {
                result { updated } fields { id field became }
            }
        }""",
        twin=TWIN,
        pushId=push_id.upper(),
    )
    assert told["data"]["separateParticipants"] == {
        "result": {"updated": 1},
        "fields": [{"id": TWIN, "field": "birthYear", "became": "kept"}],
    }
    [asked] = services.asked("participants.separate")
    assert (asked["losers"], asked["push_id"], asked["dry_run"]) == ([TWIN], push_id, False)


async def test_an_old_id_is_answered_with_whom_they_are_one_with() -> None:
    her = {"id": HER, "given_name": "Awa", "merged_ids": [TWIN]}
    services = FakeServices(
        {"participants.get_many": lambda _: {"items": [her], "merged": {TWIN: HER}}}
    )
    told = await answer(
        services, "query($id: ID!) { participant(id: $id) { id givenName mergedIds } }", id=TWIN
    )
    assert told["data"]["participant"] == {"id": HER, "givenName": "Awa", "mergedIds": [TWIN]}
