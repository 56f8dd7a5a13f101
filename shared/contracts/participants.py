"""What participants tells the house: the `data` of its events, as JSON Schema (draft 2020-12).

By these a person is an id and what people are counted by. No name, no number, no text that someone
typed can pass: nothing is allowed beside what stands here. Within one version they only grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_ID: Schema = {"type": "string", "format": "uuid"}
_CODE: Schema = {"type": "string", "pattern": "^[a-z0-9]+(_[a-z0-9]+)*$"}
_CHAPTER: Schema = {"type": "string", "pattern": "^[A-Z]{2}$"}
_VERSION: Schema = {"type": "integer", "minimum": 1}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _coded(list_name: str) -> Schema:
    return {**_CODE, "description": f"code of the list {list_name}"}


def _object(title: str, properties: Mapping[str, Schema]) -> Schema:
    return {
        "$schema": DIALECT,
        "title": title,
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


_PARTICIPANT = _object(
    "A person as others may know them: the whole state, null where it is not known",
    {
        "id": _ID,
        "chapter": _CHAPTER,
        "sex": _or_null(_coded("sex")),
        "birth_year": _or_null({"type": "integer", "minimum": 1770, "maximum": 2200}),
        "groups": {
            "type": "array",
            "items": _coded("stakeholder_group"),
            "uniqueItems": True,
            "description": "the primary group first",
        },
        "disability": _or_null(_coded("disability_status")),
        "place": _or_null(
            {
                "type": "string",
                "pattern": r"^[A-Z]{2}(\.[A-Z0-9_-]+)*$",
                "description": "where they live: id of the gazetteer",
            }
        ),
        "withdrawn": {"type": "boolean"},
        "version": _VERSION,
    },
)
_NOMINATION = _object(
    "A person proposed for an activity or a project, and what was decided: the whole state",
    {
        "id": _ID,
        "participant_id": _ID,
        "activity_id": _or_null(_ID),
        "project_id": _or_null(_ID),
        "chapter": _CHAPTER,
        "proposer_group": _coded("stakeholder_group"),
        "status": _coded("nomination_status"),
        "version": _VERSION,
    },
)

CONTRACTS: Final[Mapping[str, Schema]] = {
    "participant.registered": _PARTICIPANT,
    "participant.corrected": _PARTICIPANT,
    "participant.withdrawn": _PARTICIPANT,
    "participant.reinstated": _PARTICIPANT,
    "nomination.proposed": _NOMINATION,
    "nomination.decided": _NOMINATION,
    "nomination.withdrawn": _NOMINATION,
}
"""Short type of the event → schema of its `data`."""
