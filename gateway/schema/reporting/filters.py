"""Owns what a report may be narrowed to."""

import graphene

from gateway.schema.scalars import Date
from gateway.schema.texts import list_of


class ReportFilter(graphene.InputObjectType):
    """Which activities; all conditions together. A chapter's key sees its own chapter only.
    What is null or blank is no condition; an empty list matches nothing."""

    class Meta:
        container = dict

    chapters = list_of(graphene.String, description="Of these chapters (countries).")
    project_ids = list_of(graphene.ID, description="Of these projects.")
    activity_ids = list_of(graphene.ID, description="These activities.")
    types = list_of(graphene.String, description="Of these types.")
    countries = list_of(graphene.String, description="Held in these countries.")
    places = list_of(graphene.ID, description="Held in these places, or anywhere below.")
    from_ = Date(
        name="from",
        description="From this day on: attendances and people by the day of the session; "
        "headcounts, numbers of activities and what came out of them by the activity's first day; "
        "concerns by the day they were raised.",
    )
    to = Date(description="Up to and with this day, likewise.")
