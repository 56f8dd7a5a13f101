"""One push through several services: who is asked for what, in which order, and who answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gateway.engine.coercion import coerce_variables
from gateway.engine.completion import execute
from gateway.engine.documents import Documents
from gateway.schema import schema
from shared.errors import Refused, Unavailable
from shared.ids import new_id
from tests.gateway_fakes import FakeServices, accept, context

COUNTS = """{ created updated unchanged rejected dryRun
  receipts { row sheet id status version problems { code field path message } } }"""
PUSH = (
    "mutation($input: PushActivitiesInput!) { pushActivities(input: $input) {"
    f" participants {COUNTS} activities {COUNTS} attendance {COUNTS} }} }}"
)
A, B, C, D = (new_id() for _ in range(4))
SESSION = new_id()


def services(
    *, unknown: tuple[str, ...] = (), bad: Mapping[str, str] | None = None
) -> FakeServices:
    """Services that reject the ids in `bad` with their codes."""

    def judge(item: Mapping[str, Any]) -> str | None:
        return (bad or {}).get(item.get("participant_id") or item.get("id") or "")

    method = accept(judge)
    return FakeServices(
        {
            "participants.push": method,
            "participants.vouch": lambda r: {"unknown": [i for i in r["ids"] if i in unknown]},
            "activities.push": method,
            "activities.record_attendance": method,
        }
    )


async def push(behind: FakeServices, lang: str = "en", **given: Any) -> Any:
    document = Documents(schema()).get(PUSH)
    operation = document.operation(None)
    variables = coerce_variables(schema(), operation.variable_definitions or (), {"input": given})
    assert isinstance(variables, dict), variables
    result = await execute(
        schema(), operation, document.fragments, variables, context(behind, lang=lang)
    )
    if result.errors:
        raise result.errors[0].original_error or result.errors[0]
    assert result.data is not None
    return result.data["pushActivities"]


def sheet(*people: str, session: str = SESSION) -> dict[str, Any]:
    return {"sessionId": session, "rows": [{"participantId": each} for each in people]}


def told(result: Mapping[str, Any]) -> list[tuple[int, str, list[str]]]:
    return [
        (r["row"], r["status"], [problem["code"] for problem in r["problems"]])
        for r in result["receipts"]
    ]


async def test_people_go_first_then_the_activities_then_the_attendance() -> None:
    behind = services()
    await push(behind, participants=[{"id": A}], activities=[{"id": C}], attendance=[sheet(A, B)])
    assert [name for name, _ in behind.calls] == [
        "participants.push",
        "participants.vouch",
        "activities.push",
        "activities.record_attendance",
    ]
    assert behind.asked("participants.vouch")[0]["ids"] == [B], "whom this push registers is known"


async def test_only_services_that_are_needed_are_asked() -> None:
    behind = services()
    await push(behind, activities=[{"id": C}])
    assert [name for name, _ in behind.calls] == ["activities.push"]


async def test_rows_of_strangers_are_answered_at_their_place_and_only_tried() -> None:
    behind = services(unknown=(B,))
    result = await push(behind, attendance=[sheet(A, B), sheet(B), sheet(C, B, D)])
    assert told(result["attendance"]) == [
        (0, "CREATED", []),
        (1, "REJECTED", ["UNKNOWN_PARTICIPANT"]),
        (2, "REJECTED", ["UNKNOWN_PARTICIPANT"]),
        (3, "CREATED", []),
        (4, "REJECTED", ["UNKNOWN_PARTICIPANT"]),
        (5, "CREATED", []),
    ]
    assert [r["sheet"] for r in result["attendance"]["receipts"]] == [0, 0, 1, 2, 2, 2]
    assert result["attendance"]["receipts"][4]["problems"][0]["path"] == [
        *("attendance", "2", "rows", "1", "participantId"),
    ]
    sent, tried = (each["pushes"][0] for each in behind.asked("activities.record_attendance"))
    assert [[row["participant_id"] for row in each["rows"]] for each in sent["items"]] == [
        [A],
        [C, D],
    ]
    assert [len(each["rows"]) for each in tried["items"]] == [1, 1, 1]
    assert (sent["dry_run"], tried["dry_run"], tried["mode"]) == (False, True, "per_item")


async def test_a_strangers_row_is_told_what_else_is_wrong_with_it() -> None:
    behind = services(unknown=(B,), bad={B: "OUT_OF_RANGE"})
    result = await push(behind, attendance=[sheet(B)])
    assert told(result["attendance"]) == [(0, "REJECTED", ["UNKNOWN_PARTICIPANT", "OUT_OF_RANGE"])]


async def test_whom_this_very_push_could_not_register_cannot_attend() -> None:
    behind = services(bad={A: "REQUIRED"})
    result = await push(behind, participants=[{"id": A}, {"id": B}], attendance=[sheet(A, B)])
    assert told(result["attendance"]) == [
        (0, "REJECTED", ["UNKNOWN_PARTICIPANT", "REQUIRED"]),  # of the row, the services say it too
        (1, "CREATED", []),
    ]


async def test_an_id_written_in_capitals_is_the_same_person() -> None:
    behind = services(unknown=(B,))
    result = await push(behind, participants=[{"id": A}], attendance=[sheet(A.upper(), B.upper())])
    assert [r["status"] for r in result["attendance"]["receipts"]] == ["CREATED", "REJECTED"]


@pytest.mark.parametrize(
    "lists",
    [
        {"activities": [{}] * 501},
        {"participants": [{}] * 501},
        {"attendance": [sheet(*[A] * 300), sheet(*[A] * 201)]},
    ],
    ids=lambda lists: next(iter(lists)),
)
async def test_a_501st_item_is_refused_before_anything_is_sent(lists: dict[str, Any]) -> None:
    behind = services()
    with pytest.raises(Refused, match="TOO_MANY_ITEMS"):
        await push(behind, participants=lists.pop("participants", [{"id": A}]), **lists)
    assert behind.calls == []


async def test_a_problem_names_field_and_path_as_the_client_does_in_its_language() -> None:
    behind = services(bad={C: "REQUIRED"})
    result = await push(behind, lang="fr", activities=[{"id": A}, {"id": C}])
    assert result["activities"]["receipts"][1]["problems"] == [
        {
            "code": "REQUIRED",
            "field": "someField[1]",
            "path": ["activities", "1", "someField", "1"],
            "message": "Ce champ est obligatoire.",
        }
    ]


async def test_counts_are_those_of_the_receipts() -> None:
    result = await push(services(bad={B: "REQUIRED"}), participants=[{"id": A}, {"id": B}])
    counted = {k: v for k, v in result["participants"].items() if k != "receipts"}
    assert counted == {"created": 1, "updated": 0, "unchanged": 0, "rejected": 1, "dryRun": False}


async def test_all_or_nothing_over_one_list_is_left_to_its_service() -> None:
    behind = services()
    await push(behind, activities=[{"id": C}], mode="ALL_OR_NOTHING")
    [request] = behind.asked("activities.push")
    assert request["pushes"][0]["mode"] == "all_or_nothing"
    assert request["pushes"][0]["dry_run"] is False


async def test_all_or_nothing_over_several_lists_tries_all_before_it_stores_any() -> None:
    behind = services(bad={B: "REQUIRED"})
    result = await push(
        behind,
        participants=[{"id": A}],
        activities=[{"id": C}],
        attendance=[sheet(A, B)],
        mode="ALL_OR_NOTHING",
    )
    assert told(result["participants"]) == [(0, "REJECTED", ["ALL_OR_NOTHING"])]
    assert told(result["activities"]) == [(0, "REJECTED", ["ALL_OR_NOTHING"])]
    assert told(result["attendance"]) == [
        (0, "REJECTED", ["ALL_OR_NOTHING"]),
        (1, "REJECTED", ["REQUIRED"]),
    ]
    writes = [request for name, request in behind.calls if name != "participants.vouch"]
    assert all(each["pushes"][0]["dry_run"] for each in writes)


async def test_all_or_nothing_stores_what_passed_the_trial() -> None:
    behind = services()
    result = await push(
        behind, participants=[{"id": A}], activities=[{"id": C}], mode="ALL_OR_NOTHING"
    )
    assert result["activities"]["created"] == 1
    assert [
        each["pushes"][0]["dry_run"]
        for name in ("participants.push", "activities.push")
        for each in behind.asked(name)
    ] == [True, False, True, False]


async def test_a_dry_run_foresees_the_sessions_that_the_push_would_make() -> None:
    behind = services(bad={A: "UNKNOWN_SESSION", B: "UNKNOWN_SESSION"})
    other = new_id()
    result = await push(
        behind,
        activities=[{"id": C, "sessions": [{"id": SESSION.upper()}]}],
        attendance=[sheet(A), sheet(B, session=other)],
        dryRun=True,
    )
    assert told(result["attendance"]) == [
        (0, "CREATED", []),
        (1, "REJECTED", ["UNKNOWN_SESSION"]),
    ]


async def test_a_dry_run_tells_what_is_wrong_with_a_row_beside_the_session_to_come() -> None:
    behind = services(unknown=(A,), bad={A: "UNKNOWN_SESSION"})
    result = await push(
        behind, activities=[{"id": C}], attendance=[sheet(A, session=C)], dryRun=True
    )
    assert told(result["attendance"]) == [(0, "REJECTED", ["UNKNOWN_PARTICIPANT"])]


async def test_a_dry_run_foresees_no_session_of_an_activity_that_would_be_rejected() -> None:
    behind = services(bad={A: "UNKNOWN_SESSION", C: "REQUIRED"})
    result = await push(
        behind, activities=[{"id": C}], attendance=[sheet(A, session=C)], dryRun=True
    )
    assert told(result["attendance"]) == [(0, "REJECTED", ["UNKNOWN_SESSION"])]


async def test_a_service_that_is_down_fails_the_push_as_retryable() -> None:
    behind = services()

    def down(_: Any) -> Any:
        raise Unavailable

    behind.methods["activities.push"] = down
    with pytest.raises(Unavailable):
        await push(behind, participants=[{"id": A}], activities=[{"id": C}])


async def test_names_in_clear_reach_the_services_in_their_spelling() -> None:
    behind = services()
    await push(behind, activities=[{"id": C, "clear": ["endsOn", "venue"]}])
    [request] = behind.asked("activities.push")
    assert request["pushes"][0]["items"][0]["clear"] == ["ends_on", "venue"]


async def test_a_push_is_known_to_every_service_by_the_id_that_its_client_gave_it() -> None:
    behind, push_id = services(), new_id()
    await push(
        behind,
        participants=[{"id": A}],
        activities=[{"id": C}],
        attendance=[sheet(A)],
        pushId=f" {push_id.upper()} ",
    )
    sent = [request["pushes"][0]["push_id"] for _, request in behind.calls if "pushes" in request]
    assert sent == [push_id] * 3


@pytest.mark.parametrize("none", [None, "", "  "])
async def test_a_push_without_an_id_has_none(none: str | None) -> None:
    behind = services()
    await push(behind, activities=[{"id": C}], pushId=none)
    assert behind.calls[0][1]["pushes"][0]["push_id"] is None


@pytest.mark.parametrize(
    "wrong",
    ["push 1", "00000000-0000-0000-0000-000000000000", "0197a0c2-5b1e-7cc3-9d27-2f1c3a5e8d0"],
)
async def test_an_id_of_a_push_that_is_none_refuses_it_before_anything_is_sent(wrong: str) -> None:
    behind = services()
    with pytest.raises(Refused) as caught:
        await push(behind, activities=[{"id": C}], pushId=wrong)
    assert (caught.value.code, caught.value.params["path"]) == ("INVALID_ID", ["input", "pushId"])
    assert behind.calls == []


async def test_a_late_repetition_stands_although_the_person_is_gone_since() -> None:
    behind = services(unknown=(B,))
    applied = {"code": "ALREADY_APPLIED", "path": [], "params": {"version": 1}}

    def repeated(request: Mapping[str, Any]) -> dict[str, Any]:
        receipts = [
            {"row": row, "id": each["participant_id"], "sheet": 0, "status": "UNCHANGED",
             "version": 1, "problems": [applied]}
            for row, each in enumerate(request["pushes"][0]["items"][0]["rows"])
        ]  # fmt: skip
        return {"pushes": [{"receipts": receipts}]}

    behind.methods["activities.record_attendance"] = repeated
    told = (await push(behind, attendance=[sheet(A, B)], pushId=new_id()))["attendance"]
    assert (told["unchanged"], told["rejected"]) == (2, 0)
