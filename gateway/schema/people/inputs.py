"""Owns the shape of a pushed person and of a nomination."""

import graphene

from gateway.schema.records import RecordInput
from gateway.schema.scalars import Date
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
    given_on = Date(description="When they agreed. Required.")
    withdrawn_on = Date(description="When they took it back.")
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
    age_on = Date(description="The day on which the person had that age.")
    groups = list_of(
        graphene.String, description="Codes of `stakeholder_group`, the primary one first."
    )
    disability = graphene.String(description="with or without; or answer the Washington Group set.")
    washington_group = graphene.InputField(WashingtonGroupInput, description="The six answers.")
    place = graphene.ID(description="Where they live: id of a place of the gazetteer.")
    organisation_id = graphene.ID(description="The organisation they belong to.")
    language = graphene.String(description="The language they prefer.")
    consent = graphene.InputField(ConsentInput, description="What they agreed to. Required.")
    external_ref = graphene.String(description="Their number in your own register.")


class NominationInput(RecordInput, graphene.InputObjectType):
    """A nomination, or a decision on one: push the same id with another status and the reason."""

    class Meta:
        container = dict

    participant_id = graphene.ID(description="Who is proposed. Required.")
    activity_id = graphene.ID(description="For which activity.")
    project_id = graphene.ID(description="Or for which project.")
    proposer_group = graphene.String(description="Code of the list `stakeholder_group`. Required.")
    proposed_on = Date(description="When.")
    status = graphene.String(description="Code of the list `nomination_status`.")
    reason = graphene.String(description="Why.")
