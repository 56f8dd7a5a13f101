"""Owns the pushing of projects, organisations and concerns, and their withdrawal."""

import graphene

from gateway.schema.programme.inputs import ConcernInput, OrganisationInput, ProjectInput
from gateway.schema.records import TombstoneInput
from gateway.schema.writes import pushing


class ProgrammeMutations(graphene.ObjectType):
    push_projects = pushing(
        "activities", "push_projects", ProjectInput, "Create or correct projects."
    )
    withdraw_projects = pushing(
        "activities", "withdraw_projects", TombstoneInput, "Withdraw projects."
    )
    reinstate_projects = pushing(
        "activities", "reinstate_projects", TombstoneInput, "Take withdrawals of projects back."
    )
    push_organisations = pushing(
        "activities", "push_organisations", OrganisationInput, "Register or correct organisations."
    )
    withdraw_organisations = pushing(
        "activities", "withdraw_organisations", TombstoneInput, "Withdraw organisations."
    )
    reinstate_organisations = pushing(
        "activities",
        "reinstate_organisations",
        TombstoneInput,
        "Take withdrawals of organisations back.",
    )
    push_concerns = pushing(
        "activities", "push_concerns", ConcernInput, "Record concerns, or move them forward."
    )
    withdraw_concerns = pushing(
        "activities", "withdraw_concerns", TombstoneInput, "Withdraw concerns."
    )
    reinstate_concerns = pushing(
        "activities", "reinstate_concerns", TombstoneInput, "Take withdrawals of concerns back."
    )
