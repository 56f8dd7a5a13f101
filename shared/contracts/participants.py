"""What participants tells the house: the `data` of its events, as JSON Schema (draft 2020-12).

By these a person is an id and what people are counted by. No name, no number, no text that someone
typed can pass: nothing is allowed beside what stands here. Within one version they only grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.contracts.parts import (
    COUNTRY,
    DAY,
    ID,
    PLACE,
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


def _state(
    title: str, properties: Mapping[str, Schema], maybe: Mapping[str, Schema] | None = None
) -> Schema:
    """Every property is always there, but for those that `maybe` are."""
    return whole(title, {**properties, **(maybe or {})}, properties)


_CHANGING: Final[Mapping[str, Schema]] = {
    "groups": codes("stakeholder_group", description="the primary group first"),
    "disability": nullable(code("disability_status")),
    "place": nullable({**PLACE, "description": "where they live: id of the gazetteer"}),
}
_HISTORY = array(
    part(
        {
            "since": {
                **nullable(DAY),
                "description": "the first day on which this is true; null: before all changes",
            },
            **_CHANGING,
        },
        ("since", *_CHANGING),
    ),
    description="Of whom something has changed: what was true when, the earliest first, the first "
    "`since` null, each the whole of what changes. The last is true at present, and is what the "
    "properties beside it say. Absent or empty: these are true of all time.",
)

_PARTICIPANT = _state(
    "A person as others may know them: the whole state, null where it is not known",
    {
        "id": ID,
        "chapter": COUNTRY,
        "sex": nullable(code("sex")),
        "birth_year": nullable({"type": "integer", "minimum": 1770, "maximum": 2200}),
        **_CHANGING,
        "withdrawn": TRUTH,
        "version": VERSION,
    },
    {
        "history": _HISTORY,
        "merged_into": {
            **nullable(ID),
            "description": "the person they are one with, as whom they count; absent: nobody",
        },
    },
)
_STANDING = _state(
    "Whether a person counts, and as whom; told when that changes",
    {
        "id": ID,
        "chapter": COUNTRY,
        "withdrawn": TRUTH,
        "merged_into": nullable(
            {**ID, "description": "the person they are one with, under whose standing they count"}
        ),
        "version": {**VERSION, "description": "the person's, and the event's sequence"},
    },
)
_NOMINATION = _state(
    "A person proposed for an activity or a project, and what was decided: the whole state",
    {
        "id": ID,
        "participant_id": ID,
        "activity_id": nullable(ID),
        "project_id": nullable(ID),
        "chapter": COUNTRY,
        "proposer_group": code("stakeholder_group"),
        "status": code("nomination_status"),
        "version": VERSION,
    },
)

SCHEMAS: Final[Mapping[str, Mapping[int, Schema]]] = {
    "participant": {1: _PARTICIPANT},
    "standing": {1: _STANDING},
    "nomination": {1: _NOMINATION},
}
"""Record type → version → schema."""
