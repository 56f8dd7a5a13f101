"""Owns the registration of people, its withdrawal, and nominations."""

import graphene

from gateway.schema.people.inputs import NominationInput, ParticipantInput
from gateway.schema.records import TombstoneInput
from gateway.schema.writes import pushing


class ParticipantMutations(graphene.ObjectType):
    register_participants = pushing(
        "participants", "register_many", ParticipantInput, "Register or correct people."
    )
    withdraw_participants = pushing(
        "participants", "withdraw_many", TombstoneInput, "Withdraw people's records."
    )
    reinstate_participants = pushing(
        "participants", "reinstate_many", TombstoneInput, "Take withdrawals back."
    )
    nominate_participants = pushing(
        "participants", "nominate_many", NominationInput, "Nominate people, and decide on it."
    )
