"""Owns people as their own chapter sees them: registration, finding, duplicates, nominations."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.paging import connection, listing, page, paged
from gateway.schema.receipts import TombstoneInput
from gateway.schema.records import Record, RecordInput
from gateway.schema.texts import coded, coded_list, list_of
from gateway.schema.writes import pushing


class Consent(graphene.ObjectType):
    """What a person agreed to."""

    purpose = coded_list("consent_purpose", "purpose", "For what their data may be used.")
    given_on = graphene.String(description="When they agreed, YYYY-MM-DD.")
    withdrawn_on = graphene.String(description="When they took it back, if they did.")
    by = coded("consent_giver", "by", "Who agreed.")


class WashingtonGroup(graphene.ObjectType):
    """What a person answered to the Washington Group short set: 1 (no difficulty) to 4 (cannot do
    it at all)."""

    seeing = graphene.Int(description="Seeing, even with glasses.")
    hearing = graphene.Int(description="Hearing, even with a hearing aid.")
    walking = graphene.Int(description="Walking or climbing steps.")
    remembering = graphene.Int(description="Remembering or concentrating.")
    self_care = graphene.Int(description="Washing all over or dressing.")
    communicating = graphene.Int(description="Understanding or being understood.")


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
        description="Whether the year was computed from `age` and `ageOn`."
    )
    age = graphene.Int(description="The age in years that was stated, if one was.")
    age_on = graphene.String(description="The day of that statement, YYYY-MM-DD.")
    groups = coded_list("stakeholder_group", "groups", "Stakeholder groups, the primary one first.")
    disability = coded("disability_status", "disability", "With or without disability, if known.")
    washington_group = graphene.Field(
        WashingtonGroup, description="The six answers; what they conclude stands in `disability`."
    )
    place = coded("place", "place", "Where they live.")
    organisation_id = graphene.String(description="The organisation they belong to.")
    language = coded("language", "language", "The language they prefer.")
    consent = graphene.Field(Consent, description="What they agreed to.")
    external_ref = graphene.String(description="Their number in the client's own register.")


class Duplicates(graphene.ObjectType):
    """People who may be one and the same; a person decides."""

    reasons = list_of(
        graphene.String,
        description="Why: same_phone, same_email, same_name_and_place, same_name_and_birth_year.",
    )
    count = graphene.Int(required=True, description="How many there are.")
    participants = list_of(Participant, description="The candidates, at most 50.")

    @staticmethod
    async def resolve_participants(root: Mapping[str, Any], info: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await info.context.loaders.participants(root["ids"])
        return found


class Nomination(Record, graphene.ObjectType):
    """A person proposed for an activity or a project, and what was decided."""

    participant_id = graphene.String(description="Who is proposed.")
    participant = graphene.Field(Participant, description="The person proposed.")
    activity_id = graphene.String(description="For which activity.")
    project_id = graphene.String(description="Or for which project.")
    proposer_group = coded("stakeholder_group", "proposer_group", "Which group proposed them.")
    proposed_on = graphene.String(description="When, YYYY-MM-DD.")
    status = coded("nomination_status", "status", "What was decided.")
    reason = graphene.String(description="Why.")

    @staticmethod
    async def resolve_participant(root: Mapping[str, Any], info: Any) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await info.context.loaders.participant(
            root["participant_id"]
        )
        return found


ParticipantConnection = connection(Participant, "participants")
DuplicatesConnection = connection(Duplicates, "groups of possible duplicates")
NominationConnection = connection(Nomination, "nominations")


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


class ParticipantFilter(graphene.InputObjectType):
    """Which people; all conditions together, none for all."""

    class Meta:
        container = dict

    text = graphene.String(description="Words of the name, each in full; accents do not matter.")
    phone = graphene.String(description="This very phone number.")
    email = graphene.String(description="This very e-mail address.")
    group = graphene.String(description="Of this stakeholder group.")
    sex = graphene.String(description="Of this sex.")
    place = graphene.String(description="Living in this place.")
    organisation_id = graphene.String(description="Belonging to this organisation.")
    chapter = graphene.String(description="Registered by this chapter.")
    withdrawn = graphene.Boolean(description="Withdrawn ones (true) or not (false, the default).")
    ids = list_of(graphene.String, description="With these ids.")


class NominationFilter(graphene.InputObjectType):
    """Which nominations; all conditions together, none for all."""

    class Meta:
        container = dict

    activity_id = graphene.String(description="For this activity.")
    project_id = graphene.String(description="For this project.")
    participant_id = graphene.String(description="Of this person.")
    status = graphene.String(description="With this status.")


class ParticipantQueries(graphene.ObjectType):
    participant = graphene.Field(
        Participant,
        id=graphene.String(required=True, description="The participant's id."),
        description="One person; null if there is none that this key may see.",
    )
    participants = listing(
        ParticipantConnection, "People", ParticipantFilter, "participants", kind="participant"
    )
    possible_duplicates = paged(
        DuplicatesConnection, "People who may have been registered twice, with the reasons."
    )
    nominations = listing(
        NominationConnection, "Nominations", NominationFilter, "participants", kind="nomination"
    )

    @staticmethod
    async def resolve_participant(_: Any, info: Any, id: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await info.context.loaders.participant(id)
        return found

    @staticmethod
    async def resolve_possible_duplicates(
        _: Any, info: Any, first: int | None = None, after: str | None = None
    ) -> dict[str, Any]:
        answer = await info.context.ask(
            "participants", "possible_duplicates", first=first, after=after
        )
        return page(answer)


class ParticipantMutations(graphene.ObjectType):
    register_participants = pushing(
        "participant", "push", ParticipantInput, "Register or correct people."
    )
    withdraw_participants = pushing(
        "participant", "withdraw", TombstoneInput, "Withdraw people's records."
    )
    reinstate_participants = pushing(
        "participant", "reinstate", TombstoneInput, "Take withdrawals back."
    )
    nominate_participants = pushing(
        "nomination", "push", NominationInput, "Nominate people, and decide on it."
    )
