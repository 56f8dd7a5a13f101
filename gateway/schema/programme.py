"""Owns what activities stand in: projects, organisations, and the concerns people raise."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.paging import connection, listing
from gateway.schema.receipts import TombstoneInput
from gateway.schema.records import Record, RecordInput
from gateway.schema.texts import LocalisedText, LocalisedTextInput, coded, coded_list, list_of
from gateway.schema.writes import pushing


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

    id = graphene.String(required=True, description="Its id.")
    title = graphene.Field(LocalisedText, description="What is measured.")
    unit = graphene.String(description="In which unit.")
    baseline = graphene.Float(description="The value at the start, if known.")
    baseline_on = graphene.String(description="When that was, YYYY-MM-DD.")
    target = graphene.Float(description="The value aimed at.")
    target_on = graphene.String(description="By when, YYYY-MM-DD.")


class Project(Record, graphene.ObjectType):
    """What activities belong to."""

    title = graphene.Field(LocalisedText, description="What it is called.")
    description = graphene.Field(LocalisedText, description="What it is about.")
    starts_on = graphene.String(description="The first day, YYYY-MM-DD.")
    ends_on = graphene.String(description="The last day, YYYY-MM-DD.")
    places = coded_list("place", "places", "Where it works.")
    indicators = list_of(Indicator, description="What it wants to change.")
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

    activity_id = graphene.String(description="The activity at which it was raised, if any.")
    place = coded("place", "place", "Where it applies.")
    category = coded("concern_category", "category", "What it is about.")
    severity = graphene.Int(description="1 (slight) to 5 (grave).")
    status = coded("concern_status", "status", "Where it stands.")
    raised_on = graphene.String(description="When it was raised, YYYY-MM-DD.")
    raised_by_group = coded("stakeholder_group", "raised_by_group", "Which group raised it.")
    text = graphene.String(description="In words; shown to the chapter and the secretariat alone.")


ProjectConnection = connection(Project, "projects")
OrganisationConnection = connection(Organisation, "organisations")
ConcernConnection = connection(Concern, "concerns")


class IndicatorInput(graphene.InputObjectType):
    """What a project wants to change; a baseline is optional."""

    class Meta:
        container = dict

    id = graphene.String(description="A UUID made by the client. Required.")
    title = graphene.Field(LocalisedTextInput, description="What is measured. Required.")
    unit = graphene.String(description="In which unit.")
    baseline = graphene.Float(description="The value at the start, if known.")
    baseline_on = graphene.String(description="When that was, YYYY-MM-DD.")
    target = graphene.Float(description="The value aimed at.")
    target_on = graphene.String(description="By when, YYYY-MM-DD.")


class ProjectInput(RecordInput, graphene.InputObjectType):
    """A project to create or to correct. An absent or blank field is left as it is: what is
    required is so of the first push."""

    class Meta:
        container = dict

    title = graphene.Field(LocalisedTextInput, description="What it is called. Required.")
    description = graphene.Field(LocalisedTextInput, description="What it is about.")
    starts_on = graphene.String(description="The first day, YYYY-MM-DD. Required.")
    ends_on = graphene.String(description="The last day, YYYY-MM-DD.")
    funder_ids = list_of(graphene.String, description="Organisations that pay for it.")
    partner_ids = list_of(graphene.String, description="Organisations that carry it along.")
    places = list_of(graphene.String, description="Ids of places of the gazetteer.")
    indicators = list_of(IndicatorInput, description="What it wants to change.")


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


class ConcernInput(RecordInput, graphene.InputObjectType):
    """A concern to record or to correct. Never name a victim, nor any other person."""

    class Meta:
        container = dict

    activity_id = graphene.String(description="The activity at which it was raised.")
    place = graphene.String(description="Id of a place of the gazetteer. Required.")
    category = graphene.String(description="Code of the list `concern_category`. Required.")
    severity = graphene.Int(description="1 (slight) to 5 (grave). Required.")
    status = graphene.String(
        description="Code of the list `concern_status`: raised, verified, referred, then resolved "
        "or dismissed."
    )
    raised_on = graphene.String(description="When it was raised, YYYY-MM-DD.")
    raised_by_group = graphene.String(description="Code of the list `stakeholder_group`.")
    text = graphene.String(description="In words, without names.")


class RecordFilter(graphene.InputObjectType):
    """Which projects or organisations; all conditions together, none for all."""

    class Meta:
        container = dict

    chapters = list_of(graphene.String, description="Of these chapters (countries).")
    text = graphene.String(
        description="With this in the title, the name or, of a concern, the text."
    )
    withdrawn = graphene.Boolean(description="Withdrawn ones (true) or not (false, the default).")


class ConcernFilter(RecordFilter):
    """Which concerns; all conditions together, none for all."""

    class Meta:
        container = dict

    categories = list_of(graphene.String, description="About these.")
    statuses = list_of(graphene.String, description="In these states.")
    places = list_of(graphene.String, description="In these places, or anywhere below.")
    severity_from = graphene.Int(description="At least as severe as this.")
    activity_ids = list_of(graphene.String, description="Raised at these activities.")


def _one(node: Any, kind: str) -> graphene.Field:
    async def resolve(_: Any, info: Any, id: str) -> Any:
        return await info.context.loaders.record(kind, id)

    return graphene.Field(
        node,
        id=graphene.String(required=True, description="Its id."),
        description=f"One {kind}; null if there is none that this key may see.",
        resolver=resolve,
    )


class ProgrammeQueries(graphene.ObjectType):
    project = _one(Project, "project")
    projects = listing(ProjectConnection, "Projects", RecordFilter, "activities", kind="project")
    organisation = _one(Organisation, "organisation")
    organisations = listing(
        OrganisationConnection, "Organisations", RecordFilter, "activities", kind="organisation"
    )
    concern = _one(Concern, "concern")
    concerns = listing(ConcernConnection, "Concerns", ConcernFilter, "activities", kind="concern")


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


async def _organisations(ids: list[str] | None, info: Any) -> list[dict[str, Any]]:
    return await info.context.loaders.records("organisation", ids) if ids else []
