"""Owns what an activity says beside its frame, as it is read and pushed: the announced headcount,
and the section of its type. A pushed field is checked where activities are stored."""

import graphene

from gateway.schema.records import remove
from gateway.schema.scalars import Date
from gateway.schema.texts import coded, coded_list, filled, list_of


class AnnouncedCell(graphene.ObjectType):
    """A part of the announced headcount."""

    sex = coded("sex", "sex", "The sex, if stated.")
    age_band = coded("age_band", "age_band", "The age band, if stated.")
    group = coded("stakeholder_group", "group", "The stakeholder group, if stated.")
    disability = coded("disability_status", "disability", "With or without disability, if stated.")
    count = graphene.Int(required=True, description="How many people.")


class AnnouncedCellInput(graphene.InputObjectType):
    """A part of the announced headcount; leave out what was not stated."""

    class Meta:
        container = dict

    sex = graphene.String(description="Code of the list `sex`.")
    age_band = graphene.String(description="Code of the list `age_band`.")
    group = graphene.String(description="Code of the list `stakeholder_group`.")
    disability = graphene.String(description="Code of the list `disability_status`.")
    count = graphene.Int(description="How many people. Required.")


class Announced(graphene.ObjectType):
    """What the organiser stated."""

    total = graphene.Int(required=True, description="How many people in all.")
    cells = filled(AnnouncedCell, "cells", "Of these, as far as stated.")


class AnnouncedInput(graphene.InputObjectType):
    """What the organiser stated, never mixed with what was counted."""

    class Meta:
        container = dict

    total = graphene.Int(description="How many people in all. Required.")
    cells = list_of(AnnouncedCellInput, description="Of these; together at most the total.")


class Consultation(graphene.ObjectType):
    """What is particular to a consultation of leaders."""

    proposer_groups = coded_list(
        "stakeholder_group", "proposer_groups", "Who proposed participants."
    )
    blessing_given = graphene.Boolean(description="Whether the leaders gave their blessing.")
    participants_considered = graphene.Int(description="How many people were considered.")


class ConsultationInput(graphene.InputObjectType):
    """What is particular to a consultation of leaders."""

    class Meta:
        container = dict

    proposer_groups = list_of(
        graphene.String, description="Who proposed participants: codes of `stakeholder_group`."
    )
    blessing_given = graphene.Boolean(description="Whether the leaders gave their blessing.")
    participants_considered = graphene.Int(description="How many people were considered.")


class Training(graphene.ObjectType):
    """What is particular to a training or sensitisation."""

    audience_groups = coded_list("stakeholder_group", "audience_groups", "For whom it was.")
    days = graphene.Float(description="How many days it lasted.")


class TrainingInput(graphene.InputObjectType):
    """What is particular to a training or sensitisation."""

    class Meta:
        container = dict

    audience_groups = list_of(
        graphene.String, description="For whom: codes of `stakeholder_group`."
    )
    days = graphene.Float(description="How many days it lasted.")


class Recommendation(graphene.ObjectType):
    """A recommendation of a dialogue, and what became of it."""

    id = graphene.ID(required=True, description="Its id.")
    text = graphene.String(description="What is recommended.")
    addressee = graphene.String(description="To whom.")
    due_on = Date(description="Until when.")
    status = coded("recommendation_status", "status", "Where it stands.")
    follow_up = graphene.String(description="What happened since.")


class RecommendationInput(graphene.InputObjectType):
    """A recommendation of a dialogue, and what became of it."""

    class Meta:
        container = dict

    id = graphene.ID(description="A UUID made by the client. Required.")
    remove = remove()
    text = graphene.String(description="What is recommended. Required.")
    addressee = graphene.String(description="To whom.")
    due_on = Date(description="Until when.")
    status = graphene.String(description="Code of the list `recommendation_status`.")
    follow_up = graphene.String(description="What happened since.")


class Dialogue(graphene.ObjectType):
    """What is particular to a policy dialogue."""

    recommendations = filled(Recommendation, "recommendations", "All that came out of it.")


class DialogueInput(graphene.InputObjectType):
    """What is particular to a policy dialogue."""

    class Meta:
        container = dict

    recommendations = list_of(RecommendationInput, description="All that came out of it.")


class Media(graphene.ObjectType):
    """What is particular to a media intervention."""

    channels = coded_list("media_channel", "channels", "Through which channels.")
    broadcasts = graphene.Int(description="How many times it was broadcast or printed.")
    audience_estimate = graphene.Int(description="How many people it reached, as estimated.")
    languages = coded_list("language", "languages", "In which languages.")


class MediaInput(graphene.InputObjectType):
    """What is particular to a media intervention."""

    class Meta:
        container = dict

    channels = list_of(graphene.String, description="Codes of the list `media_channel`.")
    broadcasts = graphene.Int(description="How many times it was broadcast or printed.")
    audience_estimate = graphene.Int(description="How many people it reached, as estimated.")
    languages = list_of(graphene.String, description="Codes of the list `language`.")


class Publication(graphene.ObjectType):
    """What is particular to a publication."""

    title = graphene.String(description="Its title, as printed.")
    language = coded("language", "language", "Its language.")
    copies_printed = graphene.Int(description="How many copies were printed.")
    copies_distributed = graphene.Int(description="How many copies were handed out.")
    isbn = graphene.String(description="Its ISBN, if it has one.")


class PublicationInput(graphene.InputObjectType):
    """What is particular to a publication."""

    class Meta:
        container = dict

    title = graphene.String(description="Its title, as printed. Required.")
    language = graphene.String(description="Code of the list `language`.")
    copies_printed = graphene.Int(description="How many copies were printed.")
    copies_distributed = graphene.Int(description="How many copies were handed out.")
    isbn = graphene.String(description="Its ISBN, if it has one.")


class Evaluation(graphene.ObjectType):
    """What was learnt."""

    findings = graphene.String(description="What was found.")
    lessons = graphene.String(description="What to do otherwise next time.")


class EvaluationInput(graphene.InputObjectType):
    """What was learnt; for activities of every type."""

    class Meta:
        container = dict

    findings = graphene.String(description="What was found.")
    lessons = graphene.String(description="What to do otherwise next time.")
