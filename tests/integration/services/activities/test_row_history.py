"""Each row of a sheet as it once read, who changed it, and what brings it back."""

from __future__ import annotations

from typing import Any

import pytest

from services.activities.handlers import attendance, changes, rows
from shared.caller import Caller
from shared.errors import NotFound
from shared.ids import new_id
from tests.integration.services.activities.activities_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    World,
    codes,
    problems,
    receipts,
    request,
    statuses,
)
from tests.integration.services.activities.sheets_world import deltas, people, replayed, stored
from tests.world.items import present

NOBODY = "0190a5b0-0000-7000-8000-000000000001"


def said(world: World, session: str, who: str, **row: Any) -> None:
    caller = row.pop("caller", MALI)
    sheet = {"session_id": session, "rows": [{"participant_id": who, **row}]}
    assert statuses(world.record(sheet, caller=caller)) != ["REJECTED"]


def history(
    world: World, session: str, who: str, caller: Caller = MALI, **part: Any
) -> list[dict[str, Any]]:
    asked = {"caller": caller.to_dict(), "session_id": session, "participant_id": who, **part}
    items: list[dict[str, Any]] = rows.row_history(asked, world.store)["items"]
    return items


def restore(
    world: World, session: str, who: str, version: int, item: Any = (), **options: Any
) -> list[dict[str, Any]]:
    wanted = {
        "session_id": session,
        "participant_id": who,
        "version": version,
        "reason": "read wrong",
        **dict(item),
    }
    return receipts(rows.restore_rows(request([wanted], **options), world.store))


def test_every_state_of_a_row_can_be_read_and_who_made_it(world: World) -> None:
    session, who = world.held(), new_id()
    said(world, session, who, pre_score=40.5)
    said(world, session, who, post_score=70, caller=SECRETARIAT)
    said(world, session, who, status="removed")
    said(world, session, who)

    found = history(world, session, who)
    assert [(v["version"], v["status"], v["pre_score"], v["post_score"]) for v in found] == [
        (4, "present", None, None),
        (3, None, 40.5, 70),
        (2, "present", 40.5, 70),
        (1, "present", 40.5, None),
    ]
    assert [each["actor"] for each in found] == ["key-ml", "key-ml", "key-se", "key-ml"]
    assert [each["at"] for each in found] == sorted((each["at"] for each in found), reverse=True)
    # Page by page, from either end.
    asked = {"caller": MALI.to_dict(), "session_id": session, "participant_id": who}
    first = rows.row_history({**asked, "first": 3}, world.store)
    assert (first["items"], first["has_next"]) == (found[:3], True)
    rest = rows.row_history({**asked, "after": first["cursors"][-1]}, world.store)
    assert rest["items"] == found[3:]
    assert history(world, session, who, last=1) == found[3:]


def test_pushes_that_travelled_together_each_leave_their_version(world: World) -> None:
    session, who, other = world.held(), *people(2)
    sheets = [
        [{"session_id": session, "rows": [{"participant_id": each, "pre_score": score}]}]
        for each, score in ((who, 1), (other, 2), (who, 3), (who, 4))
    ]
    whole = {"pushes": [{"caller": MALI.to_dict(), "items": sheet} for sheet in sheets]}

    attendance.record(whole, world.store)
    assert [(v["version"], v["pre_score"]) for v in history(world, session, who)] == [
        (3, 4), (2, 3), (1, 1),
    ]  # fmt: skip
    logged = changes.changes(
        {"caller": MALI.to_dict(), "kind": "attendance", "id": session}, world.store
    )["items"]
    assert [each["rows"] for each in logged] == [[who], [other], [who], [who]]


def test_the_change_log_names_each_row_whatever_changed_in_it(world: World) -> None:
    session, (one, other, third) = world.held(), people(3)
    sheet = {"session_id": session, "rows": present(one, other)}
    world.record(sheet)
    said(world, session, third, status="absent")
    said(world, session, one, pre_score=5)
    said(world, session, third, status="removed")
    asked = {"caller": MALI.to_dict(), "kind": "attendance", "id": session}
    logged = changes.changes(asked, world.store)["items"]
    assert [each["rows"] for each in logged] == [sorted([one, other]), [third], [one], [third]]


