"""Owns what lists of people and of nominations may be narrowed to."""

import graphene

from gateway.schema.known_by import KnownByFilter
from gateway.schema.texts import list_of


class ParticipantFilter(KnownByFilter, graphene.InputObjectType):
    """Which people; all conditions together, none for all. What is null or blank is no
    condition; an empty list matches nothing."""

    class Meta:
        container = dict

    text = graphene.String(
        description="Words of the name, or how they begin (three letters or more), in any spelling "
        "of the region: Koulibaly finds Coulibaly. Where that finds nobody, a wrong consonant in a "
        "word is borne with. The order of the list is that of ids, not of likeness."
    )
    phone = graphene.String(description="This very phone number.")
    email = graphene.String(description="This very e-mail address.")
    group = graphene.String(description="Of this stakeholder group.")
    sex = graphene.String(description="Of this sex.")
    place = graphene.ID(description="Living in this place.")
    organisation_id = graphene.ID(description="Belonging to this organisation.")
    chapter = graphene.String(description="Registered by this chapter.")
    withdrawn = graphene.Boolean(description="Withdrawn ones (true) or not (false, the default).")
    ids = list_of(graphene.ID, description="Those of these ids alone, at most 200.")


class NominationFilter(KnownByFilter, graphene.InputObjectType):
    """Which nominations; all conditions together, none for all. What is null or blank is no
    condition; an empty list matches nothing."""

    class Meta:
        container = dict

    ids = list_of(graphene.ID, description="Those of these ids alone, at most 200.")
    activity_id = graphene.ID(description="For this activity.")
    project_id = graphene.ID(description="For this project.")
    participant_id = graphene.ID(description="Of this person.")
    status = graphene.String(description="With this status.")
