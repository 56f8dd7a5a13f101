"""What a field says of a value that it does not take."""

from __future__ import annotations

import pytest
from marshmallow import ValidationError

from shared.errors import problems_from
from shared.records import fields as f


class Sign(f.RowSchema):
    title = f.Localised(5)
    text = f.Text(20)


def test_a_text_in_several_languages_tells_in_which_it_is_wrong() -> None:
    with pytest.raises(ValidationError) as caught:
        Sign().load({"title": {"fr": "trop long", "en": "short", "pt": 5}})
    told = {(problem.path, problem.code) for problem in problems_from(caught.value.messages)}
    assert told == {(("title", "fr"), "TOO_LONG"), (("title", "pt"), "NOT_A_TEXT")}


def test_blank_languages_are_as_good_as_absent() -> None:
    assert Sign().load({"title": {"fr": "court", "en": "", "pt": None}}) == {
        "title": {"fr": "court"}
    }


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("\ufeffAwa\u200b", "Awa"),
        (" \u2060 Awa ", "Awa"),
        ("one\r\ntwo", "one\ntwo"),
        ("one\ttwo", "one\ttwo"),
        ("Fa\u00adtou\u200b\u200ema\u200dta \U000e0041Ba\ufe0f", "Fatoumata Ba"),
        ("Cisse\u0301", "Cissé"),
        ("عائشة 🎉 👩\u200d🌾", "عائشة 🎉 👩\u200d🌾"),
    ],
    ids=ascii,
)
def test_what_sheets_and_editors_leave_in_a_text_is_no_part_of_it(given: str, taken: str) -> None:
    assert Sign().load({"text": given}) == {"text": taken}


@pytest.mark.parametrize("blank", ["", "   ", "\u200b", " \u00ad\n", None])
def test_of_a_blank_text_nothing_is_given(blank: str | None) -> None:
    assert Sign().load({"text": blank}) == {}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("a\x00b", "CONTROL_CHARACTER"),
        ("a\x1bb", "CONTROL_CHARACTER"),
        ("a\x85b", "CONTROL_CHARACTER"),
        ("a\u202eb", "CONTROL_CHARACTER"),
        ("a\u2066b", "CONTROL_CHARACTER"),
    ],
    ids=ascii,
)
def test_a_text_shows_what_it_is(given: str, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Sign().load({"text": given})
    assert [problem.code for problem in problems_from(caught.value.messages)] == [code]


def test_a_text_may_be_said_in_any_language_by_its_code_or_in_a_list() -> None:
    field = f.Localised(20)
    said = {"fr": "Or", "other": [{"language": "bm", "text": " Sanu "}, {"language": "ff"}]}
    assert field.deserialize(said) == {"fr": "Or", "bm": "Sanu"}
    assert field.deserialize({"bm": "Sanu"}) == {"bm": "Sanu"}


@pytest.mark.parametrize(
    ("said", "wrong", "code"),
    [
        ({"other": [{"language": "xx", "text": "a"}]}, [("other", 0, "language")], "UNKNOWN_CODE"),
        ({"other": [{"text": "a"}]}, [("other", 0, "language")], "REQUIRED"),
        (
            {"other": [{"language": "bm", "text": "a"}] * 2},
            [("other", 1, "language")],
            "REPEATED_VALUE",
        ),
        (
            {"fr": "a", "other": [{"language": "fr", "text": "b"}]},
            [("other", 0, "language")],
            "REPEATED_VALUE",
        ),
        ({"other": [{"language": "bm", "text": "a" * 21}]}, [("other", 0, "text")], "TOO_LONG"),
        ({"other": "bm"}, [("other",)], "NOT_A_LIST"),
    ],
)
def test_what_is_wrong_in_another_language_is_told_where_it_was_said(
    said: dict[str, object], wrong: list[tuple[str | int, ...]], code: str
) -> None:
    with pytest.raises(ValidationError) as told:
        f.Localised(20).deserialize(said)
    found = list(problems_from(told.value.messages))
    assert [problem.path for problem in found] == wrong
    assert [problem.code for problem in found] == [code]
