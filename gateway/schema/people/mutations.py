"""Owns the registration of people, its withdrawal, and nominations."""

import graphene

from gateway.schema.people.types import NominationInput, ParticipantInput
from gateway.schema.records import RestoreInput, TombstoneInput
from gateway.schema.writes import pushing


class ParticipantMutations(graphene.ObjectType):
    register_participants = pushing(
        "participant", "push", ParticipantInput, "Register or correct people."
    )
    withdraw_participants = pushing(
        "participant", "withdraw", TombstoneInput, "Withdraw people's records."
    )
    reinstate_participants = pushing(
        "participant", "reinstate", TombstoneInput, "Take withdrawals back."
    )
    restore_participants = pushing(
        "participant",
        "restore",
        RestoreInput,
        "Give people the content of one of their versions again, in a new version.",
    )
    nominate_participants = pushing(
        "nomination", "push", NominationInput, "Nominate people, and decide on it."
    )
