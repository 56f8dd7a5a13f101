"""Owns people as their own chapter sees and pushes them, who may be doubles, and nominations."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.enums import closed
from gateway.schema.known_by import ref
from gateway.schema.paging import connection
from gateway.schema.receipts import camel
from gateway.schema.records import Record, RecordInput
from gateway.schema.scalars import Date, DateTime
from gateway.schema.texts import coded, coded_list, list_of


class Consent(graphene.ObjectType):
    """What a person agreed to."""

    purpose = coded_list("consent_purpose", "purpose", "For what their data may be used.")
    given_on = Date(description="When they agreed.")
    withdrawn_on = Date(description="When they took it back, if they did.")
    by = coded("consent_giver", "by", "Who agreed.")


class ConsentInput(graphene.InputObjectType):
    """What the person agreed to."""

    class Meta:
        container = dict

    purpose = list_of(graphene.String, description="Codes of the list `consent_purpose`. Required.")
    given_on = Date(description="When they agreed. Required.")
    withdrawn_on = Date(description="When they took it back.")
    by = graphene.String(description="Who agreed: code of the list `consent_giver`.")


class WashingtonGroup(graphene.ObjectType):
    """What a person answered to the Washington Group short set: 1 (no difficulty) to 4 (cannot do
    it at all)."""

    seeing = graphene.Int(description="Seeing, even with glasses.")
    hearing = graphene.Int(description="Hearing, even with a hearing aid.")
    walking = graphene.Int(description="Walking or climbing steps.")
    remembering = graphene.Int(description="Remembering or concentrating.")
    self_care = graphene.Int(description="Washing all over or dressing.")
    communicating = graphene.Int(description="Understanding or being understood.")


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


class LifeChange(graphene.ObjectType):
    """What was true of a person from a day on, until the day of the next change."""

    since = Date(description="The first day; null: before all changes.")
    named = list_of(
        graphene.String,
        required=True,
        description="The fields of which that day says something; the others are as they were.",
    )
    groups = coded_list("stakeholder_group", "groups", "Stakeholder groups, the primary one first.")
    disability = coded("disability_status", "disability", "With or without disability, if known.")
    washington_group = graphene.Field(WashingtonGroup, description="The six answers.")
    place = coded("place", "place", "Where they lived.")
    organisation_id = graphene.ID(description="The organisation they belonged to.")

    @staticmethod
    def resolve_named(root: Mapping[str, Any], _: Any) -> list[str]:
        return [camel(each) for each in root["named"]]


class Participant(Record, graphene.ObjectType):
    """A person, shown to their own chapter and to the secretariat alone."""

    status_reason = graphene.String(description="Why it was withdrawn or reinstated.")
    given_name = graphene.String(description="Given names.")
    family_name = graphene.String(description="Family name.")
    phone = graphene.String(description="Phone number.")
    email = graphene.String(description="E-mail address.")
    sex = coded("sex", "sex", "Sex, as stated.")
    birth_year = graphene.Int(description="Year of birth, as known.")
    birth_year_estimated = graphene.Boolean(
        required=True, description="Whether the year was computed from `age` and `ageOn`."
    )
    age = graphene.Int(description="The age in years that was stated, if one was.")
    age_on = Date(description="The day of that statement.")
    groups = coded_list("stakeholder_group", "groups", "Stakeholder groups, the primary one first.")
    disability = coded("disability_status", "disability", "With or without disability, if known.")
    washington_group = graphene.Field(
        WashingtonGroup, description="The six answers; what they conclude stands in `disability`."
    )
    place = coded("place", "place", "Where they live.")
    organisation_id = graphene.ID(description="The organisation they belong to.")
    language = coded("language", "language", "The language they prefer.")
    consent = graphene.Field(Consent, description="What they agreed to.")
    external_ref = graphene.String(description="Their number in the client's own register.")
    life_changes = list_of(
        LifeChange,
        required=True,
        description="Of whom something has changed (`since` in a push): what was true when, the "
        "earliest first; the last is true at present, as the fields above say. Else empty.",
    )
    merged_ids = list_of(
        graphene.ID,
        required=True,
        description="The other ids of the person: those of records that were made one with this "
        "one. Asked for by one of them, the person is answered under `id`.",
    )
    merged_into = graphene.ID(
        description="Of a version: the id of the person with whom it was one then."
    )

    @staticmethod
    def resolve_merged_ids(root: Mapping[str, Any], _: Any) -> list[str]:
        found: list[str] = root.get("merged_ids") or []
        return found


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
    organisation_ref = ref("organisationId")
    language = graphene.String(description="The language they prefer.")
    consent = graphene.InputField(ConsentInput, description="What they agreed to. Required.")
    external_ref = graphene.String(
        description="Their number in your own register, as a mere text: by `externalRefs` they are "
        "found."
    )
    since = Date(
        description="Of a person on the register: `groups`, `disability`, `washingtonGroup`, "
        "`place` and `organisationId`, given or cleared beside it, are a change in life from this "
        "day on, and what was true before is kept; the other fields must be as they are stored. "
        "Without it, what is given is a correction for all time, and takes away the changes that "
        "end otherwise. The same day again corrects that change; `lifeChanges.2026-03-01` or "
        "`lifeChanges.2026-03-01.groups` in `clear` takes it back."
    )


DuplicateReason = closed(
    "DuplicateReason",
    "In what two people on the register are alike.",
    {
        "same_phone": "The same phone number.",
        "same_email": "The same e-mail address.",
        "same_name_and_place": "The same name in the same place.",
        "same_name_and_birth_year": "The same name and year of birth.",
        "like_name_and_place": "A name that is spelt otherwise, in the same place.",
        "like_name_and_birth_year": "A name that is spelt otherwise, and the same year of birth.",
    },
)


class Duplicates(graphene.ObjectType):
    """People who may be one and the same; a person decides."""

    reasons = list_of(DuplicateReason, required=True, description="In what they are alike.")
    count = graphene.Int(required=True, description="How many there are.")
    participants = list_of(Participant, description="The candidates, at most 50.")

    @staticmethod
    async def resolve_participants(root: Mapping[str, Any], info: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await info.context.loaders.participants(root["ids"])
        return found


class Nomination(Record, graphene.ObjectType):
    """A person proposed for an activity or a project, and what was decided."""

    participant_id = graphene.ID(description="Who is proposed.")
    participant = graphene.Field(Participant, description="The person proposed.")
    activity_id = graphene.ID(description="For which activity.")
    project_id = graphene.ID(description="Or for which project.")
    proposer_group = coded("stakeholder_group", "proposer_group", "Which group proposed them.")
    proposed_on = Date(description="When.")
    status = coded("nomination_status", "status", "What was decided.")
    reason = graphene.String(description="Why.")

    @staticmethod
    async def resolve_participant(root: Mapping[str, Any], info: Any) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await info.context.loaders.participant(
            root["participant_id"]
        )
        return found


class NominationInput(RecordInput, graphene.InputObjectType):
    """A nomination, or a decision on one: push the same id with another status and the reason."""

    class Meta:
        container = dict

    participant_id = graphene.ID(description="Who is proposed. Required.")
    participant_ref = ref("participantId")
    activity_id = graphene.ID(description="For which activity.")
    activity_ref = ref("activityId")
    project_id = graphene.ID(description="Or for which project.")
    project_ref = ref("projectId")
    proposer_group = graphene.String(description="Code of the list `stakeholder_group`. Required.")
    proposed_on = Date(description="When.")
    status = graphene.String(description="Code of the list `nomination_status`.")
    reason = graphene.String(description="Why.")


ParticipantConnection = connection(Participant, "participants", dated=True)


DuplicatesConnection = connection(Duplicates, "groups of possible duplicates")


class NotDuplicates(graphene.ObjectType):
    """Two people who look alike and are not the same: somebody who knows them said so."""

    participant_ids = list_of(graphene.ID, required=True, description="The ids of the two.")
    participants = list_of(Participant, description="The two.")
    chapter = coded("country", "chapter", "The country whose chapter they belong to.")
    at = DateTime(required=True, description="When it was said.")
    by = graphene.ID(description="The public part of the API key that said it.")

    @staticmethod
    async def resolve_participants(root: Mapping[str, Any], info: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await info.context.loaders.participants(
            root["participant_ids"]
        )
        return found


class NotDuplicatesResult(graphene.ObjectType):
    """What is known of the pairs among some people, after it was said."""

    pairs = list_of(
        NotDuplicates, required=True, description="The pairs who are known not to be the same."
    )
    changed = graphene.Int(required=True, description="How many pairs this changed.")
    dry_run = graphene.Boolean(
        required=True, description="True: nothing was stored, this is what would have happened."
    )


NotDuplicatesConnection = connection(NotDuplicates, "pairs of people who are not the same")


NominationConnection = connection(Nomination, "nominations", dated=True)
