"""What a client may rely on when it pushes, and pushes again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.caller import Caller
from shared.errors import Problem, Refused
from shared.ids import canonical, new_id
from shared.records import fields as f
from shared.records.engine import push, reinstate, withdraw
from shared.records.merging import MAX_CLEARED
from shared.records.pushes import Decision, Push, Record, Status, ids_of, parse
from shared.records.repetitions import Repetitions
from shared.records.walk import Claim


class Stall(f.RowSchema):
    name = f.Text(20, required=True)
    size = f.Whole(0, 10)
    tags = f.Many(f.Text(5))


MALI = Caller("chapter", "ML", "k1")
NIGER = Caller("chapter", "NE", "k2")
SECRETARIAT = Caller("secretariat", None, "k3")
SCHEMA = Stall()
Stored = dict[str, Record]


def send(
    stored: Stored,
    *items: dict[str, Any],
    caller: Caller = MALI,
    push_id: str | None = None,
    memory: Repetitions | None = None,
    **mode: bool,
) -> tuple[Stored, Decision]:
    pushed = Push(caller, items, push_id=push_id, **mode)
    decision = push([pushed], SCHEMA, stored, repetitions=memory)
    return {**stored, **{w.after.id: w.after for w in decision.writes}}, decision


def statuses(decision: Decision) -> list[Status]:
    return [receipt.status for receipts in decision.receipts for receipt in receipts]


def codes(decision: Decision) -> list[str]:
    return [p.code for receipts in decision.receipts for r in receipts for p in r.problems]


def test_a_repeated_push_changes_nothing_and_says_so() -> None:
    item = {"id": new_id(), "name": "Kalana"}
    stored, first = send({}, item)
    _, second = send(stored, item)
    assert statuses(first) == [Status.CREATED]
    assert statuses(second) == [Status.UNCHANGED]
    assert second.writes == []


def test_a_blank_never_overwrites_and_clear_empties() -> None:
    key = new_id()
    stored, _ = send({}, {"id": key, "name": "Kalana", "size": 3})
    stored, blank = send(stored, {"id": key, "name": "", "size": None})
    assert statuses(blank) == [Status.UNCHANGED]
    stored, _ = send(stored, {"id": key, "clear": ["size"]})
    assert stored[key].content == {"name": "Kalana"}


def test_a_required_field_cannot_be_cleared() -> None:
    key = new_id()
    stored, _ = send({}, {"id": key, "name": "Kalana"})
    _, decision = send(stored, {"id": key, "clear": ["name"]})
    assert codes(decision) == ["REQUIRED"]


def test_a_change_of_a_version_that_is_gone_is_refused() -> None:
    key = new_id()
    stored, _ = send({}, {"id": key, "name": "one"})
    stored, _ = send(stored, {"id": key, "name": "two"})
    _, decision = send(stored, {"id": key, "name": "three", "expected_version": 1})
    assert codes(decision) == ["VERSION_CONFLICT"]


def test_good_rows_are_taken_beside_bad_ones() -> None:
    good = [{"id": new_id(), "name": f"n{i}"} for i in range(4)]
    bad: list[dict[str, Any]] = [
        {"id": new_id()},
        {"id": "x", "name": "a"},
        {"id": new_id(), "name": "b", "size": 99},
    ]
    stored, decision = send({}, *good[:2], *bad, *good[2:])
    assert statuses(decision).count(Status.CREATED) == 4
    assert codes(decision) == ["REQUIRED", "INVALID_ID", "OUT_OF_RANGE"]
    assert set(stored) == {item["id"] for item in good}


def test_all_or_nothing_takes_none_when_one_is_bad() -> None:
    stored, decision = send(
        {}, {"id": new_id(), "name": "ok"}, {"id": new_id()}, all_or_nothing=True
    )
    assert statuses(decision) == [Status.REJECTED, Status.REJECTED]
    assert codes(decision) == ["ALL_OR_NOTHING", "REQUIRED"]
    assert stored == {}


def test_a_dry_run_tells_and_stores_nothing() -> None:
    stored, decision = send({}, {"id": new_id(), "name": "ok"}, dry_run=True)
    assert statuses(decision) == [Status.CREATED]
    assert stored == {}


def test_a_failed_push_does_not_touch_the_pushes_beside_it() -> None:
    mine, theirs = new_id(), new_id()
    decision = push(
        [
            Push(MALI, [{"id": mine, "name": "a"}, {"id": new_id()}], all_or_nothing=True),
            Push(NIGER, [{"id": theirs, "name": "b"}]),
        ],
        SCHEMA,
        {},
    )
    assert [w.after.id for w in decision.writes] == [theirs]
    assert decision.writes[0].after.chapter == "NE"


def test_another_chapters_id_is_refused_without_a_word_about_it() -> None:
    key = new_id()
    stored, _ = send({}, {"id": key, "name": "theirs"}, caller=NIGER)
    _, decision = send(stored, {"id": key, "name": "mine", "chapter": "ML"})
    [problem] = decision.receipts[0][0].problems
    assert problem == Problem("ID_TAKEN", ("id",))


@pytest.mark.parametrize(
    ("caller", "chapter", "code"),
    [
        (MALI, "NE", "CHAPTER_NOT_YOURS"),
        (SECRETARIAT, None, "REQUIRED"),
        (SECRETARIAT, "XX", "UNKNOWN_CODE"),
        (Caller("operator"), "ML", "CHAPTER_NOT_YOURS"),
    ],
)
def test_a_record_belongs_to_a_chapter_that_the_caller_may_write(
    caller: Caller, chapter: str | None, code: str
) -> None:
    _, decision = send({}, {"id": new_id(), "name": "a", "chapter": chapter}, caller=caller)
    assert codes(decision) == [code]


def test_a_withdrawn_record_stays_withdrawn_until_it_is_reinstated() -> None:
    key = new_id()
    stored, _ = send({}, {"id": key, "name": "a"})
    gone = withdraw([Push(MALI, [{"id": key, "reason": "entered twice"}])], stored)
    stored = {key: gone.writes[0].after}
    _, decision = send(stored, {"id": key, "name": "b"})
    assert codes(decision) == ["WITHDRAWN"]
    again = withdraw([Push(MALI, [{"id": key, "reason": "entered twice"}])], stored)
    assert statuses(again) == [Status.UNCHANGED]
    back = reinstate([Push(MALI, [{"id": key, "reason": "it was not"}])], stored)
    assert back.writes[0].after.version == 3
    assert not back.writes[0].after.withdrawn


def test_withdrawing_asks_for_a_reason_and_only_reaches_ones_own() -> None:
    key = new_id()
    stored, _ = send({}, {"id": key, "name": "a"})
    assert codes(withdraw([Push(MALI, [{"id": key}])], stored)) == ["REQUIRED"]
    assert codes(withdraw([Push(NIGER, [{"id": key, "reason": "x"}])], stored)) == ["NOT_FOUND"]


def test_a_reason_is_a_text() -> None:
    key = new_id()
    stored, _ = send({}, {"id": key, "name": "Kalana"})
    for reason, code in ((5, "NOT_A_TEXT"), ({}, "REQUIRED"), ("  ", "REQUIRED")):
        assert codes(withdraw([Push(MALI, [{"id": key, "reason": reason}])], stored)) == [code]


def test_unknown_fields_are_told_with_their_path() -> None:
    _, decision = send({}, {"id": new_id(), "name": "a", "sizes": 3})
    [problem] = decision.receipts[0][0].problems
    assert problem.to_dict() == {
        "code": "UNKNOWN_FIELD",
        "path": ["sizes"],
        "params": {"fields": ["size"]},
    }


@pytest.mark.parametrize(
    ("wrong", "code", "at"),
    [
        ({"clear": "size"}, "NOT_A_LIST", ("clear",)),
        ({"clear": ["size", 7]}, "NOT_A_TEXT", ("clear", 1)),
        ({"clear": [{}]}, "NOT_A_TEXT", ("clear", 0)),
        ({"clear": ["size", "colour"]}, "UNKNOWN_FIELD", ("clear", 1)),
        ({"clear": ["x"] * (MAX_CLEARED + 1)}, "TOO_MANY", ("clear",)),
        ({"chapter": ["ML"]}, "UNKNOWN_CODE", ("chapter",)),
        ({"expected_version": "1"}, "NOT_A_NUMBER", ("expected_version",)),
        ({"id": {}}, "REQUIRED", ("id",)),
        ({"id": 5}, "INVALID_ID", ("id",)),
    ],
    ids=str,
)
def test_what_every_row_may_say_is_checked_as_its_fields_are(
    wrong: dict[str, Any], code: str, at: tuple[str | int, ...]
) -> None:
    _, decision = send(
        {}, {"id": new_id(), "name": "Kalana", **wrong}, {"id": new_id(), "name": "B"}
    )
    assert statuses(decision) == [Status.REJECTED, Status.CREATED]
    [problem] = decision.receipts[0][0].problems
    assert (problem.code, problem.path) == (code, at)


def test_a_push_beyond_the_limit_is_refused_as_a_whole() -> None:
    request = {"pushes": [{"caller": MALI.to_dict(), "items": [{}] * 501}]}
    with pytest.raises(Refused) as refused:
        parse(request)
    assert refused.value.params == {"limit": 500, "count": 501}


@pytest.mark.parametrize("request_", [{}, {"pushes": [{}]}, {"pushes": [{"caller": 1}]}])
def test_a_request_of_another_shape_is_refused(request_: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        parse(request_)


def test_ids_sort_by_the_time_they_were_made_at() -> None:
    made = [new_id() for _ in range(50)]
    assert all(canonical(key) == key and key[14] == "7" for key in made)
    assert [key[:8] for key in made] == sorted(key[:8] for key in made)


keys = st.sampled_from([new_id() for _ in range(4)])
rows = st.fixed_dictionaries(
    {"id": keys},
    optional={
        "name": st.sampled_from(["a", "b", "", "x" * 21]),
        "size": st.sampled_from([0, 5, 11, None]),
        "clear": st.sampled_from([["size"], ["name"], []]),
    },
)


@given(st.lists(st.lists(rows, max_size=5), max_size=6))
def test_versions_count_the_writes_and_receipts_tell_the_truth(
    batches: list[list[dict[str, Any]]],
) -> None:
    stored: Stored = {}
    written: dict[str, int] = {}
    for batch in batches:
        stored, decision = send(stored, *batch)
        for write in decision.writes:
            written[write.after.id] = written.get(write.after.id, 0) + 1
            assert write.after.version == written[write.after.id]
        told = [s for s in statuses(decision) if s in (Status.CREATED, Status.UPDATED)]
        assert len(told) == len(decision.writes)
        assert len(decision.receipts[0]) == len(batch)
    assert {k: r.version for k, r in stored.items()} == written
    assert all(record.content.get("name") for record in stored.values())


@given(st.lists(rows, min_size=1, max_size=6))
def test_sending_a_push_again_at_once_never_writes(batch: list[dict[str, Any]]) -> None:
    once = {row["id"]: row for row in batch}  # one row per id: a batch that repeats an id goes on
    stored, _ = send({}, *once.values())
    _, again = send(stored, *once.values())
    assert again.writes == []


def test_ids_of_reads_each_valid_id_once() -> None:
    key = new_id()
    pushes = [Push(MALI, [{"id": key}, {"id": key.upper()}, {"id": 7}, {}])]
    assert ids_of(pushes) == [key]


def test_of_many_problems_ten_are_told_and_the_last_counts_the_others() -> None:
    key = new_id()
    _, decision = send({}, {"id": key, "name": "x" * 21, "tags": ["too long"] * 12})
    problems = decision.receipts[0][0].problems
    assert [problem.path for problem in problems[:-1]] == [
        ("name",),
        *(("tags", row) for row in range(8)),
    ]
    assert problems[-1] == Problem("MORE_PROBLEMS", params={"count": 4})
    _, decision = send({}, {"id": key, "name": "x" * 21, "tags": ["too long"] * 9})
    assert codes(decision) == ["TOO_LONG"] * 10


def test_each_problem_is_told_once_in_the_order_of_the_fields() -> None:
    item = {"tags": [1], "zebra": 1, "size": 99, "apple": 1, "chapter": "NE", "clear": ["name"]}
    _, decision = send({}, item | {"id": "x"})
    assert [(p.code, p.path) for p in decision.receipts[0][0].problems] == [
        ("INVALID_ID", ("id",)),
        ("CHAPTER_NOT_YOURS", ("chapter",)),
        ("REQUIRED", ("name",)),
        ("OUT_OF_RANGE", ("size",)),
        ("NOT_A_TEXT", ("tags", 0)),
        ("UNKNOWN_FIELD", ("apple",)),
        ("UNKNOWN_FIELD", ("zebra",)),
    ]


def test_a_repetition_is_told_no_more_than_what_keeps_it_out() -> None:
    key = new_id()
    stored, _ = send({}, {"id": key, "name": "old"})
    stored, _ = send(stored, {"id": key, "name": "new"})
    for name in ("old", "new"):
        _, decision = send(stored, {"id": key, "name": name, "chapter": "NE"})
        assert codes(decision) == ["CHAPTER_FIXED"]


def test_a_value_that_one_record_alone_may_have_goes_to_whoever_is_stored_first() -> None:
    def claims(_: Caller, after: Record, __: Record | None) -> list[Claim]:
        return [Claim(after.content.get("name"), ("name",), "ID_TAKEN", names_holder=True)]

    holder, first, second = new_id(), new_id(), new_id()
    pushes = [
        Push(MALI, [{"id": new_id(), "name": "mine"}], dry_run=True),
        Push(MALI, [{"id": new_id(), "name": "mine", "size": 99}]),
        Push(MALI, [{"id": first, "name": "mine"}, {"id": second, "name": "mine"}]),
        Push(MALI, [{"id": second, "name": "theirs"}]),
    ]
    decision = push(pushes, SCHEMA, {}, claims=claims, holders={"theirs": holder})
    assert codes(decision) == ["OUT_OF_RANGE", "ID_TAKEN", "ID_TAKEN"]
    assert [r.problems[0].params for r in (*decision.receipts[2][1:], *decision.receipts[3])] == [
        {"id": first},
        {"id": holder},
    ]
    assert [write.after.id for write in decision.writes] == [first]
