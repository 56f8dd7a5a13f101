"""Owns what lists of projects, organisations and concerns may be narrowed to."""

import graphene

from gateway.schema.texts import list_of


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
    places = list_of(graphene.ID, description="In these places, or anywhere below.")
    severity_from = graphene.Int(description="At least as severe as this.")
    activity_ids = list_of(graphene.ID, description="Raised at these activities.")
