"""Owns the questions for activities."""

from typing import Any

import graphene

from gateway.schema.activities.filters import ActivityFilter
from gateway.schema.activities.types import Activity, ActivityConnection
from gateway.schema.paging import listing


class ActivityQueries(graphene.ObjectType):
    activity = graphene.Field(
        Activity,
        id=graphene.ID(required=True, description="The activity's id."),
        description="One activity; null if there is none that this key may see.",
    )
    activities = listing(
        ActivityConnection, "Activities", ActivityFilter, "activities", kind="activity"
    )

    @staticmethod
    async def resolve_activity(_: Any, info: Any, id: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await info.context.loaders.record("activity", id)
        return found
