"""What is wrong with a pushed activity or concern, told by code and path."""

from __future__ import annotations

from typing import Any

import pytest

from services.activities.definitions import ACTIVITY, CONCERN, DEFINITIONS, PROJECT
from services.activities.rules import records
from shared.codes import code_list
from shared.errors import Problem
from shared.ids import new_id

SECTIONS = {"technical_training": "training", "publication": "publication", "walk": "training"}


def activity(**fields: Any) -> dict[str, Any]:
    return {
        "type": "technical_training",
        "status": "held",
        "starts_on": "2021-11-04",
        "ends_on": "2021-11-05",
        "place": "ML.BKO.BAMAKO",
        **fields,
    }


def found(content: dict[str, Any], before: dict[str, Any] | None = None) -> list[Any]:
    problems = records.activity_problems(content, before, SECTIONS)
    return [(problem.code, problem.path) for problem in problems]


def test_a_sound_activity_has_no_problem() -> None:
    session = {"id": new_id(), "on": "2021-11-05"}
    announced = {"total": 50, "cells": [{"count": 20}, {"count": 30}]}
    assert found(activity(sessions=[session], announced=announced, training={"days": 2.0})) == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"ends_on": "2021-11-03"}, ("END_BEFORE_START", ("ends_on",))),
        (
            {"sessions": [{"id": "a", "on": "2021-11-04"}, {"id": "b", "on": "2021-11-06"}]},
            ("SESSION_OUTSIDE_ACTIVITY", ("sessions", 1, "on")),
        ),
        ({"publication": {"title": "x"}}, ("SECTION_NOT_FOR_TYPE", ("publication",))),
        (
            {"announced": {"total": 9, "cells": [{"count": 5}, {"count": 5}]}},
            ("ANNOUNCED_CELLS_EXCEED_TOTAL", ("announced", "cells")),
        ),
        (
            {"type": "publication", "publication": {"copies_printed": 5, "copies_distributed": 6}},
            ("MORE_THAN_PRINTED", ("publication", "copies_distributed")),
        ),
    ],
)
def test_each_contradiction_is_told_where_it_stands(fields: dict[str, Any], problem: Any) -> None:
    assert found(activity(**fields)) == [problem]


def test_a_new_type_needs_a_row_in_the_list_and_no_code() -> None:
    assert found(activity(type="walk", training={"days": 1.0})) == []
    assert found(activity(type="walk", publication={})) == [
        ("SECTION_NOT_FOR_TYPE", ("publication",))
    ]


def test_every_section_of_the_code_list_that_has_fields_is_in_the_schema() -> None:
    sections = {row.extra["section"] for row in code_list("activity_type").values()}
    bare = {"meeting", "visit", "coordination"}
    assert sections - bare <= set(ACTIVITY.schema.fields)


@pytest.mark.parametrize(
    ("transitions", "way"),
    [
        (records.ACTIVITY_TRANSITIONS, ["planned", "held", "reported", "validated"]),
        (records.CONCERN_TRANSITIONS, ["raised", "verified", "referred", "resolved"]),
    ],
)
def test_a_status_stays_goes_forward_or_a_step_back(
    transitions: records.Transitions, way: list[str]
) -> None:
    for i, old in enumerate(way):
        for j, new in enumerate(way):
            problems = list(
                records.transition_problems(transitions, {"status": new}, {"status": old})
            )
            if j >= i - 1:
                assert not problems, (old, new)


@pytest.mark.parametrize("name", ["activity_status", "concern_status"])
def test_every_status_of_the_code_lists_knows_its_transitions(name: str) -> None:
    transitions = (
        records.ACTIVITY_TRANSITIONS if name == "activity_status" else records.CONCERN_TRANSITIONS
    )
    assert set(transitions) == set(code_list(name))


def test_what_is_held_can_be_cancelled_but_not_once_reported() -> None:
    cancelled = {"status": "cancelled"}
    for old, wrong in (("planned", 0), ("held", 0), ("reported", 1), ("validated", 1)):
        problems = records.transition_problems(
            records.ACTIVITY_TRANSITIONS, cancelled, {"status": old}
        )
        assert len(list(problems)) == wrong


def test_whatever_was_said_of_an_activity_can_be_taken_back_step_by_step() -> None:
    """Cancelled by mistake, postponed, reopened."""
    steps = records.ACTIVITY_TRANSITIONS
    assert "held" in steps["cancelled"]
    assert "planned" in steps["held"]
    assert "reported" in steps["validated"]
    assert "held" in steps["reported"]
    for start in steps:
        reached, more = {start}, [start]
        while more:
            new = set(steps[more.pop()]) - reached
            reached |= new
            more += new
        assert reached == set(steps)


def test_a_state_that_was_never_stated_binds_nobody() -> None:
    for new in records.ACTIVITY_TRANSITIONS:
        assert not list(
            records.transition_problems(records.ACTIVITY_TRANSITIONS, {"status": new}, {})
        )


def load(kind: Any, item: dict[str, Any]) -> list[Problem]:
    from shared.records.engine import push
    from shared.records.pushes import Push
    from tests.integration.services.activities.activities_world import MALI

    decision = push([Push(MALI, [{"id": new_id(), **item}])], kind.schema, {})
    return list(decision.receipts[0][0].problems)


@pytest.mark.parametrize(
    ("kind", "item", "expected"),
    [
        (ACTIVITY, {"type": "picnic"}, ("UNKNOWN_CODE", ("type",))),
        (ACTIVITY, {"sessions": [{"on": "2021-01-01"}]}, ("REQUIRED", ("sessions", 0, "id"))),
        (ACTIVITY, {"sessions": [{"id": "x"}]}, ("INVALID_ID", ("sessions", 0, "id"))),
        (ACTIVITY, {"colour": "red"}, ("UNKNOWN_FIELD", ("colour",))),
        (ACTIVITY, {"place": "Nampala"}, ("UNKNOWN_PLACE", ("place",))),
        (ACTIVITY, {"starts_on": "4/11/2021"}, ("INVALID_DATE", ("starts_on",))),
        (ACTIVITY, {"announced": {"total": -1}}, ("OUT_OF_RANGE", ("announced", "total"))),
        (
            ACTIVITY,
            {"media": {"channels": ["radio"]}},
            ("UNKNOWN_CODE", ("media", "channels", 0)),
        ),
        (
            ACTIVITY,
            {"dialogue": {"recommendations": [{"id": new_id()}]}},
            ("REQUIRED", ("dialogue", "recommendations", 0, "text")),
        ),
        (PROJECT, {"title": {"xx": "x"}}, ("UNKNOWN_CODE", ("title",))),
        (CONCERN, {"severity": 6}, ("OUT_OF_RANGE", ("severity",))),
        (DEFINITIONS["organisation"], {"country": "Mali"}, ("UNKNOWN_CODE", ("country",))),
    ],
)
def test_each_wrong_field_is_told_by_code_and_path(
    kind: Any, item: dict[str, Any], expected: Any
) -> None:
    assert expected in [(problem.code, problem.path) for problem in load(kind, item)]


def test_blanks_inside_a_section_are_values_not_given() -> None:
    schema = ACTIVITY.schema
    session = {"id": new_id(), "title": " \u200b "}
    loaded = schema.load(
        {"training": {"days": None, "audience_groups": []}, "sessions": [session]}, partial=True
    )
    assert loaded == {"training": {"audience_groups": []}, "sessions": [{"id": session["id"]}]}
