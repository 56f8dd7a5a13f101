"""Owns what a list of activities may be narrowed to."""

import graphene

from gateway.schema.known_by import KnownByFilter
from gateway.schema.scalars import Date
from gateway.schema.texts import list_of


class ActivityFilter(KnownByFilter, graphene.InputObjectType):
    """Which activities; all conditions together, none for all. What is null or blank is no
    condition; an empty list matches nothing."""

    class Meta:
        container = dict

    ids = list_of(graphene.ID, description="Those of these ids alone, at most 200.")
    chapters = list_of(graphene.String, description="Of these chapters (countries).")
    project_ids = list_of(graphene.ID, description="Of these projects.")
    types = list_of(graphene.String, description="Of these types.")
    statuses = list_of(graphene.String, description="In these states.")
    places = list_of(graphene.ID, description="In these places, or anywhere below.")
    from_ = Date(name="from", description="Ending on or after this day.")
    to = Date(description="Starting on or before this day.")
    text = graphene.String(description="With this in the title.")
    withdrawn = graphene.Boolean(description="Withdrawn ones (true) or not (false, the default).")
