"""Owns what every record has in common, as it is read, pushed, withdrawn and reinstated."""

from typing import Any

import graphene

from gateway.schema.known_by import KnownBy, KnownByInput, ref
from gateway.schema.scalars import DateTime
from gateway.schema.texts import coded, list_of
from shared.errors import NotFound
from shared.record_types import RECORD_TYPES


class Record(KnownBy):
    """The fields of everything that is stored by its client's id and in versions."""

    id = graphene.ID(required=True, description="The id its client gave it.")
    version = graphene.Int(required=True, description="Counts its corrections, from 1.")
    withdrawn = graphene.Boolean(required=True, description="Whether it was withdrawn.")
    created_at = DateTime(required=True, description="When it was first stored.")
    updated_at = DateTime(required=True, description="When it was last changed.")
    chapter = coded("country", "chapter", "The country whose chapter it belongs to.")


class RecordInput(KnownByInput):
    """The fields by which the push engine knows a record; they are part of no content."""

    id = graphene.ID(
        description="A UUID made by the client (version 7 is best), kept forever and never derived "
        "from a name. Required. One of `externalRefs` may stand in its place."
    )
    expected_version = graphene.Int(
        description="Only if this is still the stored version (optional)."
    )
    clear = list_of(
        graphene.String,
        description="What to empty, by its path: `description`, `title.en`, "
        "`sessions.<id>.title`; `sessions.<id>` takes the session itself away.",
    )
    chapter = graphene.String(
        description="The chapter's country (ISO 3166-1 alpha-2): for the secretariat, who write "
        "for several; a chapter's key has its own."
    )


class Withdrawal(graphene.ObjectType):
    """How a record was withdrawn: for those who may correct it."""

    at = DateTime(required=True, description="When.")
    by = graphene.ID(description="The public part of the API key that did it.")
    reason = graphene.String(description="Why.")


class Kept(Record):
    """The fields of a record of which every version is kept."""

    withdrawal = graphene.Field(
        Withdrawal,
        description="By whom it was withdrawn, and why; null unless it is withdrawn, and of "
        "another chapter's.",
    )


def remove() -> graphene.Boolean:
    """The word by which a thing with an id goes from its record."""
    return graphene.Boolean(
        description="true takes it away. One that is not named in a push stays as it is."
    )


class TombstoneInput(graphene.InputObjectType):
    """A record to withdraw, or to reinstate."""

    class Meta:
        container = dict

    id = graphene.ID(description="The record's id.")
    ref = ref("id")
    reason = graphene.String(description="Why; required, at most 500 characters.")
    expected_version = graphene.Int(
        description="Only if this is still the stored version (optional)."
    )


class RestoreInput(graphene.InputObjectType):
    """A record to give the content of one of its versions again."""

    class Meta:
        container = dict

    id = graphene.ID(description="The record's id.")
    ref = ref("id")
    version = graphene.Int(description="The version to bring back. Required.")
    reason = graphene.String(description="Why; required, at most 500 characters.")
    expected_version = graphene.Int(
        description="Only if this is still the stored version (optional)."
    )


def one(node: Any, kind: str) -> graphene.Field:
    """A root field that shows the record of an id, as it is or as it was."""

    def latest(loaders: Any, id: str) -> Any:
        return loaders.participant(id) if kind == "participant" else loaders.record(kind, id)

    async def resolve(_: Any, info: Any, id: str, version: int | None = None) -> Any:
        if version is None:
            return await latest(info.context.loaders, id)
        try:
            asked = {"kind": kind, "id": id, "version": version}
            answer = await info.context.ask(RECORD_TYPES[kind].owner, "version", **asked)
        except NotFound:
            return None
        return answer["item"]

    return graphene.Field(
        node,
        id=graphene.ID(required=True, description="Its id."),
        version=graphene.Int(description="As it read in this version; by default as it is now."),
        description=f"One {kind}; null if there is none that this key may see.",
        resolver=resolve,
    )
