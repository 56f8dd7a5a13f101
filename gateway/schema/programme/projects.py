"""Owns projects and their indicators: how they are read and pushed, listed, withdrawn and
reinstated."""

import graphene

from gateway.schema.known_by import refs
from gateway.schema.paging import connection, listing
from gateway.schema.programme.filters import RecordFilter
from gateway.schema.programme.organisations import organisations_of
from gateway.schema.programme.standards import Situated, SituatedInput
from gateway.schema.records import Kept, RecordInput, RestoreInput, TombstoneInput, one, remove
from gateway.schema.scalars import Date
from gateway.schema.texts import (
    LocalisedText,
    LocalisedTextInput,
    coded,
    coded_list,
    filled,
    list_of,
)
from gateway.schema.writes import pushing


class Actual(graphene.ObjectType):
    """What was reached of an indicator in a period."""

    id = graphene.ID(required=True, description="Its id.")
    starts_on = Date(description="The first day.")
    ends_on = Date(description="The last day.")
    value = graphene.Float(description="What was reached.")
    comment = graphene.String(description="What there is to say about it.")


class ActualInput(graphene.InputObjectType):
    """What was reached of an indicator in a period."""

    class Meta:
        container = dict

    id = graphene.ID(description="A UUID made by the client. Required.")
    remove = remove()
    starts_on = Date(description="The first day.")
    ends_on = Date(description="The last day. Required.")
    value = graphene.Float(description="What was reached.")
    comment = graphene.String(description="What there is to say about it; all of it, in words.")


class Indicator(graphene.ObjectType):
    """What a project wants to change, measured from a baseline to a target."""

    id = graphene.ID(required=True, description="Its id.")
    title = graphene.Field(LocalisedText, description="What is measured.")
    description = graphene.Field(LocalisedText, description="How, and why.")
    measure = coded("indicator_measure", "measure", "How what is reached is told.")
    ascending = graphene.Boolean(description="Whether more is better; null: not said.")
    unit = graphene.String(description="In which unit.")
    baseline = graphene.Float(description="The value at the start, if known.")
    baseline_on = Date(description="When that was.")
    target = graphene.Float(description="The value aimed at.")
    target_on = Date(description="By when.")
    actuals = filled(Actual, "actuals", "What was reached, period by period.")


class IndicatorInput(graphene.InputObjectType):
    """What a project wants to change; a baseline is optional."""

    class Meta:
        container = dict

    id = graphene.ID(description="A UUID made by the client. Required.")
    remove = remove()
    title = graphene.InputField(LocalisedTextInput, description="What is measured. Required.")
    description = graphene.InputField(LocalisedTextInput, description="How, and why.")
    measure = graphene.String(description="Code of the list `indicator_measure`.")
    ascending = graphene.Boolean(description="Whether more is better.")
    unit = graphene.String(description="In which unit.")
    baseline = graphene.Float(description="The value at the start, if known.")
    baseline_on = Date(description="When that was.")
    target = graphene.Float(description="The value aimed at.")
    target_on = Date(description="By when.")
    actuals = list_of(ActualInput, description="What was reached, period by period.")


class Project(Kept, Situated, graphene.ObjectType):
    """What activities belong to."""

    title = graphene.Field(LocalisedText, description="What it is called.")
    description = graphene.Field(LocalisedText, description="What it is about.")
    status = coded("project_status", "status", "Where it stands, if that was said.")
    starts_on = Date(description="The first day.")
    ends_on = Date(description="The last day.")
    places = coded_list("place", "places", "Where it works.")
    indicators = filled(Indicator, "indicators", "What it wants to change.")
    funders = organisations_of("funder_ids", "Who pays for it.")
    accountable = organisations_of("accountable_ids", "Who answers for it.")
    extending = organisations_of("extending_ids", "Who passes the money on and manages it.")
    implementing = organisations_of("implementing_ids", "Who carries it out.")
    partners = organisations_of("partner_ids", "Who carries it along.")


class ProjectInput(RecordInput, SituatedInput, graphene.InputObjectType):
    """A project to create or to correct. An absent or blank field is left as it is: what is
    required is so of the first push."""

    class Meta:
        container = dict

    title = graphene.InputField(LocalisedTextInput, description="What it is called. Required.")
    description = graphene.InputField(LocalisedTextInput, description="What it is about.")
    status = graphene.String(description="Code of the list `project_status`.")
    starts_on = Date(description="The first day. Required.")
    ends_on = Date(description="The last day.")
    funder_ids = list_of(graphene.ID, description="Organisations that pay for it.")
    funder_refs = refs("funderIds")
    accountable_ids = list_of(graphene.ID, description="Organisations that answer for it.")
    accountable_refs = refs("accountableIds")
    extending_ids = list_of(
        graphene.ID, description="Organisations that pass the money on and manage it."
    )
    extending_refs = refs("extendingIds")
    implementing_ids = list_of(graphene.ID, description="Organisations that carry it out.")
    implementing_refs = refs("implementingIds")
    partner_ids = list_of(graphene.ID, description="Organisations that carry it along.")
    partner_refs = refs("partnerIds")
    places = list_of(graphene.ID, description="Ids of places of the gazetteer.")
    indicators = list_of(IndicatorInput, description="What it wants to change.")


ProjectConnection = connection(Project, "projects", dated=True)


class ProjectQueries(graphene.ObjectType):
    project = one(Project, "project")
    projects = listing(ProjectConnection, "Projects", RecordFilter, "activities", kind="project")


class ProjectMutations(graphene.ObjectType):
    push_projects = pushing("project", "push", ProjectInput, "Create or correct projects.")
    withdraw_projects = pushing("project", "withdraw", TombstoneInput, "Withdraw projects.")
    reinstate_projects = pushing(
        "project", "reinstate", TombstoneInput, "Take withdrawals of projects back."
    )
    restore_projects = pushing(
        "project",
        "restore",
        RestoreInput,
        "Give projects the content of one of their versions again, in a new version.",
    )
