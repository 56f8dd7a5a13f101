"""Owns activities as people read them, and as they are pushed. Only structure is typed here: what a
field may hold is checked row by row where activities are stored, so that one bad row never refuses
its neighbours."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.activities.sections import (
    Announced,
    AnnouncedInput,
    Consultation,
    ConsultationInput,
    Dialogue,
    DialogueInput,
    Evaluation,
    EvaluationInput,
    Media,
    MediaInput,
    Publication,
    PublicationInput,
    Training,
    TrainingInput,
)
from gateway.schema.known_by import ExternalRef, ExternalRefInput, ref, refs
from gateway.schema.paging import connection
from gateway.schema.programme.organisations import organisations_of
from gateway.schema.programme.projects import Project
from gateway.schema.programme.standards import Situated, SituatedInput
from gateway.schema.records import Kept, RecordInput, remove
from gateway.schema.scalars import Date
from gateway.schema.texts import (
    LocalisedText,
    LocalisedTextInput,
    coded,
    coded_list,
    filled,
    list_of,
)


class Session(graphene.ObjectType):
    """A part of an activity with an attendance of its own."""

    id = graphene.ID(required=True, description="The session's id.")
    external_refs = filled(
        ExternalRef, "external_refs", "Its keys in the systems that it came from."
    )
    title = graphene.String(description="What it is called.")
    on = Date(description="The day.")
    hours = graphene.Float(description="How many hours it lasted.")
    topics = coded_list("emmmda_topic", "topics", "The EMMMDA topics it taught.")
    place = coded("place", "place", "Where, if not at the activity's place.")
    present = graphene.Int(
        description="How many people were present by its attendance sheet: rows that are present, "
        "without withdrawn people, a person in several rows once; null where it is of no activity "
        "any more."
    )

    @staticmethod
    async def resolve_present(root: Mapping[str, Any], info: Any) -> int | None:
        sheets = await info.context.loaders.sheets(root["activity_id"])
        return next((s["present"] for s in sheets if s["session_id"] == root["id"]), None)


class SessionInput(graphene.InputObjectType):
    """A part of an activity with an attendance of its own, e.g. a day of a training."""

    class Meta:
        container = dict

    id = graphene.ID(
        description="A UUID made by the client. Required. One of `externalRefs` may stand in its "
        "place."
    )
    external_refs = list_of(
        ExternalRefInput,
        description="Its keys in the systems that it comes from: each of one session of the "
        "activity. A key is added, and stays until it is removed.",
    )
    remove = remove()
    title = graphene.String(description="What it is called.")
    on = Date(description="The day, within the activity. Required.")
    hours = graphene.Float(description="How many hours it lasted.")
    topics = list_of(graphene.String, description="Codes of the list `emmmda_topic`.")
    place = graphene.ID(description="Id of a place, if not the activity's.")


class Activity(Kept, Situated, graphene.ObjectType):
    """Something the programme did or plans to do."""

    type = coded("activity_type", "type", "What kind of activity it is.")
    title = graphene.Field(LocalisedText, description="What it is called.")
    description = graphene.String(description="What it is about.")
    status = coded(
        "activity_status",
        "status",
        "Where it stands: as stated; otherwise planned before its first day and held from then on, "
        "by the chapter's calendar.",
    )
    status_stated = graphene.Boolean(
        required=True, description="Whether somebody said where it stands; see `status`."
    )
    starts_on = Date(description="The first day.")
    ends_on = Date(description="The last day; null: it goes on.")
    place = coded("place", "place", "Where, with all that the place lies in.")
    places = coded_list("place", "places", "Where else; figures count it by `place` alone.")
    venue = graphene.String(description="Where in that place.")
    sessions = list_of(
        Session, required=True, description="Its parts, each with an attendance of its own."
    )
    ecpf = coded_list("ecpf_component", "ecpf", "The ECPF components it serves.")
    architecture = coded_list("architecture_tag", "architecture", "EPSAO and APSA, if it serves.")
    announced = graphene.Field(Announced, description="The announced headcount.")
    consultation = graphene.Field(Consultation, description="Of a consultation.")
    training = graphene.Field(Training, description="Of a training.")
    dialogue = graphene.Field(Dialogue, description="Of a policy dialogue.")
    media = graphene.Field(Media, description="Of a media intervention.")
    publication = graphene.Field(Publication, description="Of a publication.")
    evaluation = graphene.Field(Evaluation, description="What was learnt.")
    project = graphene.Field(Project, description="The project it belongs to.")
    organisations = organisations_of("organisation_ids", "Who carried it out.")
    funders = organisations_of("funder_ids", "Who paid for it.")
    accountable = organisations_of("accountable_ids", "Who answers for it.")
    extending = organisations_of("extending_ids", "Who passed the money on and managed it.")

    @staticmethod
    def resolve_sessions(root: Mapping[str, Any], _: Any) -> list[dict[str, Any]]:
        return [{**each, "activity_id": root["id"]} for each in root.get("sessions") or ()]

    @staticmethod
    async def resolve_project(root: Mapping[str, Any], info: Any) -> dict[str, Any] | None:
        if not root.get("project_id"):
            return None
        found: dict[str, Any] | None = await info.context.loaders.record(
            "project", root["project_id"]
        )
        return found


class ActivityInput(RecordInput, SituatedInput, graphene.InputObjectType):
    """An activity to create or to correct. An absent or blank field is left as it is: what is
    required is so of the first push."""

    class Meta:
        container = dict

    project_id = graphene.ID(description="The project it belongs to. Required.")
    project_ref = ref("projectId")
    type = graphene.String(description="Code of the list `activity_type`. Required.")
    title = graphene.InputField(LocalisedTextInput, description="What it is called. Required.")
    description = graphene.String(description="What it is about.")
    status = graphene.String(
        description="Code of the list `activity_status`. What is not stated is read off the "
        "calendar: planned before its first day, held from then on. `clear` takes a statement back."
    )
    starts_on = Date(description="The first day. Required.")
    ends_on = Date(description="The last day. Without one it goes on.")
    place = graphene.ID(description="Id of a place of the gazetteer, never a bare name. Required.")
    places = list_of(
        graphene.ID,
        description="Ids of other places where it took place. Figures count it once, by `place`.",
    )
    venue = graphene.String(description="Where in that place.")
    organisation_ids = list_of(graphene.ID, description="Who carried it out.")
    organisation_refs = refs("organisationIds")
    funder_ids = list_of(graphene.ID, description="Organisations that paid for it.")
    funder_refs = refs("funderIds")
    accountable_ids = list_of(graphene.ID, description="Organisations that answer for it.")
    accountable_refs = refs("accountableIds")
    extending_ids = list_of(
        graphene.ID, description="Organisations that passed the money on and managed it."
    )
    extending_refs = refs("extendingIds")
    sessions = list_of(
        SessionInput, description="Its parts; with none, one session has the activity's own id."
    )
    ecpf = list_of(graphene.String, description="Codes of the list `ecpf_component`.")
    architecture = list_of(graphene.String, description="Codes of the list `architecture_tag`.")
    announced = graphene.InputField(AnnouncedInput, description="The announced headcount.")
    consultation = graphene.InputField(ConsultationInput, description="Of a consultation only.")
    training = graphene.InputField(TrainingInput, description="Of a training only.")
    dialogue = graphene.InputField(DialogueInput, description="Of a policy dialogue only.")
    media = graphene.InputField(MediaInput, description="Of a media intervention only.")
    publication = graphene.InputField(PublicationInput, description="Of a publication only.")
    evaluation = graphene.InputField(EvaluationInput, description="What was learnt.")


ActivityConnection = connection(Activity, "activities", dated=True)
