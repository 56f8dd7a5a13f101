"""Owns the questions for activities."""

import graphene

from gateway.schema.activities.filters import ActivityFilter
from gateway.schema.activities.types import Activity, ActivityConnection
from gateway.schema.paging import listing
from gateway.schema.records import one


class ActivityQueries(graphene.ObjectType):
    activity = one(Activity, "activity")
    activities = listing(
        ActivityConnection, "Activities", ActivityFilter, "activities", kind="activity"
    )
