"""What a client can push, and what the services take, are the same fields; and what the chapters'
guide shows can be sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from graphql import GraphQLInputObjectType, build_schema, get_named_type, parse, validate
from marshmallow import Schema, fields

from gateway.engine.coercion import coerce_variables
from gateway.schema import schema
from services.activities import schemas as activities
from services.activities import sheet_rows
from services.participants import schemas as participants
from shared.records.by_day import ByDay

ENGINE = {"id", "chapter", "expected_version", "clear"}
KEYS = {
    "ActivityInput": {
        "project_ref", "organisation_refs", "funder_refs", "accountable_refs", "extending_refs",
    },
    "ProjectInput": {
        "funder_refs", "accountable_refs", "extending_refs", "implementing_refs", "partner_refs",
    },
    "ConcernInput": {"activity_ref"},
    "ParticipantInput": {"organisation_ref"},
    "NominationInput": {"participant_ref", "activity_ref", "project_ref"},
}  # fmt: skip
"""Keys in the place of ids, which are gone when the schemas read a row."""
KINDS: Mapping[str, type[Schema]] = {
    "ActivityInput": activities.Activity,
    "ProjectInput": activities.Project,
    "OrganisationInput": activities.Organisation,
    "ConcernInput": activities.Concern,
    "ParticipantInput": participants.Person,
    "NominationInput": participants.Nomination,
}
GUIDE = (Path(__file__).parents[4] / "docs" / "api.md").read_text(encoding="utf-8")


def shape_of_input(name: str) -> dict[str, object]:
    kind = schema().type_map[name]
    assert isinstance(kind, GraphQLInputObjectType)
    return {
        str(field.out_name): shape_of_input(get_named_type(field.type).name)
        if isinstance(get_named_type(field.type), GraphQLInputObjectType)
        else None
        for field in kind.fields.values()
    }


def shape_of_schema(kind: Schema) -> dict[str, object]:
    return {
        name: _part(field) for name, field in kind.fields.items() if not isinstance(field, ByDay)
    }


def _part(field: fields.Field[object]) -> object:
    if isinstance(field, fields.Nested):
        return shape_of_schema(field.schema)
    if type(field).__name__ == "Localised":
        other = {"language": None, "text": None}
        return {"fr": None, "en": None, "pt": None, "other": other}
    return None


@pytest.mark.parametrize("name", KINDS)
def test_every_field_that_a_service_takes_can_be_pushed_and_no_other(name: str) -> None:
    beside = ENGINE | KEYS.get(name, set())
    pushed = {key: part for key, part in shape_of_input(name).items() if key not in beside}
    assert pushed == shape_of_schema(KINDS[name]())


def test_an_attendance_row_has_the_fields_of_a_sheet() -> None:
    pushed = shape_of_input("AttendanceRowInput")
    assert pushed.pop("participant_ref") == {"system": None, "key": None, "remove": None}
    assert pushed == shape_of_schema(sheet_rows.SheetRow())


def required_of_input(name: str, at: str = "") -> set[str]:
    kind = schema().type_map[name]
    assert isinstance(kind, GraphQLInputObjectType)
    found = set()
    for field in kind.fields.values():
        inner = get_named_type(field.type)
        path = f"{at}.{field.out_name}"
        found |= {path} if "Required." in (field.description or "") else set()
        key = field.out_name in KEYS.get(name, ())
        if isinstance(inner, GraphQLInputObjectType) and not key:
            found |= required_of_input(inner.name, path)
    return found


def required_of_schema(kind: Schema, at: str = "") -> set[str]:
    found = {f"{at}.{name}" for name, field in kind.fields.items() if field.required}
    for name, field in kind.fields.items():
        if isinstance(field, fields.Nested):
            found |= required_of_schema(field.schema, f"{at}.{name}")
    return found


@pytest.mark.parametrize("name", KINDS)
def test_what_a_first_push_must_give_is_said_to_be_required(name: str) -> None:
    assert required_of_input(name) == {".id", *required_of_schema(KINDS[name]())}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_every_document_in_the_guide_is_valid() -> None:
    printed = build_schema((Path(__file__).parents[4] / "gateway" / "schema.graphql").read_text())
    documents = blocks("graphql")
    assert documents
    for document in documents:
        assert validate(printed, parse(document)) == [], document


def test_the_first_push_in_the_guide_can_be_sent_as_it_stands() -> None:
    [push] = [json.loads(block) for block in blocks("json") if '"query"' in block]
    operation, *_ = parse(push["query"]).definitions
    assert validate(schema(), parse(push["query"])) == []
    variables = coerce_variables(
        schema(),
        operation.variable_definitions,  # type: ignore[attr-defined]
        push["variables"],
    )
    assert isinstance(variables, dict), variables
