"""Owns the shape of a pushed activity. Only structure is typed here: what a field may hold is
checked row by row where activities are stored, so that one bad row never refuses its neighbours.
"""

import graphene

from gateway.schema.records import RecordInput
from gateway.schema.scalars import Date
from gateway.schema.texts import LocalisedTextInput, list_of


class SessionInput(graphene.InputObjectType):
    """A part of an activity with an attendance of its own, e.g. a day of a training."""

    class Meta:
        container = dict

    id = graphene.ID(description="A UUID made by the client. Required.")
    title = graphene.String(description="What it is called.")
    on = Date(description="The day, within the activity. Required.")
    hours = graphene.Float(description="How many hours it lasted.")
    topics = list_of(graphene.String, description="Codes of the list `emmmda_topic`.")
    place = graphene.ID(description="Id of a place, if not the activity's.")


class AnnouncedCellInput(graphene.InputObjectType):
    """A part of the announced headcount; leave out what was not stated."""

    class Meta:
        container = dict

    sex = graphene.String(description="Code of the list `sex`.")
    age_band = graphene.String(description="Code of the list `age_band`.")
    group = graphene.String(description="Code of the list `stakeholder_group`.")
    disability = graphene.String(description="Code of the list `disability_status`.")
    count = graphene.Int(description="How many people. Required.")


class AnnouncedInput(graphene.InputObjectType):
    """What the organiser stated, never mixed with what was counted."""

    class Meta:
        container = dict

    total = graphene.Int(description="How many people in all. Required.")
    cells = list_of(AnnouncedCellInput, description="Of these; together at most the total.")


class ConsultationInput(graphene.InputObjectType):
    """What is particular to a consultation of leaders."""

    class Meta:
        container = dict

    proposer_groups = list_of(
        graphene.String, description="Who proposed participants: codes of `stakeholder_group`."
    )
    blessing_given = graphene.Boolean(description="Whether the leaders gave their blessing.")
    participants_considered = graphene.Int(description="How many people were considered.")


class TrainingInput(graphene.InputObjectType):
    """What is particular to a training or sensitisation."""

    class Meta:
        container = dict

    audience_groups = list_of(
        graphene.String, description="For whom: codes of `stakeholder_group`."
    )
    days = graphene.Float(description="How many days it lasted.")


class RecommendationInput(graphene.InputObjectType):
    """A recommendation of a dialogue, and what became of it."""

    class Meta:
        container = dict

    id = graphene.ID(description="A UUID made by the client. Required.")
    text = graphene.String(description="What is recommended. Required.")
    addressee = graphene.String(description="To whom.")
    due_on = Date(description="Until when.")
    status = graphene.String(description="Code of the list `recommendation_status`.")
    follow_up = graphene.String(description="What happened since.")


class DialogueInput(graphene.InputObjectType):
    """What is particular to a policy dialogue."""

    class Meta:
        container = dict

    recommendations = list_of(RecommendationInput, description="All that came out of it.")


class MediaInput(graphene.InputObjectType):
    """What is particular to a media intervention."""

    class Meta:
        container = dict

    channels = list_of(graphene.String, description="Codes of the list `media_channel`.")
    broadcasts = graphene.Int(description="How many times it was broadcast or printed.")
    audience_estimate = graphene.Int(description="How many people it reached, as estimated.")
    languages = list_of(graphene.String, description="Codes of the list `language`.")


class PublicationInput(graphene.InputObjectType):
    """What is particular to a publication."""

    class Meta:
        container = dict

    title = graphene.String(description="Its title, as printed. Required.")
    language = graphene.String(description="Code of the list `language`.")
    copies_printed = graphene.Int(description="How many copies were printed.")
    copies_distributed = graphene.Int(description="How many copies were handed out.")
    isbn = graphene.String(description="Its ISBN, if it has one.")


class EvaluationInput(graphene.InputObjectType):
    """What was learnt; for activities of every type."""

    class Meta:
        container = dict

    findings = graphene.String(description="What was found.")
    lessons = graphene.String(description="What to do otherwise next time.")


class ActivityInput(RecordInput, graphene.InputObjectType):
    """An activity to create or to correct. An absent or blank field is left as it is: what is
    required is so of the first push."""

    class Meta:
        container = dict

    project_id = graphene.ID(description="The project it belongs to. Required.")
    type = graphene.String(description="Code of the list `activity_type`. Required.")
    title = graphene.InputField(LocalisedTextInput, description="What it is called. Required.")
    description = graphene.String(description="What it is about.")
    status = graphene.String(
        description="Code of the list `activity_status`; goes forward only. By default held once "
        "it is over, planned before."
    )
    starts_on = Date(description="The first day. Required.")
    ends_on = Date(description="The last day.")
    place = graphene.ID(description="Id of a place of the gazetteer, never a bare name. Required.")
    venue = graphene.String(description="Where in that place.")
    organisation_ids = list_of(graphene.ID, description="Who carried it out.")
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
