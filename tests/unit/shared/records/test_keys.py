"""Keys become ids before the engine decides: one question for each type of record that is named by
one, none where nobody names any."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from shared.caller import Caller
from shared.ids import canonical, new_id
from shared.records import keys
from shared.records.keys import Reference
from shared.records.known_by import ExternalRef
from shared.records.pairs import Unknown, read, text_of
from shared.records.pushes import Push

MALI, SECRETARIAT = Caller("chapter", "ML", "k"), Caller("secretariat", None, "k")
ONE, TWO = new_id(), new_id()


def kobo(key: str) -> dict[str, str]:
    return {"system": "kobo", "key": key}


class Finder:
    """Knows who holds which keys of chapters, and how often it was asked."""

    def __init__(self, **held: str) -> None:
        self.held = {(at[:2], f"kobo\x1f{at[3:]}"): holder for at, holder in held.items()}
        self.asked = 0

    def __call__(self, wanted: Mapping[str, Collection[str]]) -> dict[tuple[str, str], str]:
        self.asked += 1
        pairs = {(chapter, key) for chapter, several in wanted.items() for key in several}
        return {pair: self.held[pair] for pair in pairs & self.held.keys()}


def named(*items: Any, own: Finder, caller: Caller = MALI, **references: Finder) -> list[Any]:
    listed = [Reference(name, name.partition("_")[0], find) for name, find in references.items()]
    resolved = keys.resolve([Push(caller, items)], own, listed)
    return list(resolved.pushes[0].items)


def test_a_push_without_keys_is_passed_on_as_it_is_and_asks_nothing() -> None:
    own, project = Finder(), Finder()
    items = [{"id": ONE, "project_id": TWO, "title": {"fr": "Or"}} for _ in range(500)]
    sent = named(*items, own=own, project_id=project)
    assert all(got is given for got, given in zip(sent, items, strict=True))
    assert own.asked == project.asked == 0


def test_each_type_of_record_is_asked_once_for_a_whole_call() -> None:
    own, project = Finder(ML_a=ONE), Finder(ML_p=TWO)
    item = {"external_refs": [kobo("a")], "project_ref": kobo("p")}
    pushes = [Push(MALI, [item] * 250), Push(MALI, [item] * 250)]
    resolved = keys.resolve(pushes, own, [Reference("project_id", "project", project)])
    for push in resolved.pushes:
        assert {each["id"] for each in push.items} == {ONE}
        assert {each["project_id"] for each in push.items} == {TWO}
    assert own.asked == project.asked == 1


def test_a_new_key_is_one_new_record_in_a_whole_call() -> None:
    pushes = [Push(MALI, [{"external_refs": [kobo("a"), kobo(str(n))]}]) for n in range(3)]
    resolved = keys.resolve(pushes, Finder())
    [made] = {push.items[0]["id"] for push in resolved.pushes}
    assert canonical(made) == made


def test_callers_of_two_chapters_do_not_meet_in_one_call() -> None:
    item = {"external_refs": [kobo("a")]}
    niger = Caller("chapter", "NE", "k2")
    resolved = keys.resolve([Push(MALI, [item]), Push(niger, [item])], Finder(ML_a=ONE))
    mali, other = (push.items[0]["id"] for push in resolved.pushes)
    assert (mali, other == ONE) == (ONE, False)


def test_a_chapter_cannot_look_into_another_by_naming_it() -> None:
    [item] = named({"chapter": "NE", "external_refs": [kobo("a")]}, own=Finder(NE_a=ONE))
    assert item["id"] != ONE


@pytest.mark.parametrize(
    ("held", "chapter", "led"),
    [
        ({"ML_a": ONE}, None, ONE),
        ({"ML_a": ONE, "NE_a": TWO}, "NE", TWO),
        ({"ML_a": ONE, "NE_a": TWO}, None, Unknown("UNKNOWN_REF")),
        ({"ML_a": ONE}, "NE", Unknown("UNKNOWN_REF")),
    ],
    ids=["one has it", "named", "two have it", "another has it"],
)
def test_the_secretariat_is_led_where_it_can_mean_one_record(
    held: dict[str, str], chapter: str | None, led: Any
) -> None:
    item = {"ref": kobo("a"), "chapter": chapter, "reason": "twice"}
    assert named(item, own=Finder(**held), caller=SECRETARIAT)[0]["id"] == led


@given(st.text(max_size=60), st.text(max_size=220))
def test_a_key_is_read_as_its_schema_reads_it(system: str, key: str) -> None:
    pair = {"system": system, "key": key}
    try:
        loaded = ExternalRef().load(pair)
    except ValidationError:
        assert read(pair) is None
    else:
        assert read(pair) == text_of(loaded)
