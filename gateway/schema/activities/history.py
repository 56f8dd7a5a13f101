"""Owns the versions of records: how a record read before it was corrected, and what differs."""

from collections.abc import Mapping
from typing import Any, Final

import graphene

from gateway.schema.activities.changes import ChangedField, ChangeKind
from gateway.schema.activities.types import Activity
from gateway.schema.paging import connection, page, paged, wanted
from gateway.schema.people.types import Nomination, Participant
from gateway.schema.programme.concerns import Concern
from gateway.schema.programme.organisations import Organisation
from gateway.schema.programme.places import PushedPlace
from gateway.schema.programme.projects import Project
from gateway.schema.receipts import as_json, camel
from gateway.schema.scalars import DateTime
from gateway.schema.texts import list_of
from shared.record_types import RECORD_TYPES

_KEPT: Final = [each for each in RECORD_TYPES.values() if each.has_versions]


def _says(member: Any) -> str:
    return "Of what versions are kept." if member is None else RECORD_TYPES[member.value].says


KeptKind = graphene.Enum(
    "KeptKind", [(each.name.upper(), each.name) for each in _KEPT], description=_says
)


def _as(node: Any, kind: str) -> graphene.Field:
    def resolve(root: Mapping[str, Any], _: Any) -> Any:
        return root["record"] if root["of"] == kind else None

    description = f"How it read, if it is {RECORD_TYPES[kind].says.lower().rstrip('.')}."
    return graphene.Field(node, description=description, resolver=resolve)


class RecordVersion(graphene.ObjectType):
    """One version of a record."""

    version = graphene.Int(required=True, description="Its number.")
    kind = ChangeKind(required=True, description="What made it.")
    at = DateTime(required=True, description="When it was stored.")
    actor = graphene.ID(
        description="The public part of the API key that made it; null of another chapter's."
    )
    reason = graphene.String(
        description="Why it was withdrawn, reinstated or restored; null of another chapter's."
    )
    restored = graphene.Int(description="The version whose content it brought back.")
    activity = _as(Activity, "activity")
    project = _as(Project, "project")
    organisation = _as(Organisation, "organisation")
    concern = _as(Concern, "concern")
    place = _as(PushedPlace, "place")
    participant = _as(Participant, "participant")
    nomination = _as(Nomination, "nomination")


RecordVersionConnection = connection(RecordVersion, "versions")


class HistoryQueries(graphene.ObjectType):
    history = paged(
        RecordVersionConnection,
        "The versions of a record, newest first, each as it read; to those who may read the "
        "record.",
        of=graphene.Argument(KeptKind, required=True, description="What kind of record it is."),
        id=graphene.ID(required=True, description="Its id."),
    )
    compare = list_of(
        ChangedField,
        required=True,
        of=graphene.Argument(KeptKind, required=True, description="What kind of record it is."),
        id=graphene.ID(required=True, description="Its id."),
        from_=graphene.Int(name="from", required=True, description="The version before."),
        to=graphene.Int(required=True, description="The version after."),
        description="What differs between two versions of a record, by paths as `clear` has them: "
        "`title.en`, `sessions.<id>.title`.",
    )

    @staticmethod
    async def resolve_history(_: Any, info: Any, of: Any, id: str, **asked: Any) -> dict[str, Any]:
        ask, owner = info.context.ask, RECORD_TYPES[of.value].owner
        answer = await ask(owner, "history", kind=of.value, id=id, **wanted(info, asked))
        items = [{**each, "of": of.value} for each in answer["items"]]
        return page({**answer, "items": items})

    @staticmethod
    async def resolve_compare(
        _: Any, info: Any, of: Any, id: str, from_: int, to: int
    ) -> list[dict[str, Any]]:
        asked = {"kind": of.value, "id": id, "from": from_, "to": to}
        answer = await info.context.ask(RECORD_TYPES[of.value].owner, "compare", **asked)
        return [
            {
                "field": camel(each["path"]),
                "before": as_json(each["before"]),
                "after": as_json(each["after"]),
            }
            for each in answer["items"]
        ]
