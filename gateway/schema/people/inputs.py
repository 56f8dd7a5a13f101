"""Owns the shape of a pushed person and of a nomination."""

import graphene

from gateway.schema.records import RecordInput
from gateway.schema.texts import list_of


class WashingtonGroupInput(graphene.InputObjectType):
    """The Washington Group short set: six questions, each answered 1 (no difficulty) to 4 (cannot
    do it at all). From 3 on, the person counts as having a disability."""

    class Meta:
        container = dict

    seeing = graphene.Int(description="Seeing, even with glasses.")
    hearing = graphene.Int(description="Hearing, even with a hearing aid.")
    walking = graphene.Int(description="Walking or climbing steps.")
    remembering = graphene.Int(description="Remembering or concentrating.")
    self_care = graphene.Int(description="Washing all over or dressing.")
    communicating = graphene.Int(description="Understanding or being understood.")


class ConsentInput(graphene.InputObjectType):
    """What the person agreed to."""

    class Meta:
        container = dict

    purpose = list_of(graphene.String, description="Codes of the list `consent_purpose`. Required.")
    given_on = graphene.String(description="When they agreed, YYYY-MM-DD. Required.")
    withdrawn_on = graphene.String(description="When they took it back.")
    by = graphene.String(description="Who agreed: code of the list `consent_giver`.")


class ParticipantInput(RecordInput, graphene.InputObjectType):
    """A person to register or to correct: a name and the consent are needed, all else may be
    unknown. An absent or blank field is left as it is."""

    class Meta:
        container = dict

    given_name = graphene.String(description="Given names.")
    family_name = graphene.String(description="Family name.")
    phone = graphene.String(description="Phone number, with the country's code if known.")
    email = graphene.String(description="E-mail address.")
    sex = graphene.String(description="Code of the list `sex`.")
    birth_year = graphene.Int(description="Year of birth; never a band.")
    age = graphene.Int(description="Or the age in years, together with `ageOn`.")
    age_on = graphene.String(description="The day on which the person had that age, YYYY-MM-DD.")
    groups = list_of(
        graphene.String, description="Codes of `stakeholder_group`, the primary one first."
    )
    disability = graphene.String(description="with or without; or answer the Washington Group set.")
    washington_group = graphene.Field(WashingtonGroupInput, description="The six answers.")
    place = graphene.String(description="Where they live: id of a place of the gazetteer.")
    organisation_id = graphene.String(description="The organisation they belong to.")
    language = graphene.String(description="The language they prefer.")
    consent = graphene.Field(ConsentInput, description="What they agreed to. Required.")
    external_ref = graphene.String(description="Their number in your own register.")


class NominationInput(RecordInput, graphene.InputObjectType):
    """A nomination, or a decision on one: push the same id with another status and the reason."""

    class Meta:
        container = dict

    participant_id = graphene.String(description="Who is proposed. Required.")
    activity_id = graphene.String(description="For which activity.")
    project_id = graphene.String(description="Or for which project.")
    proposer_group = graphene.String(description="Code of the list `stakeholder_group`. Required.")
    proposed_on = graphene.String(description="When, YYYY-MM-DD.")
    status = graphene.String(description="Code of the list `nomination_status`.")
    reason = graphene.String(description="Why.")
