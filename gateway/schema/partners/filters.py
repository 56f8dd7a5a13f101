"""Owns what the feed may be narrowed to."""

import graphene

from gateway.schema.texts import list_of


class FeedFilter(graphene.InputObjectType):
    """Which items; all conditions together, none for all. What is null or blank is no
    condition; an empty list matches nothing, and is refused for a webhook
    (`EMPTY_FILTER`)."""

    class Meta:
        container = dict

    types = list_of(graphene.String, description="Of these types, e.g. `activity.recorded`.")
    chapters = list_of(graphene.String, description="Of these chapters (countries).")
    schema_version = graphene.Int(
        description="Up to which version of the contracts you read, by default 1: an item is told "
        "in the latest of these that it has."
    )
