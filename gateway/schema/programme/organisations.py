"""Owns organisations: how they are read and pushed, listed, withdrawn and reinstated."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.paging import connection, listing
from gateway.schema.programme.filters import RecordFilter
from gateway.schema.records import Kept, RecordInput, RestoreInput, TombstoneInput, one
from gateway.schema.texts import coded, list_of
from gateway.schema.writes import pushing


class Organisation(Kept, graphene.ObjectType):
    """An organisation of the registry, known by its id and never by its bare name."""

    identifier = graphene.String(description="Its identifier in a public register, if any.")
    name = graphene.String(description="Its full name.")
    acronym = graphene.String(description="Its acronym.")
    type = coded("organisation_type", "type", "What kind of organisation it is.")
    country = coded("world_country", "country", "Where it has its seat.")
    gppac_member = graphene.Boolean(description="Whether it is a member of GPPAC.")


def organisations_of(name: str, description: str) -> graphene.Field:
    """A field that shows the organisations whose ids stand under `name` of its parent."""

    async def resolve(root: Mapping[str, Any], info: Any) -> list[dict[str, Any]]:
        ids = root.get(name) or []
        return await info.context.loaders.records("organisation", ids) if ids else []

    return graphene.Field(list_of(Organisation), description=description, resolver=resolve)


class OrganisationInput(RecordInput, graphene.InputObjectType):
    """An organisation to register or to correct. An absent or blank field is left as it is: what
    is required is so of the first push."""

    class Meta:
        container = dict

    identifier = graphene.String(description="Its identifier in a public register.")
    name = graphene.String(description="Its full name. Required.")
    acronym = graphene.String(description="Its acronym.")
    type = graphene.String(description="Code of the list `organisation_type`. Required.")
    country = graphene.String(description="Where it has its seat (ISO 3166-1 alpha-2).")
    gppac_member = graphene.Boolean(description="Whether it is a member of GPPAC.")


OrganisationConnection = connection(Organisation, "organisations", dated=True)


class OrganisationQueries(graphene.ObjectType):
    organisation = one(Organisation, "organisation")
    organisations = listing(
        OrganisationConnection, "Organisations", RecordFilter, "activities", kind="organisation"
    )


class OrganisationMutations(graphene.ObjectType):
    push_organisations = pushing(
        "organisation", "push", OrganisationInput, "Register or correct organisations."
    )
    withdraw_organisations = pushing(
        "organisation", "withdraw", TombstoneInput, "Withdraw organisations."
    )
    reinstate_organisations = pushing(
        "organisation", "reinstate", TombstoneInput, "Take withdrawals of organisations back."
    )
    restore_organisations = pushing(
        "organisation",
        "restore",
        RestoreInput,
        "Give organisations the content of one of their versions again, in a new version.",
    )
