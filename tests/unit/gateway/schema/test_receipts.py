"""Receipts speak as the client does: its fields, its language."""

from __future__ import annotations

import pytest

from gateway.schema.receipts import explained
from shared.errors import Problem


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("en", "There is no such field. Possible: startsOn, endsOn"),
        ("fr", "Ce champ n’existe pas ; possible : startsOn, endsOn"),
        ("pt", "Este campo não existe. Possível: startsOn, endsOn"),
    ],
)
def test_the_fields_that_are_possible_are_spelt_as_the_client_spells_them(
    lang: str, text: str
) -> None:
    problem = Problem("UNKNOWN_FIELD", ("clear", 0), {"fields": ["starts_on", "ends_on"]})
    told = explained(problem.to_dict(), ["activities", 3], lang)
    assert told == {
        "code": "UNKNOWN_FIELD",
        "field": "clear[0]",
        "path": ["activities", "3", "clear", "0"],
        "message": text,
    }


def test_the_records_that_a_remark_speaks_of_are_named_for_programs_too() -> None:
    problem = Problem.at("id", code="POSSIBLE_DUPLICATE", ids=["a", "b"])
    told = explained(problem.to_dict(), ["participants", 0], "en")
    assert told["ids"] == ["a", "b"]
    assert told["message"] == "Stored, but look again: this may be the same as a, b."
