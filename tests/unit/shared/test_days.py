"""Days and times have one form each; what a field takes is what was written, to the letter."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from marshmallow import ValidationError

from shared.days import calendar_day, parse_timestamp
from shared.errors import problems_from
from shared.records import fields as f
from shared.records.filters import Period

DAYS = st.dates().map(date.isoformat)
NEARLY = st.one_of(
    st.text(),
    st.from_regex(r"\A\d{4}-?\d{2}-?\d{2}\Z"),  # the digits of every script
    st.from_regex(r"\A[0-9]{4}-?W[0-9]{2}(-?[0-9])?\Z"),
    st.from_regex(r"\A[0-9]{4}-[0-9]{3}\Z"),
    st.tuples(DAYS, st.sampled_from([" ", "\n", "\ufeff", "\u200b", "T00:00"])).map("".join),
    DAYS,
)
NO_DAYS = [
    "2020-W53-1",
    "2020W531",
    "2020-W53",
    "20201231",
    "2020-366",
    " 2020-12-31",
    "2020-12-31 ",
    "2020-12-31\n",
    "2020-12-31T00:00:00Z",
    "2020-1-2",
    "+020-01-02",
    "2020-02-30",
    "2021-02-29",
    "0000-01-01",
    "2020/12/31",
    "2020\u201012\u201031",
    "\u0662\u0660\u0662\u0660-\u0661\u0662-\u0663\u0661",
    "\uff12\uff10\uff12\uff10-\uff11\uff12-\uff13\uff11",
    "",
    20201231,
    None,
    date(2020, 12, 31),
]


@given(NEARLY)
@example("2020-W53-1")
def test_a_text_that_passes_as_a_day_is_how_that_day_is_written(text: str) -> None:
    day = calendar_day(text)
    assert day is None or day.isoformat() == text


@given(st.dates())
def test_every_day_passes_as_it_is_written(day: date) -> None:
    assert calendar_day(day.isoformat()) == day


@pytest.mark.parametrize("given_as", NO_DAYS, ids=ascii)
def test_what_is_no_calendar_day_is_none(given_as: object) -> None:
    assert calendar_day(given_as) is None


class Row(Period):
    on = f.Day()


NOT_TAKEN = [
    each for each in NO_DAYS if each and not (isinstance(each, str) and each != each.strip())
]


@pytest.mark.parametrize("given_as", NOT_TAKEN, ids=ascii)
@pytest.mark.parametrize("field", ["on", "from", "to"])
def test_a_field_refuses_it_by_its_code_and_name(field: str, given_as: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Row().load({field: given_as})
    [problem] = problems_from(caught.value.messages)
    assert (problem.code, problem.path) == ("INVALID_DATE", (field,))
    assert len(problem.params["value"]) <= 30


def test_blanks_around_a_day_are_no_part_of_it_and_a_blank_one_is_none() -> None:
    assert Row().load({"on": " 2020-12-31\n", "from": "  "}) == {"on": "2020-12-31"}


@pytest.mark.parametrize("far", ["1899-12-31", "2201-01-01", "9999-12-31"])
def test_a_day_out_of_all_bounds_is_refused_too(far: str) -> None:
    with pytest.raises(ValidationError, match="INVALID_DATE"):
        Row().load({"on": far})


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-23T08:30:00Z", datetime(2026, 11, 23, 8, 30, tzinfo=UTC)),
        ("2026-11-23T08:30:00+02:00", datetime(2026, 11, 23, 6, 30, tzinfo=UTC)),
        ("2026-11-23T08:30:00.25-01:30", datetime(2026, 11, 23, 10, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-11-23T08:30:00.123456789Z", datetime(2026, 11, 23, 8, 30, 0, 123_456, tzinfo=UTC)),
    ],
)
def test_a_moment_has_an_offset_and_is_told_in_utc(text: str, at: datetime) -> None:
    assert parse_timestamp(text) == at
    assert parse_timestamp(at.isoformat()) == at


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23",
        "2026-11-23T08:30:00",
        "2026-11-23T08:30Z",
        "2026-11-23 08:30:00Z",
        "20261123T083000Z",
        "2026-W48-1T08:30:00Z",
        "2026-11-23T08:30:00+0200",
        "2026-11-23T08:30:00+02",
        "2026-11-23T08:30:00,5Z",
        "2026-11-23T25:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-23T08:30:00Z\n",
        "2026-11-23T08:30:0\u0660Z",
        "0001-01-01T00:00:00+14:00",
        "",
        0,
        None,
    ],
    ids=ascii,
)
def test_any_other_form_of_a_moment_is_none(text: object) -> None:
    assert parse_timestamp(text) is None


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_passes_as_python_writes_it(at: datetime) -> None:
    assert parse_timestamp(at.isoformat()) == at
