"""Owns the withdrawal of activities; they are pushed with their people and attendance."""

import graphene

from gateway.schema.records import TombstoneInput
from gateway.schema.writes import pushing


class ActivityMutations(graphene.ObjectType):
    withdraw_activities = pushing(
        "activity",
        "withdraw",
        TombstoneInput,
        "Withdraw activities: all their figures go, the record and its history stay.",
    )
    reinstate_activities = pushing(
        "activity",
        "reinstate",
        TombstoneInput,
        "Take the withdrawal of activities back: their figures return.",
    )
