"""What contracts are made of: the parts of JSON Schema (draft 2020-12) that all producers use.

A code of an editable list is a pattern and never an enumeration: a new code must not break whoever
validates what he receives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from shared.codes import LANGUAGES

Schema = Mapping[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

ID: Final[Schema] = {"type": "string", "format": "uuid"}
DAY: Final[Schema] = {"type": "string", "format": "date"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
NUMBER: Final[Schema] = {"type": "number"}
TRUTH: Final[Schema] = {"type": "boolean"}
TEXT: Final[Schema] = {"type": "string"}
VERSION: Final[Schema] = {"type": "integer", "minimum": 1}
SEVERITY: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 5}
COUNTRY: Final[Schema] = {"type": "string", "pattern": "^[A-Z]{2}$"}
PLACE: Final[Schema] = {
    "type": "string",
    "pattern": r"^[A-Z]{2}(\.[A-Z0-9_-]+)*(\.~[0-9a-f-]{36})?$",
    "description": "id of the gazetteer; of a pushed place, its unit's and its own behind",
}
TITLE: Final[Schema] = {
    "type": "object",
    "properties": dict.fromkeys(LANGUAGES, TEXT),
    "patternProperties": {"^[a-z]{2,3}$": {**TEXT, "description": "in this language (ISO 639)"}},
    "additionalProperties": False,
    "minProperties": 1,
}


def code(list_name: str) -> Schema:
    """A code of an editable list."""
    return {
        "type": "string",
        "pattern": "^[a-z0-9]+(_[a-z0-9]+)*$",
        "description": f"code of the list {list_name}",
    }


def codes(list_name: str, **more: Any) -> Schema:
    """Several codes of an editable list, each once."""
    return {"type": "array", "items": code(list_name), "uniqueItems": True, **more}


def array(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def part(properties: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    """An object that holds these properties and no other."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def whole(title: str, properties: Mapping[str, Schema], required: Iterable[str]) -> Schema:
    """The `data` of an event: these properties and no other."""
    return {"$schema": DIALECT, "title": title, **part(properties, required)}
