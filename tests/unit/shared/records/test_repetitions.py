"""A push that comes again is known by its id, and one id stands for one thing within a push."""

from __future__ import annotations

from typing import Any

import pytest

from shared.ids import new_id
from shared.records.engine import reinstate, withdraw
from shared.records.pushes import Push, Status
from shared.records.repetitions import Repetitions
from tests.unit.shared.records.test_engine import MALI, NIGER, codes, send, statuses


def test_to_set_a_value_back_is_a_correction() -> None:
    key = new_id()
    stored, _ = send({}, {"id": key, "name": "old"})
    stored, _ = send(stored, {"id": key, "name": "new"})
    stored, back = send(stored, {"id": key, "name": "old"})
    assert statuses(back) == [Status.UPDATED]
    assert (stored[key].content["name"], stored[key].version) == ("old", 3)


def test_a_late_retry_changes_nothing_however_much_came_between() -> None:
    key, other, first, memory = new_id(), new_id(), new_id(), Repetitions("push")
    stored, _ = send({}, {"id": key, "name": "old"}, {"id": "x"}, push_id=first, memory=memory)
    for n in range(60):
        stored, _ = send(stored, {"id": key, "name": f"n{n}"}, push_id=new_id(), memory=memory)
    again = ({"id": key, "name": "old"}, {"id": other, "name": "mended"})
    stored, late = send(stored, *again, push_id=first, memory=memory)
    assert statuses(late) == [Status.UNCHANGED, Status.CREATED]  # what was rejected is tried anew
    assert (codes(late), late.receipts[0][0].version) == (["ALREADY_APPLIED"], 61)
    assert stored[key].content["name"] == "n59"


def test_a_push_that_changed_nothing_is_a_repetition_too_when_it_comes_late() -> None:
    key, first, memory = new_id(), new_id(), Repetitions("push")
    stored, _ = send({}, {"id": key, "name": "old"})
    stored, same = send(stored, {"id": key, "name": "old"}, push_id=first, memory=memory)
    assert (statuses(same), codes(same)) == ([Status.UNCHANGED], [])
    stored, _ = send(stored, {"id": key, "name": "new"})
    stored, late = send(stored, {"id": key, "name": "old"}, push_id=first, memory=memory)
    assert codes(late) == ["ALREADY_APPLIED"]
    assert stored[key].content["name"] == "new"


def test_what_did_not_stand_is_no_repetition() -> None:
    key, push_id, memory = new_id(), new_id(), Repetitions("push")
    item = {"id": key, "name": "a"}
    send({}, item, dry_run=True, push_id=push_id, memory=memory)
    send({}, item, {"id": new_id()}, all_or_nothing=True, push_id=push_id, memory=memory)
    _, decision = send({}, item, push_id=push_id, memory=memory)
    assert statuses(decision) == [Status.CREATED]


def test_another_chapters_push_id_opens_and_closes_nothing() -> None:
    mine, theirs, push_id, memory = new_id(), new_id(), new_id(), Repetitions("push")
    stored, _ = send({}, {"id": mine, "name": "a"}, push_id=push_id, memory=memory)
    stored, other = send(
        stored,
        {"id": theirs, "name": "b"},
        {"id": mine, "name": "c"},
        caller=NIGER,
        push_id=push_id,
        memory=memory,
    )
    assert (statuses(other), codes(other)) == ([Status.CREATED, Status.REJECTED], ["ID_TAKEN"])


def test_one_id_stands_for_one_thing_within_a_push() -> None:
    key = new_id()
    one, other = {"id": key, "name": "one"}, {"id": key, "name": "other"}
    stored, decision = send({}, one, other, one)
    assert statuses(decision) == [Status.CREATED, Status.REJECTED, Status.UNCHANGED]
    [problem] = decision.receipts[0][1].problems
    assert (problem.code, problem.path) == ("DUPLICATE_ROW", ("id",))
    assert stored[key].content["name"] == "one"


def test_the_second_of_two_things_stays_refused_when_the_push_comes_again() -> None:
    key, push_id, memory = new_id(), new_id(), Repetitions("push")
    pair = {"id": key, "name": "one"}, {"id": key, "name": "other"}
    for named in (None, push_id):
        stored, _ = send({}, *pair, push_id=named, memory=memory)
        stored, again = send(stored, *pair, push_id=named, memory=memory)
        assert statuses(again) == [Status.UNCHANGED, Status.REJECTED]
        assert stored[key].content["name"] == "one"


def test_two_things_are_told_apart_also_where_the_first_is_refused() -> None:
    key, push_id, memory = new_id(), new_id(), Repetitions("push")
    good = {"id": key, "name": "good"}
    stored, decision = send(
        {}, {"id": key, "name": "x", "size": 99}, good, push_id=push_id, memory=memory
    )
    assert statuses(decision) == [Status.REJECTED, Status.REJECTED]
    stored, mended = send(stored, good, push_id=push_id, memory=memory)
    assert statuses(mended) == [Status.CREATED]


def test_withdrawn_is_withdrawn_once_and_the_first_reason_stands() -> None:
    key = new_id()
    stored, _ = send({}, {"id": key, "name": "one"})
    first = withdraw([Push(MALI, [{"id": key, "reason": "entered twice"}])], stored)
    gone = {key: first.writes[0].after}

    def told(item: dict[str, Any], *more: dict[str, Any]) -> list[tuple[Status, list[str]]]:
        decision = withdraw([Push(MALI, [{"id": key, **each} for each in (item, *more)])], gone)
        return [(r.status, [p.code for p in r.problems]) for r in decision.receipts[0]]

    assert told({"reason": "another"}) == [(Status.UNCHANGED, ["FIRST_REASON_STANDS"])]
    assert told({"reason": "another", "expected_version": 77}) == [
        (Status.REJECTED, ["VERSION_CONFLICT"])
    ]
    assert told({"reason": " \u200b "}) == [(Status.REJECTED, ["REQUIRED"])]
    assert told({"reason": "a\u202eb"}) == [(Status.REJECTED, ["CONTROL_CHARACTER"])]
    [[receipt]] = reinstate([Push(MALI, [{"id": key, "reason": "right"}])], stored).receipts
    assert (receipt.status, len(receipt.problems)) == (Status.UNCHANGED, 1)
    both = withdraw([Push(MALI, [{"id": key, "reason": each} for each in "ab"])], stored)
    assert statuses(both) == [Status.UPDATED, Status.REJECTED]


@pytest.mark.parametrize("wrong", [True, 1.0, [1]])
def test_a_version_is_a_whole_number(wrong: Any) -> None:
    key = new_id()
    stored, _ = send({}, {"id": key, "name": "one"})
    _, decision = send(stored, {"id": key, "name": "two", "expected_version": wrong})
    assert codes(decision) == ["NOT_A_NUMBER"]
    _, blank = send(stored, {"id": key, "name": "two", "expected_version": " "})
    assert statuses(blank) == [Status.UPDATED]
