"""Rules are asked about contents in which something is wrong already, and bear it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.activities.definitions import DEFINITIONS
from services.activities.rules import records
from services.participants.rules import person
from shared.ids import new_id
from shared.records.partial import WRONG, known, mark, parts, section

Content = dict[str, Any]
ID = new_id()
DAY = "2021-09-06"
WHOLE: dict[str, Content] = {
    "activity": {
        "project_id": ID,
        "type": "publication",
        "title": {"fr": "Atlas"},
        "status": "held",
        "starts_on": DAY,
        "ends_on": DAY,
        "sessions": [{"id": new_id(), "on": DAY}, {"id": new_id(), "on": DAY}],
        "announced": {"total": 5, "cells": [{"count": 2}, {"count": 3}]},
        "publication": {"copies_printed": 5, "copies_distributed": 4},
        "dialogue": {"recommendations": [{"id": ID, "text": "Listen"}]},
        "organisation_ids": [ID],
    },
    "project": {"title": {"fr": "EMMMDA"}, "starts_on": DAY, "ends_on": DAY, "funder_ids": [ID]},
    "concern": {"status": "raised", "raised_on": DAY, "severity": 4, "activity_id": ID},
    "person": {
        "given_name": "Awa",
        "age": 30,
        "age_on": DAY,
        "consent": {"purpose": ["contact"], "given_on": DAY, "withdrawn_on": DAY},
    },
    "nomination": {
        "participant_id": ID,
        "activity_id": ID,
        "status": "proposed",
        "proposer_group": "youth",
        "reason": "agreed",
    },
}


def _of_record(kind: str) -> Callable[[Content, Content], list[Any]]:
    def rules(content: Content, before: Content) -> list[Any]:
        complete = DEFINITIONS[kind].complete(content, {}, content, "2026-01-01")
        found = [*DEFINITIONS[kind].problems(complete, before)]
        return [*found, *records.future_problems(complete, "2026-01-01")]

    return rules


def _of_person(content: Content, before: Content) -> list[Any]:
    return list(person.person_problems(content, before, "ML", "2026-01-01"))


def _of_nomination(content: Content, before: Content) -> list[Any]:
    merged = person.complete_nomination({**before, **content}, before, content, "ML")
    person.standing(merged)
    return list(person.nomination_problems(merged, before))


RULES: dict[str, Callable[[Content, Content], list[Any]]] = {
    **{kind: _of_record(kind) for kind in ("activity", "project", "concern")},
    "person": _of_person,
    "nomination": _of_nomination,
}
ALWAYS = {"activity": {"SECTION_NOT_FOR_TYPE"}}  # of the section that the whole one has too many


def paths(content: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    named: Any = ()
    if isinstance(content, dict):
        named = content.items()
    elif isinstance(content, list):
        named = enumerate(content)
    for name, part in named:
        yield (*at, name)
        yield from paths(part, (*at, name))


@pytest.mark.parametrize("kind", RULES)
@given(data=st.data())
def test_rules_bear_whatever_is_wrong_and_find_nothing_in_what_is_not_known(
    kind: str, data: st.DataObject
) -> None:
    whole = WHOLE[kind]
    wrong = data.draw(st.lists(st.sampled_from(list(paths(whole))), max_size=5))
    content = deepcopy(whole)
    for path in wrong:
        mark(content, path)
    found = RULES[kind](content, whole)
    assert {problem.code for problem in found} <= ALWAYS.get(kind, set())


@pytest.mark.parametrize("kind", RULES)
@given(data=st.data())
def test_rules_bear_whatever_is_missing(kind: str, data: st.DataObject) -> None:
    whole = WHOLE[kind]
    kept = data.draw(st.sets(st.sampled_from(list(whole))))
    RULES[kind]({name: deepcopy(whole[name]) for name in kept}, whole)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (("day",), {"name": "x", "day": WRONG, "list": [{"a": 1}, {"a": 2}]}),
        (("list", 1, "a"), {"name": "x", "list": [{"a": 1}, {"a": WRONG}]}),
        (("list", 0, "b"), {"name": "x", "list": [{"a": 1, "b": WRONG}, {"a": 2}]}),
        (("list", 1), {"name": "x", "list": [{"a": 1}, WRONG]}),
        (("name", "fr"), {"name": WRONG, "list": [{"a": 1}, {"a": 2}]}),
        (("part", "a", 3), {"name": "x", "list": [{"a": 1}, {"a": 2}], "part": {"a": WRONG}}),
    ],
)
def test_what_is_wrong_stands_where_it_was_given(path: Any, content: Content) -> None:
    marked: Content = {"name": "x", "list": [{"a": 1}, {"a": 2}]}
    mark(marked, path)
    assert marked == content


def test_what_is_wrong_is_neither_missing_nor_known() -> None:
    assert known(0, "", False)
    assert not known(None)
    assert not known("a", WRONG)
    assert section({"part": WRONG}, "part") == {}
    assert list(parts({"list": WRONG}, "list")) == []
    assert list(parts({"list": [WRONG, {"a": 1}]}, "list")) == [(1, {"a": 1})]
