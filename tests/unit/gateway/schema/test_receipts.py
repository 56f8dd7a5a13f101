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
