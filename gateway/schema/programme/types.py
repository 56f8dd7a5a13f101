"""Owns what activities stand in, as it is read: projects, organisations, and people's concerns."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.paging import connection
from gateway.schema.records import Record
from gateway.schema.scalars import Date
from gateway.schema.texts import LocalisedText, coded, coded_list, filled, list_of


class Organisation(Record, graphene.ObjectType):
    """An organisation of the registry, known by its id and never by its bare name."""

    identifier = graphene.String(description="Its identifier in a public register, if any.")
    name = graphene.String(description="Its full name.")
    acronym = graphene.String(description="Its acronym.")
    type = coded("organisation_type", "type", "What kind of organisation it is.")
    country = coded("country", "country", "Where it has its seat.")
    gppac_member = graphene.Boolean(description="Whether it is a member of GPPAC.")


class Indicator(graphene.ObjectType):
    """What a project wants to change, measured from a baseline to a target."""

    id = graphene.ID(required=True, description="Its id.")
    title = graphene.Field(LocalisedText, description="What is measured.")
    unit = graphene.String(description="In which unit.")
    baseline = graphene.Float(description="The value at the start, if known.")
    baseline_on = Date(description="When that was.")
    target = graphene.Float(description="The value aimed at.")
    target_on = Date(description="By when.")


class Project(Record, graphene.ObjectType):
    """What activities belong to."""

    title = graphene.Field(LocalisedText, description="What it is called.")
    description = graphene.Field(LocalisedText, description="What it is about.")
    starts_on = Date(description="The first day.")
    ends_on = Date(description="The last day.")
    places = coded_list("place", "places", "Where it works.")
    indicators = filled(Indicator, "indicators", "What it wants to change.")
    funders = list_of(Organisation, description="Who pays for it.")
    partners = list_of(Organisation, description="Who carries it along.")

    @staticmethod
    async def resolve_funders(root: Mapping[str, Any], info: Any) -> list[dict[str, Any]]:
        return await _organisations(root.get("funder_ids"), info)

    @staticmethod
    async def resolve_partners(root: Mapping[str, Any], info: Any) -> list[dict[str, Any]]:
        return await _organisations(root.get("partner_ids"), info)


class Concern(Record, graphene.ObjectType):
    """Something a community raised. It never names a victim."""

    activity_id = graphene.ID(description="The activity at which it was raised, if any.")
    place = coded("place", "place", "Where it applies.")
    category = coded("concern_category", "category", "What it is about.")
    severity = graphene.Int(required=True, description="1 (slight) to 5 (grave).")
    status = coded("concern_status", "status", "Where it stands.")
    raised_on = Date(description="When it was raised.")
    raised_by_group = coded("stakeholder_group", "raised_by_group", "Which group raised it.")
    text = graphene.String(description="In words; shown to the chapter and the secretariat alone.")


async def _organisations(ids: list[str] | None, info: Any) -> list[dict[str, Any]]:
    return await info.context.loaders.records("organisation", ids) if ids else []


ProjectConnection = connection(Project, "projects")
OrganisationConnection = connection(Organisation, "organisations")
ConcernConnection = connection(Concern, "concerns")
