"""Owns the change log: what happened to a record, step by step."""

from collections.abc import Mapping
from typing import Any, Final

import graphene

from gateway.schema.enums import closed
from gateway.schema.paging import connection, page, paged, wanted
from gateway.schema.receipts import as_json, camel
from gateway.schema.scalars import DateTime
from gateway.schema.texts import list_of
from shared.record_types import MEANINGS, RECORD_TYPES

_LOGGED: Final = [each for each in RECORD_TYPES.values() if each.has_log]


def _says(member: Any) -> str:
    return "What has a change log." if member is None else RECORD_TYPES[member.value].says


RecordKind = graphene.Enum(
    "RecordKind", [(each.name.upper(), each.name) for each in _LOGGED], description=_says
)
ChangeKind = closed(
    "ChangeKind",
    "What a change did to a record.",
    {past: MEANINGS[past] for record_type in _LOGGED for past in record_type.steps.values()},
)


class ChangedField(graphene.ObjectType):
    """One field that a change touched."""

    field = graphene.String(required=True, description="The field's name, or its path.")
    before = graphene.String(description="Its value before, as JSON; null if there was none.")
    after = graphene.String(description="Its value since, as JSON; null if it was emptied.")


class Change(graphene.ObjectType):
    """One step in the life of a record."""

    version = graphene.Int(required=True, description="The version it made.")
    kind = ChangeKind(required=True, description="What was done.")
    at = DateTime(required=True, description="When it was stored.")
    actor = graphene.ID(
        description="The public part of the API key that did it; null of another chapter's."
    )
    reason = graphene.String(
        description="Why it was withdrawn, reinstated or restored; null of another chapter's."
    )
    fields = list_of(ChangedField, required=True, description="What it changed.")
    private_changed = list_of(
        graphene.String,
        required=True,
        description="Free texts that changed as well; the log holds none.",
    )

    rows = list_of(
        graphene.ID,
        required=True,
        description="Of attendance, the participants whose rows it changed; `attendanceHistory` "
        "tells how each read.",
    )

    @staticmethod
    def resolve_rows(root: Mapping[str, Any], _: Any) -> list[str]:
        rows: list[str] = root.get("rows", [])
        return rows

    @staticmethod
    def resolve_fields(root: Mapping[str, Any], _: Any) -> list[dict[str, Any]]:
        return [
            {
                "field": camel(name),
                "before": as_json(step["before"]),
                "after": as_json(step["after"]),
            }
            for name, step in root["changed"].items()
        ]


ChangeConnection = connection(Change, "changes")


class ChangeQueries(graphene.ObjectType):
    changes = paged(
        ChangeConnection,
        "What happened to a record, step by step, oldest first.",
        of=graphene.Argument(RecordKind, required=True, description="What kind of record it is."),
        id=graphene.ID(required=True, description="Its id; of attendance: the session's."),
    )

    @staticmethod
    async def resolve_changes(_: Any, info: Any, of: Any, **asked: Any) -> dict[str, Any]:
        owner = RECORD_TYPES[of.value].owner
        answer = await info.context.ask(owner, "changes", kind=of.value, **wanted(info, asked))
        return page(answer)
