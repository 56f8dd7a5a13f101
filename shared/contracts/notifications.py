"""What partners receive: the `data` of every type of feed item, as JSON Schema (draft 2020-12).

The types stand apart from the house's own events (`feed.activity.recorded`, on the wire
`org.foscao.feed.activity.recorded.v1`), because partners get figures and codes only. Nothing else
can pass: what these schemas do not name is refused by the tests. For partners they only grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.codes import LANGUAGES, code_list

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_ID: Schema = {"type": "string", "format": "uuid"}
_DAY: Schema = {"type": "string", "format": "date"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_VERSION: Schema = {"type": "integer", "minimum": 1}
_TITLE: Schema = {
    "type": "object",
    "properties": {language: {"type": "string"} for language in LANGUAGES},
    "additionalProperties": False,
    "minProperties": 1,
}


def _code(list_name: str) -> Schema:
    return {"type": "string", "enum": list(code_list(list_name))}


def _codes(list_name: str) -> Schema:
    return {"type": "array", "items": _code(list_name), "uniqueItems": True}


def _object(title: str, properties: Mapping[str, Schema], required: str) -> Schema:
    return {
        "$schema": DIALECT,
        "title": title,
        "type": "object",
        "properties": dict(properties),
        "required": required.split(),
        "additionalProperties": False,
    }


def _section(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


_ACTIVITY = _object(
    "An activity: its figures and codes",
    {
        "id": _ID,
        "type": _code("activity_type"),
        "status": _code("activity_status"),
        "title": _TITLE,
        "starts_on": _DAY,
        "ends_on": _DAY,
        "project_id": _ID,
        "ecpf": _codes("ecpf_component"),
        "architecture": _codes("architecture_tag"),
        "topics": _codes("emmmda_topic"),
        "sessions": _COUNT,
        "announced_total": _COUNT,
        "media": _section(
            channels=_codes("media_channel"),
            broadcasts=_COUNT,
            audience_estimate=_COUNT,
            languages=_codes("language"),
        ),
        "publication": _section(
            language=_code("language"),
            copies_printed=_COUNT,
            copies_distributed=_COUNT,
        ),
        "withdrawn": {"type": "boolean"},
        "version": _VERSION,
    },
    "id type status ecpf architecture topics sessions withdrawn version",
)

_PROJECT = _object(
    "A project",
    {
        "id": _ID,
        "title": _TITLE,
        "starts_on": _DAY,
        "ends_on": _DAY,
        "funder_ids": {"type": "array", "items": _ID},
        "partner_ids": {"type": "array", "items": _ID},
        "withdrawn": {"type": "boolean"},
        "version": _VERSION,
    },
    "id funder_ids partner_ids withdrawn version",
)

_ATTENDANCE = _object(
    "How many were present in one session, and what this entry changed",
    {
        "session_id": _ID,
        "activity_id": _ID,
        "present_total": _COUNT,
        "present_added": _COUNT,
        "present_removed": _COUNT,
    },
    "session_id activity_id present_total present_added present_removed",
)

_CONCERN = _object(
    "A concern that a community raised: no text, no person, no place below the region",
    {
        "id": _ID,
        "category": _code("concern_category"),
        "severity": {"type": "integer", "minimum": 1, "maximum": 5},
        "status": _code("concern_status"),
        "withdrawn": {"type": "boolean"},
        "version": _VERSION,
    },
    "id category severity status withdrawn version",
)

_STEPS = ("recorded", "corrected", "withdrawn", "reinstated")

CONTRACTS: Final[Mapping[str, Schema]] = {
    **{f"feed.activity.{step}": _ACTIVITY for step in _STEPS},
    **{f"feed.project.{step}": _PROJECT for step in _STEPS},
    **{f"feed.concern.{step}": _CONCERN for step in _STEPS},
    "feed.attendance.recorded": _ATTENDANCE,
    "feed.attendance.corrected": _ATTENDANCE,
}
