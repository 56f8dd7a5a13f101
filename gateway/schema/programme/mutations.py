"""Owns the pushing of projects, organisations and concerns, and their withdrawal."""

import graphene

from gateway.schema.programme.inputs import ConcernInput, OrganisationInput, ProjectInput
from gateway.schema.records import TombstoneInput
from gateway.schema.writes import pushing


class ProgrammeMutations(graphene.ObjectType):
    push_projects = pushing("project", "push", ProjectInput, "Create or correct projects.")
    withdraw_projects = pushing("project", "withdraw", TombstoneInput, "Withdraw projects.")
    reinstate_projects = pushing(
        "project", "reinstate", TombstoneInput, "Take withdrawals of projects back."
    )
    push_organisations = pushing(
        "organisation", "push", OrganisationInput, "Register or correct organisations."
    )
    withdraw_organisations = pushing(
        "organisation", "withdraw", TombstoneInput, "Withdraw organisations."
    )
    reinstate_organisations = pushing(
        "organisation",
        "reinstate",
        TombstoneInput,
        "Take withdrawals of organisations back.",
    )
    push_concerns = pushing(
        "concern", "push", ConcernInput, "Record concerns, or move them forward."
    )
    withdraw_concerns = pushing("concern", "withdraw", TombstoneInput, "Withdraw concerns.")
    reinstate_concerns = pushing(
        "concern", "reinstate", TombstoneInput, "Take withdrawals of concerns back."
    )
