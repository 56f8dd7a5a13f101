"""Owns the shape of pushed projects, organisations and concerns."""

import graphene

from gateway.schema.records import RecordInput
from gateway.schema.scalars import Date
from gateway.schema.texts import LocalisedTextInput, list_of


class IndicatorInput(graphene.InputObjectType):
    """What a project wants to change; a baseline is optional."""

    class Meta:
        container = dict

    id = graphene.ID(description="A UUID made by the client. Required.")
    title = graphene.InputField(LocalisedTextInput, description="What is measured. Required.")
    unit = graphene.String(description="In which unit.")
    baseline = graphene.Float(description="The value at the start, if known.")
    baseline_on = Date(description="When that was.")
    target = graphene.Float(description="The value aimed at.")
    target_on = Date(description="By when.")


class ProjectInput(RecordInput, graphene.InputObjectType):
    """A project to create or to correct. An absent or blank field is left as it is: what is
    required is so of the first push."""

    class Meta:
        container = dict

    title = graphene.InputField(LocalisedTextInput, description="What it is called. Required.")
    description = graphene.InputField(LocalisedTextInput, description="What it is about.")
    starts_on = Date(description="The first day. Required.")
    ends_on = Date(description="The last day.")
    funder_ids = list_of(graphene.ID, description="Organisations that pay for it.")
    partner_ids = list_of(graphene.ID, description="Organisations that carry it along.")
    places = list_of(graphene.ID, description="Ids of places of the gazetteer.")
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

    activity_id = graphene.ID(description="The activity at which it was raised.")
    place = graphene.ID(description="Id of a place of the gazetteer. Required.")
    category = graphene.String(description="Code of the list `concern_category`. Required.")
    severity = graphene.Int(description="1 (slight) to 5 (grave). Required.")
    status = graphene.String(
        description="Code of the list `concern_status`: raised, verified, referred, then resolved "
        "or dismissed."
    )
    raised_on = Date(description="When it was raised.")
    raised_by_group = graphene.String(description="Code of the list `stakeholder_group`.")
    text = graphene.String(description="In words, without names.")
