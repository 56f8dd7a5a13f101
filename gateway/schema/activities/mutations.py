"""Owns what withdraws activities and what takes that, or a correction, back; they are pushed with
their people and attendance."""

import graphene

from gateway.schema.records import RestoreInput, TombstoneInput
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
    restore_activities = pushing(
        "activity",
        "restore",
        RestoreInput,
        "Give activities the content of one of their versions again, in a new version: what they "
        "refer to must still be there, and no session goes that has attendance.",
    )
