"""Sheet rows: the quick way in agrees with the careful one, and deltas add up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.activities import sheet_rows
from services.activities.layout import line_key
from services.activities.rules import sheets
from services.activities.rules.lines import AttendanceSheet, Line
from services.activities.rules.scores import Scores
from services.activities.sheet_rows import read_rows
from shared.ids import new_id
from shared.records.pushes import Push
from shared.records.repetitions import Repetitions
from tests.integration.services.activities.activities_world import MALI, SECRETARIAT

SESSION, PEOPLE = new_id(), sorted(new_id() for _ in range(4))

SCORE = st.one_of(
    st.none(), st.integers(0, 100), st.decimals(0, 100, places=2, allow_nan=False).map(float)
)
VALUE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 105),
    st.floats(-1, 101),
    SCORE,
    st.just(""),
    st.just([]),
)
ANY_ROW = st.dictionaries(
    st.sampled_from(["status", "pre_score", "post_score", "expected_version", "name"]),
    st.one_of(VALUE, st.sampled_from(["present", "absent", "removed", "late"])),
).map(lambda row: {"participant_id": PEOPLE[0], **row})


@given(raw=st.one_of(ANY_ROW, st.just({}), st.just({"participant_id": PEOPLE[0].upper()}), VALUE))
def test_the_quick_way_takes_only_what_the_schema_takes_and_reads_it_alike(raw: Any) -> None:
    [row] = read_rows([{"session_id": SESSION, "rows": [raw]}])
    assert row == sheet_rows._careful(0, SESSION, raw, ())


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "participant_id": st.sampled_from(PEOPLE),
            "status": st.sampled_from([None, "present", "absent", "removed"]),
            "pre_score": SCORE,
            "post_score": SCORE,
        }
    ),
    max_size=6,
)


@given(pushes=st.lists(ROWS, max_size=6), together=st.booleans())
def test_a_sheets_totals_are_the_sums_over_its_lines(
    pushes: list[list[dict[str, Any]]], together: bool
) -> None:
    book: dict[str, AttendanceSheet] = {SESSION: AttendanceSheet(SESSION, SESSION, "ML")}
    lines: dict[str, Line] = {}
    steps = 0
    read = [(Push(MALI, []), read_rows([{"session_id": SESSION, "rows": r}])) for r in pushes]
    for batch in [read] if together else [[each] for each in read]:
        outcome = sheets.record(batch, book, lines)
        assert [len(r) for r in outcome.receipts] == [len(rows) for _, rows in batch]
        book, lines = {**book, **outcome.sheets}, {**lines, **outcome.lines}
        steps += len(outcome.steps)

    sheet = book[SESSION]
    present = [line for line in lines.values() if line.status == "present"]
    before = [Decimal(str(line.pre)) for line in present if line.pre is not None]
    after = [Decimal(str(line.post)) for line in present if line.post is not None]
    gains = [
        Decimal(str(line.post)) - Decimal(str(line.pre))
        for line in present
        if line.pre is not None and line.post is not None
    ]
    sums = [part for each in (before, after, gains) for part in (len(each), sum(each))]
    assert (sheet.present, sheet.sequence) == (len(present), steps)
    assert [Decimal(str(each)) for each in sheet.scores.in_points()] == sums
    assert Scores.of_points(sheet.scores.in_points()) == sheet.scores  # as it is stored
    assert sheet.lines == sum(line.status != "removed" for line in lines.values())


@given(rows=ROWS, later=ROWS)
def test_an_earlier_push_that_comes_again_changes_nothing(
    rows: list[dict[str, Any]], later: list[dict[str, Any]]
) -> None:
    book: dict[str, AttendanceSheet] = {SESSION: AttendanceSheet(SESSION, SESSION, "ML")}
    lines: dict[str, Line] = {}
    memory = Repetitions("attend")
    first, second = (Push(MALI, [], push_id=new_id()) for _ in range(2))
    for pushed, said in ((first, rows), (second, later), (first, later), (second, rows)):
        known = dict(lines)
        read = read_rows([{"session_id": SESSION, "rows": _once(said)}])
        outcome = sheets.record([(pushed, read)], book, lines, memory)
        book, lines = {**book, **outcome.sheets}, {**lines, **outcome.lines}
        applied = {row["participant_id"] for row in rows if pushed is first}
        for row, receipt in zip(read, outcome.receipts[0], strict=True):
            if pushed is first and said is later and row.participant_id in applied:
                assert [problem.code for problem in receipt.problems] == ["ALREADY_APPLIED"]
                assert lines.get(line_key(SESSION, row.participant_id)) == known.get(
                    line_key(SESSION, row.participant_id)
                )


@given(said=st.lists(ROWS, min_size=1, max_size=4))
def test_without_an_id_each_push_stands_as_it_is(said: list[list[dict[str, Any]]]) -> None:
    book: dict[str, AttendanceSheet] = {SESSION: AttendanceSheet(SESSION, SESSION, "ML")}
    lines: dict[str, Line] = {}
    for each in [*said, *said]:
        read = read_rows([{"session_id": SESSION, "rows": _once(each)}])
        outcome = sheets.record([(Push(MALI, []), read)], book, lines)
        book, lines = {**book, **outcome.sheets}, {**lines, **outcome.lines}
        for row in _once(each):
            line = lines.get(line_key(SESSION, row["participant_id"]))
            status = line.status if line else "removed"
            assert status == (row["status"] or status)
            assert line is None or row.get("pre_score") in (None, line.pre)


def _once(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({row["participant_id"]: row for row in rows}.values())


def test_a_chapter_writes_on_its_own_sheets_and_the_secretariat_on_all() -> None:
    foreign = {SESSION: AttendanceSheet(SESSION, SESSION, "NE")}
    rows = read_rows([{"session_id": SESSION, "rows": [{"participant_id": PEOPLE[0]}]}])
    for caller, taken in ((MALI, 0), (SECRETARIAT, 1)):
        outcome = sheets.record([(Push(caller, []), rows)], foreign, {})
        assert len(outcome.lines) == taken
