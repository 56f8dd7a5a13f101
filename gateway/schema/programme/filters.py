"""Owns what lists of records may be narrowed to."""

import graphene

from gateway.schema.known_by import KnownByFilter
from gateway.schema.texts import list_of


class RecordFilter(KnownByFilter, graphene.InputObjectType):
    """Which projects or organisations; all conditions together, none for all. What is null or
    blank is no condition; an empty list matches nothing."""

    class Meta:
        container = dict

    ids = list_of(graphene.ID, description="Those of these ids alone, at most 200.")
    chapters = list_of(graphene.String, description="Of these chapters (countries).")
    text = graphene.String(
        description="With this in the title or, of a concern, the text; of organisations with "
        "words in the name, the acronym or the identifier that begin so, in any case and accents."
    )
    withdrawn = graphene.Boolean(description="Withdrawn ones (true) or not (false, the default).")
