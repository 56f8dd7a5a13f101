"""What activities tells the house: the `data` of its events, as JSON Schema (draft 2020-12).

A record's events carry its whole public state; attendance events carry what one push changed on one
session's sheet, `sequence` counting the changes of that sheet 1, 2, 3 …. No free text can pass
beside titles and the names of organisations: nothing is allowed beside what stands here. Within one
version they only grow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.codes import LANGUAGES

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_ID: Schema = {"type": "string", "format": "uuid"}
_IDS: Schema = {"type": "array", "items": _ID, "uniqueItems": True}
_DAY: Schema = {"type": "string", "format": "date"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_DELTA: Schema = {"type": "integer"}
_NUMBER: Schema = {"type": "number"}
_TRUTH: Schema = {"type": "boolean"}
_TEXT: Schema = {"type": "string"}
_COUNTRY: Schema = {"type": "string", "pattern": "^[A-Z]{2}$"}
_PLACE: Schema = {
    "type": "string",
    "pattern": r"^[A-Z]{2}(\.[A-Z0-9_-]+)*$",
    "description": "id of the gazetteer",
}
_TITLE: Schema = {
    "type": "object",
    "properties": dict.fromkeys(LANGUAGES, _TEXT),
    "additionalProperties": False,
    "minProperties": 1,
}


def _code(list_name: str) -> Schema:
    return {
        "type": "string",
        "pattern": "^[a-z0-9]+(_[a-z0-9]+)*$",
        "description": f"code of the list {list_name}",
    }


def _codes(list_name: str) -> Schema:
    return {"type": "array", "items": _code(list_name), "uniqueItems": True}


def _object(properties: Mapping[str, Schema], required: Sequence[str] = ()) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def _state(title: str, properties: Mapping[str, Schema], required: str) -> Schema:
    """The whole public state of a record of one kind."""
    record = {
        "id": _ID,
        "chapter": _COUNTRY,
        "version": {"type": "integer", "minimum": 1, "description": "the event's sequence"},
        "withdrawn": _TRUTH,
        "private_changed": {
            "type": "array",
            "items": _TEXT,
            "description": "in `corrected`: the fields that changed in parts not shown here",
        },
    }
    needed = ["id", "chapter", "version", "withdrawn", *required.split()]
    return {"$schema": DIALECT, "title": title, **_object({**record, **properties}, needed)}


_SESSION = _object(
    {
        "id": _ID,
        "on": _DAY,
        "hours": _NUMBER,
        "topics": _codes("emmmda_topic"),
        "place": _PLACE,
    },
    ("id", "on", "place"),
)
_ANNOUNCED = _object(
    {
        "total": _COUNT,
        "cells": {
            "type": "array",
            "items": _object(
                {
                    "sex": _code("sex"),
                    "age_band": _code("age_band"),
                    "group": _code("stakeholder_group"),
                    "disability": _code("disability_status"),
                    "count": _COUNT,
                },
                ("count",),
            ),
        },
    },
    ("total",),
)
_RECOMMENDATION = _object(
    {"id": _ID, "due_on": _DAY, "status": _code("recommendation_status")}, ("id", "status")
)

_ACTIVITY = _state(
    "An activity: its whole public state",
    {
        "project_id": _ID,
        "type": _code("activity_type"),
        "title": _TITLE,
        "status": _code("activity_status"),
        "starts_on": _DAY,
        "ends_on": _DAY,
        "place": _PLACE,
        "organisation_ids": _IDS,
        "sessions": {
            "type": "array",
            "items": _SESSION,
            "minItems": 1,
            "description": "where the activity names none: one with the activity's own id",
        },
        "ecpf": _codes("ecpf_component"),
        "architecture": _codes("architecture_tag"),
        "announced": _ANNOUNCED,
        "consultation": _object(
            {
                "proposer_groups": _codes("stakeholder_group"),
                "blessing_given": _TRUTH,
                "participants_considered": _COUNT,
            }
        ),
        "training": _object({"audience_groups": _codes("stakeholder_group"), "days": _NUMBER}),
        "dialogue": _object({"recommendations": {"type": "array", "items": _RECOMMENDATION}}),
        "media": _object(
            {
                "channels": _codes("media_channel"),
                "broadcasts": _COUNT,
                "audience_estimate": _COUNT,
                "languages": _codes("language"),
            }
        ),
        "publication": _object(
            {
                "title": _TEXT,
                "language": _code("language"),
                "copies_printed": _COUNT,
                "copies_distributed": _COUNT,
                "isbn": _TEXT,
            }
        ),
    },
    "project_id type title status starts_on ends_on place sessions",
)

_PROJECT = _state(
    "A project: its whole public state",
    {
        "title": _TITLE,
        "starts_on": _DAY,
        "ends_on": _DAY,
        "funder_ids": _IDS,
        "partner_ids": _IDS,
        "places": {"type": "array", "items": _PLACE, "uniqueItems": True},
        "indicators": {
            "type": "array",
            "items": _object(
                {
                    "id": _ID,
                    "title": _TITLE,
                    "unit": _TEXT,
                    "baseline": _NUMBER,
                    "baseline_on": _DAY,
                    "target": _NUMBER,
                    "target_on": _DAY,
                },
                ("id", "title"),
            ),
        },
    },
    "title starts_on",
)

_ORGANISATION = _state(
    "An organisation: its whole public state",
    {
        "identifier": _TEXT,
        "name": _TEXT,
        "acronym": _TEXT,
        "type": _code("organisation_type"),
        "country": _COUNTRY,
        "gppac_member": _TRUTH,
    },
    "name type",
)

_CONCERN = _state(
    "A concern that a community raised, without its text",
    {
        "activity_id": _ID,
        "place": _PLACE,
        "category": _code("concern_category"),
        "severity": {"type": "integer", "minimum": 1, "maximum": 5},
        "status": _code("concern_status"),
        "raised_on": _DAY,
        "raised_by_group": _code("stakeholder_group"),
    },
    "place category severity status raised_on",
)

_ATTENDANCE: Schema = {
    "$schema": DIALECT,
    "title": "What one push changed on the attendance sheet of one session",
    **_object(
        {
            "session_id": _ID,
            "activity_id": _ID,
            "chapter": _COUNTRY,
            "rows": {
                "type": "array",
                "items": _object(
                    {"participant_id": _ID, "present": _TRUTH}, ("participant_id", "present")
                ),
                "description": "those whose presence changed, each once",
            },
            "present_total": {**_COUNT, "description": "how many are present since"},
            "scores": {
                "description": "differences of sums over those present; pre and post are test "
                "scores of 0 to 100, gain is post minus pre of those with both",
                **_object(
                    fields := dict.fromkeys(
                        ("pre_n", "pre_sum", "post_n", "post_sum", "paired_n", "gain_sum"), _DELTA
                    ),
                    tuple(fields),
                ),
            },
        },
        ("session_id", "activity_id", "chapter", "rows", "present_total", "scores"),
    ),
}

_STEPS = ("recorded", "corrected", "withdrawn", "reinstated")

CONTRACTS: Final[Mapping[str, Schema]] = {
    **{f"activity.{step}": _ACTIVITY for step in _STEPS},
    **{f"project.{step}": _PROJECT for step in _STEPS},
    **{f"organisation.{step}": _ORGANISATION for step in _STEPS},
    **{f"concern.{step}": _CONCERN for step in _STEPS},
    "attendance.recorded": _ATTENDANCE,
    "attendance.corrected": _ATTENDANCE,
}
