"""Owns the questions for projects, organisations and concerns."""

from typing import Any

import graphene

from gateway.schema.paging import listing
from gateway.schema.programme.filters import ConcernFilter, RecordFilter
from gateway.schema.programme.types import (
    Concern,
    ConcernConnection,
    Organisation,
    OrganisationConnection,
    Project,
    ProjectConnection,
)


def _one(node: Any, kind: str) -> graphene.Field:
    async def resolve(_: Any, info: Any, id: str) -> Any:
        return await info.context.loaders.record(kind, id)

    return graphene.Field(
        node,
        id=graphene.ID(required=True, description="Its id."),
        description=f"One {kind}; null if there is none that this key may see.",
        resolver=resolve,
    )


class ProgrammeQueries(graphene.ObjectType):
    project = _one(Project, "project")
    projects = listing(ProjectConnection, "Projects", RecordFilter, "activities", kind="project")
    organisation = _one(Organisation, "organisation")
    organisations = listing(
        OrganisationConnection, "Organisations", RecordFilter, "activities", kind="organisation"
    )
    concern = _one(Concern, "concern")
    concerns = listing(ConcernConnection, "Concerns", ConcernFilter, "activities", kind="concern")
