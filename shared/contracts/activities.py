"""What activities tells the house: the `data` of its events, as JSON Schema (draft 2020-12).

A record's events carry its whole public state; attendance events carry what one push changed on one
session's sheet, `sequence` counting the changes of that sheet 1, 2, 3 …. No free text can pass
beside titles and the names of organisations and places: nothing is allowed beside what stands here.
Within one version they only grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.contracts.parts import (
    COUNT,
    COUNTRY,
    DAY,
    ID,
    NUMBER,
    PLACE,
    SEVERITY,
    TEXT,
    TITLE,
    TRUTH,
    VERSION,
    Schema,
    array,
    code,
    codes,
    nullable,
    part,
    whole,
)
from shared.record_types import SCORES
from shared.scores import MOST

_IDS = array(ID, uniqueItems=True)
_COUNTRIES = array(COUNTRY, uniqueItems=True)
_PLACES = array(PLACE, uniqueItems=True)
_SECTORS = array(
    part(
        {
            "vocabulary": TEXT,
            "code": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$"},
            "percentage": NUMBER,
        },
        ("code",),
    ),
    description="without a vocabulary a purpose code of the DAC",
)
_COUNTED: Schema = {"type": "integer"}
_SUM: Schema = {"type": "number", "description": "of two decimals at most"}
_SCORE: Schema = {"type": "number", "minimum": 0, "maximum": MOST}


def _state(title: str, properties: Mapping[str, Schema], required: str) -> Schema:
    """The whole public state of a record of one kind."""
    record = {
        "id": ID,
        "chapter": COUNTRY,
        "version": {**VERSION, "description": "the event's sequence"},
        "withdrawn": TRUTH,
        "private_changed": {
            "type": "array",
            "items": TEXT,
            "description": "in `corrected`: the fields that changed in parts not shown here",
        },
    }
    needed = ["id", "chapter", "version", "withdrawn", *required.split()]
    return whole(title, {**record, **properties}, needed)


_SESSION = part(
    {
        "id": ID,
        "on": DAY,
        "hours": NUMBER,
        "topics": codes("emmmda_topic"),
        "place": PLACE,
    },
    ("id", "on", "place"),
)
_ANNOUNCED = part(
    {
        "total": COUNT,
        "cells": {
            "type": "array",
            "items": part(
                {
                    "sex": code("sex"),
                    "age_band": code("age_band"),
                    "group": code("stakeholder_group"),
                    "disability": code("disability_status"),
                    "count": COUNT,
                },
                ("count",),
            ),
        },
    },
    ("total",),
)
_RECOMMENDATION = part(
    {"id": ID, "due_on": DAY, "status": code("recommendation_status")}, ("id", "status")
)

_ACTIVITY_FIELDS: Final[Mapping[str, Schema]] = {
    "project_id": ID,
    "type": code("activity_type"),
    "title": TITLE,
    "status": code("activity_status"),
    "starts_on": DAY,
    "ends_on": DAY,
    "place": PLACE,
    "places": {**_PLACES, "description": "beside `place`, by which it is counted"},
    "countries": _COUNTRIES,
    "sectors": _SECTORS,
    "organisation_ids": _IDS,
    "funder_ids": _IDS,
    "accountable_ids": _IDS,
    "extending_ids": _IDS,
    "sessions": {
        "type": "array",
        "items": _SESSION,
        "minItems": 1,
        "description": "where the activity names none: one with the activity's own id",
    },
    "ecpf": codes("ecpf_component"),
    "architecture": codes("architecture_tag"),
    "announced": _ANNOUNCED,
    "consultation": part(
        {
            "proposer_groups": codes("stakeholder_group"),
            "blessing_given": TRUTH,
            "participants_considered": COUNT,
        }
    ),
    "training": part({"audience_groups": codes("stakeholder_group"), "days": NUMBER}),
    "dialogue": part({"recommendations": {"type": "array", "items": _RECOMMENDATION}}),
    "media": part(
        {
            "channels": codes("media_channel"),
            "broadcasts": COUNT,
            "audience_estimate": COUNT,
            "languages": codes("language"),
        }
    ),
    "publication": part(
        {
            "title": TEXT,
            "language": code("language"),
            "copies_printed": COUNT,
            "copies_distributed": COUNT,
            "isbn": TEXT,
        }
    ),
}
_ACTIVITY = _state(
    "An activity: its whole public state, and where it stood when this was emitted",
    _ACTIVITY_FIELDS,
    "project_id type title status starts_on ends_on place sessions",
)
_ACTIVITY_STATED = _state(
    "An activity: its whole public state, as stated; without a `status` the calendar tells where "
    "it stands, without `ends_on` it goes on",
    _ACTIVITY_FIELDS,
    "project_id type title starts_on place sessions",
)

_PROJECT = _state(
    "A project: its whole public state",
    {
        "title": TITLE,
        "status": code("project_status"),
        "starts_on": DAY,
        "ends_on": DAY,
        "funder_ids": _IDS,
        "accountable_ids": _IDS,
        "extending_ids": _IDS,
        "implementing_ids": _IDS,
        "partner_ids": _IDS,
        "places": _PLACES,
        "countries": _COUNTRIES,
        "sectors": _SECTORS,
        "indicators": {
            "type": "array",
            "items": part(
                {
                    "id": ID,
                    "title": TITLE,
                    "measure": code("indicator_measure"),
                    "ascending": TRUTH,
                    "unit": TEXT,
                    "baseline": NUMBER,
                    "baseline_on": DAY,
                    "target": NUMBER,
                    "target_on": DAY,
                    "actuals": array(
                        part(
                            {"id": ID, "starts_on": DAY, "ends_on": DAY, "value": NUMBER},
                            ("id", "ends_on"),
                        ),
                        description="what was reached in each period",
                    ),
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
        "identifier": TEXT,
        "name": TEXT,
        "acronym": TEXT,
        "type": code("organisation_type"),
        "country": COUNTRY,
        "gppac_member": TRUTH,
    },
    "name type",
)

_CONCERN = _state(
    "A concern that a community raised, without its text",
    {
        "activity_id": ID,
        "place": PLACE,
        "category": code("concern_category"),
        "severity": SEVERITY,
        "status": code("concern_status"),
        "raised_on": DAY,
        "raised_by_group": code("stakeholder_group"),
    },
    "place category severity status raised_on",
)

_PLACE = _state(
    "A place that the gazetteer lacks: its whole state",
    {
        "parent": {**PLACE, "description": "the unit of the gazetteer below which it was pushed"},
        "name": TEXT,
        "names": TITLE,
        "aliases": array(TEXT, uniqueItems=True),
        "kind": code("place_kind"),
        "lat": NUMBER,
        "lon": NUMBER,
        "began_on": DAY,
        "ended_on": DAY,
        "same_as": {**PLACE, "description": "the place of the same unit that it is, too"},
    },
    "parent name kind",
)

_SHEET: Final[Mapping[str, Schema]] = {
    "session_id": ID,
    "activity_id": ID,
    "chapter": COUNTRY,
    "rows": array(
        part({"participant_id": ID, "present": TRUTH}, ("participant_id", "present")),
        description="those whose presence changed, each once; a person who does not count is not "
        "present: one who is withdrawn, or of whom another row of the sheet counts",
    ),
    "present_total": {**COUNT, "description": "how many are present since"},
    "scores": {
        "description": "differences of sums over those present; pre and post are test "
        "scores of 0 to 100, gain is post minus pre of those with both",
        **part({name: _SUM if name.endswith("_sum") else _COUNTED for name in SCORES}, SCORES),
    },
}
_ATTENDANCE = whole("What one push changed on the attendance sheet of one session", _SHEET, _SHEET)
_ATTENDANCE_2 = whole(
    "What one push changed on the attendance sheet of one session, with the test scores of each",
    {
        **_SHEET,
        "tests": array(
            part(
                {
                    "participant_id": ID,
                    "pre_score": nullable(_SCORE),
                    "post_score": nullable(_SCORE),
                },
                ("participant_id", "pre_score", "post_score"),
            ),
            description="the scores since (0 to 100 with at most two decimals, null without a "
            "test) of those present whose presence or scores changed and who have one or had, each "
            "once; whoever leaves has none",
        ),
    },
    (*_SHEET, "tests"),
)

SCHEMAS: Final[Mapping[str, Mapping[int, Schema]]] = {
    "activity": {1: _ACTIVITY, 2: _ACTIVITY_STATED},
    "project": {1: _PROJECT},
    "organisation": {1: _ORGANISATION},
    "concern": {1: _CONCERN},
    "place": {1: _PLACE},
    "attendance": {1: _ATTENDANCE, 2: _ATTENDANCE_2},
}
"""Record type → version → schema."""