def test_a_row_is_restored_with_a_reason_and_its_figures(world: World) -> None:
    session, who = world.held(), new_id()
    said(world, session, who, pre_score=40, post_score=80)
    said(world, session, who, status="absent", clear=["post_score"])

    tried = restore(world, session, who, 1, dry_run=True)
    assert (statuses(tried), len(history(world, session, who))) == (["UPDATED"], 2)
    [receipt] = restore(world, session, who, 1)
    assert (receipt["status"], receipt["version"]) == ("UPDATED", 3)
    latest = history(world, session, who)[0]
    told = {name: latest[name] for name in ("status", "pre_score", "post_score", "reason")}
    assert told == {"status": "present", "pre_score": 40, "post_score": 80, "reason": "read wrong"}
    assert latest["restored"] == 1
    assert replayed(world, session) == stored(world, session)
    assert len(deltas(world, session)) == 3

    assert statuses(restore(world, session, who, 3)) == ["UNCHANGED"]
    assert statuses(restore(world, session, who, 2)) == ["UPDATED"]
    assert stored(world, session)[0] == set()
    assert replayed(world, session) == stored(world, session)


def test_a_late_retry_of_a_restoration_changes_nothing(world: World) -> None:
    session, who, push_id = world.held(), new_id(), new_id()
    said(world, session, who, pre_score=1)
    said(world, session, who, pre_score=2)
    assert statuses(restore(world, session, who, 1, push_id=push_id)) == ["UPDATED"]
    said(world, session, who, pre_score=3)
    again = restore(world, session, who, 1, push_id=push_id)
    assert (statuses(again), codes(again)) == (["UNCHANGED"], ["ALREADY_APPLIED"])
    assert history(world, session, who)[0]["pre_score"] == 3


@pytest.mark.parametrize(
    ("item", "code", "field"),
    [
        ({"version": 9}, "NO_SUCH_VERSION", "version"),
        ({"version": None}, "REQUIRED", "version"),
        ({"version": "1"}, "NOT_A_WHOLE_NUMBER", "version"),
        ({"reason": " "}, "REQUIRED", "reason"),
        ({"expected_version": 1}, "VERSION_CONFLICT", "expected_version"),
        ({"expected_version": "1"}, "NOT_A_NUMBER", "expected_version"),
        ({"participant_id": NOBODY}, "NOT_FOUND", "participant_id"),
        ({"participant_id": "me"}, "INVALID_ID", "participant_id"),
        ({"session_id": NOBODY}, "UNKNOWN_SESSION", "session_id"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_restoration_is_told_at_its_field(
    world: World, item: dict[str, Any], code: str, field: str
) -> None:
    session, who = world.held(), new_id()
    said(world, session, who, pre_score=1)
    said(world, session, who, pre_score=2)
    [receipt] = restore(world, session, who, 1, item)
    assert problems(receipt) == [(code, [field])]
    assert history(world, session, who)[0]["pre_score"] == 2


def test_rows_are_for_those_who_may_read_the_sheet(world: World) -> None:
    session, who = world.held(), new_id()
    said(world, session, who)
    assert history(world, session, who, SECRETARIAT)
    for caller, asked in ((NIGER, who), (MALI, new_id())):
        with pytest.raises(NotFound):
            history(world, session, asked, caller)
    refused = restore(world, session, who, 1, caller=NIGER)
    assert codes(refused) == ["UNKNOWN_SESSION"]


def test_what_a_release_before_stored_is_read_without_who_and_when(world: World) -> None:
    session, who = world.held(), new_id()
    said(world, session, who, pre_score=1)
    world.store.lines.collection.update_one({"p": who}, {"$unset": {"seq": True}})
    said(world, session, who, pre_score=2)
    latest, first = history(world, session, who)
    assert (first["at"], first["actor"], first["pre_score"]) == (None, None, 1)
    assert (latest["actor"], latest["pre_score"]) == ("key-ml", 2)
