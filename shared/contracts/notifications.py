"""What partners receive: the `data` of every type of feed item, as JSON Schema (draft 2020-12).

The types stand apart from the house's own events (`feed.activity.recorded`, on the wire
`org.foscao.feed.activity.recorded.v1`), because partners get figures and codes only. Nothing else
can pass: what these schemas do not name is refused by the tests. For partners they only grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.contracts.parts import (
    COUNT,
    DAY,
    ID,
    SEVERITY,
    TITLE,
    TRUTH,
    VERSION,
    Schema,
    array,
    code,
    codes,
    part,
    whole,
)

_ACTIVITY_FIELDS: Final[Mapping[str, Schema]] = {
    "id": ID,
    "type": code("activity_type"),
    "status": code("activity_status"),
    "title": TITLE,
    "starts_on": DAY,
    "ends_on": DAY,
    "project_id": ID,
    "ecpf": codes("ecpf_component"),
    "architecture": codes("architecture_tag"),
    "topics": codes("emmmda_topic"),
    "sessions": COUNT,
    "announced_total": COUNT,
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
            "language": code("language"),
            "copies_printed": COUNT,
            "copies_distributed": COUNT,
        }
    ),
    "withdrawn": TRUTH,
    "version": VERSION,
}
_ACTIVITY_NEEDS: Final = (
    "id",
    "type",
    "ecpf",
    "architecture",
    "topics",
    "sessions",
    "withdrawn",
    "version",
)
_ACTIVITY = whole(
    "An activity: its figures and codes, and where it stood when this happened",
    _ACTIVITY_FIELDS,
    (*_ACTIVITY_NEEDS, "status"),
)
_ACTIVITY_STATED = whole(
    "An activity: its figures and codes, as stated; without a `status` it is planned before its "
    "first day and held from then on, without `ends_on` it goes on",
    _ACTIVITY_FIELDS,
    _ACTIVITY_NEEDS,
)

_PROJECT = whole(
    "A project",
    {
        "id": ID,
        "title": TITLE,
        "starts_on": DAY,
        "ends_on": DAY,
        "funder_ids": array(ID),
        "partner_ids": array(ID),
        "withdrawn": TRUTH,
        "version": VERSION,
    },
    ["id", "funder_ids", "partner_ids", "withdrawn", "version"],
)

_ATTENDANCE = whole(
    "How many were present in one session, and what this entry changed",
    {
        "session_id": ID,
        "activity_id": ID,
        "present_total": COUNT,
        "present_added": COUNT,
        "present_removed": COUNT,
    },
    ["session_id", "activity_id", "present_total", "present_added", "present_removed"],
)

_CONCERN = whole(
    "A concern that a community raised: no text, no person, no place below the region",
    {
        "id": ID,
        "category": code("concern_category"),
        "severity": SEVERITY,
        "status": code("concern_status"),
        "withdrawn": TRUTH,
        "version": VERSION,
    },
    ["id", "category", "severity", "status", "withdrawn", "version"],
)

SCHEMAS: Final[Mapping[str, Mapping[int, Schema]]] = {
    "activity": {1: _ACTIVITY, 2: _ACTIVITY_STATED},
    "project": {1: _PROJECT},
    "concern": {1: _CONCERN},
    "attendance": {1: _ATTENDANCE},
}
"""Record type → version → schema of what partners read of it."""
