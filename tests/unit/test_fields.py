"""What a field says of a value that it does not take."""

from __future__ import annotations

import pytest
from marshmallow import ValidationError

from shared import fields as f
from shared.errors import problems_from


class Sign(f.RowSchema):
    title = f.Localised(5)


def test_a_text_in_several_languages_tells_in_which_it_is_wrong() -> None:
    with pytest.raises(ValidationError) as caught:
        Sign().load({"title": {"fr": "trop long", "en": "short", "pt": 5}})
    told = {(problem.path, problem.code) for problem in problems_from(caught.value.messages)}
    assert told == {(("title", "fr"), "TOO_LONG"), (("title", "pt"), "NOT_A_TEXT")}


def test_blank_languages_are_as_good_as_absent() -> None:
    assert Sign().load({"title": {"fr": "court", "en": "", "pt": None}}) == {
        "title": {"fr": "court"}
    }
