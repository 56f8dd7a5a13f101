"""The page of standards names fields that can be pushed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import GraphQLInputObjectType, get_named_type

from gateway.schema import schema

PAGE = Path(__file__).parents[4] / "docs" / "standards.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
]
NAMED = sorted({field for row in ROWS for field in re.findall("`([^`]+)`", row[1])})


@pytest.mark.parametrize("path", NAMED)
def test_each_field_that_is_named_can_be_pushed(path: str) -> None:
    kind, *names = path.split(".")
    here = schema().type_map[f"{kind}Input"]
    for name in names:
        assert isinstance(here, GraphQLInputObjectType)
        assert name in here.fields, path
        here = get_named_type(here.fields[name].type)


def test_what_has_no_place_says_why() -> None:
    assert len(ROWS) > 40
    assert [row[0] for row in ROWS if row[1] == "–" and not row[2]] == []
    assert [row[0] for row in ROWS if row[1] != "–" and not re.search("`[A-Z]", row[1])] == []
