"""What contradicts itself is refused where it stands, also when it came in two pushes; what only
looks wrong is remarked."""

from __future__ import annotations

from typing import Any

import pytest

from services.activities.definitions import ACTIVITY, PROJECT
from services.activities.rules import remarks
from services.activities.sheet_rows import read_rows
from shared.caller import Caller
from shared.ids import new_id
from shared.records import engine
from shared.records.pushes import Decision, Push, Record, Status
from tests.world.items import activity, project

MALI = Caller("chapter", "ML")


def pushed(kind: Any, item: dict[str, Any], stored: Record | None = None) -> Decision:
    def check(_: Caller, after: Record, before: Record | None) -> Any:
        return kind.problems(after.content, before.content if before else None)

    existing = {stored.id: stored} if stored else {}
    return engine.push([Push(MALI, [item])], kind.schema, existing, check)


def codes(decision: Decision) -> list[Any]:
    return [(each.code, each.path) for each in decision.receipts[0][0].problems]


def test_an_indicators_target_comes_after_its_baseline() -> None:
    said = {"id": new_id(), "title": {"fr": "Litiges réglés"}, "baseline_on": "2021-05-01"}
    right = {"id": new_id(), **project(indicators=[{**said, "target_on": "2021-05-01"}])}
    first = pushed(PROJECT, right)
    assert codes(first) == []

    late = ("TARGET_BEFORE_BASELINE", ("indicators", 0, "target_on"))
    wrong = {"id": new_id(), **project(indicators=[{**said, "target_on": "2021-04-30"}])}
    assert codes(pushed(PROJECT, wrong)) == [late]
    [write] = first.writes
    later = {"id": right["id"], "indicators": [{"id": said["id"], "baseline_on": "2021-05-02"}]}
    second = pushed(PROJECT, later, write.after)
    assert codes(second) == [late]
    assert second.receipts[0][0].status is Status.REJECTED


@pytest.mark.parametrize(
    ("first", "later", "code", "path"),
    [
        ({}, {"ends_on": "2021-09-01"}, "END_BEFORE_START", ("ends_on",)),
        (
            {"type": "publication", "publication": {"title": "x", "copies_printed": 5}},
            {"publication": {"copies_distributed": 6}},
            "MORE_THAN_PRINTED", ("publication", "copies_distributed"),
        ),
        (
            {"announced": {"total": 9, "cells": [{"count": 9}]}},
            {"announced": {"total": 8}},
            "ANNOUNCED_CELLS_EXCEED_TOTAL", ("announced", "cells"),
        ),
    ],
)  # fmt: skip
def test_a_later_push_that_names_one_of_two_contradicting_fields_is_refused_too(
    first: dict[str, Any], later: dict[str, Any], code: str, path: Any
) -> None:
    item = {"id": new_id(), "status": "held", **activity(new_id(), **first)}
    [write] = pushed(ACTIVITY, item).writes
    assert codes(pushed(ACTIVITY, {"id": item["id"], **later}, write.after)) == [(code, path)]


def told(found: Any) -> list[Any]:
    return [(each.code, each.path) for each in found]


def test_a_recommendation_due_before_its_dialogue_is_remarked() -> None:
    due = [{"due_on": "2021-09-05"}, {"due_on": "2021-09-06"}, {}]
    content = {**activity(new_id()), "dialogue": {"recommendations": due}}
    path = ("dialogue", "recommendations", 0, "due_on")
    assert told(remarks.activity_remarks(content)) == [("DUE_BEFORE_DIALOGUE", path)]


@pytest.mark.parametrize(("days", "remarked"), [(2.0, False), (2.5, True), (3.0, True)])
def test_a_training_longer_than_its_activity_is_remarked(days: float, remarked: bool) -> None:
    content = {**activity(new_id()), "training": {"days": days}}
    expected = [("LONGER_THAN_ACTIVITY", ("training", "days"))] if remarked else []
    assert told(remarks.activity_remarks(content)) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ({"starts_on": "2021-09-06"}, []),
        ({"starts_on": "2021-09-07"}, [("BEFORE_PROJECT", ("starts_on",))]),
        ({"starts_on": "2021-01-01", "ends_on": "2021-09-07"}, []),
        ({"starts_on": "2021-01-01", "ends_on": "2021-09-06"}, [("AFTER_PROJECT", ("ends_on",))]),
    ],
)
def test_an_activity_outside_its_projects_days_is_remarked(
    days: dict[str, str], expected: list[Any]
) -> None:
    assert told(remarks.outside_project(activity(new_id()), days)) == expected


def test_a_concern_raised_before_its_activity_is_remarked() -> None:
    early = [("RAISED_BEFORE_ACTIVITY", ("raised_on",))]
    begins = {"starts_on": "2021-09-06"}
    assert told(remarks.raised_too_early({"raised_on": "2021-09-05"}, begins)) == early
    assert told(remarks.raised_too_early({"raised_on": "2021-09-06"}, begins)) == []


@pytest.mark.parametrize("field", ["pre_score", "post_score"])
@pytest.mark.parametrize(
    ("said", "code"),
    [
        (57.5, None),
        (57.25, None),
        (100, None),
        (57.555, "TOO_MANY_DECIMALS"),
        (100.01, "OUT_OF_RANGE"),
        (-0.5, "OUT_OF_RANGE"),
        ("57,5", "NOT_A_NUMBER"),
        ("57.5", "NOT_A_NUMBER"),
    ],
)
def test_a_score_may_have_two_decimals_and_whatever_else_is_told_once(
    field: str, said: Any, code: str | None
) -> None:
    row = {"participant_id": new_id(), "status": "present", field: said}
    [read] = read_rows([{"session_id": new_id(), "rows": [row]}])
    told = [] if code is None else [(code, (field,))]
    assert [(each.code, each.path) for each in read.problems] == told
    if code is None and read.given is not None:
        assert said in (read.given.pre, read.given.post)
