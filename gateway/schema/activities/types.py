"""Owns activities as people read them."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.paging import connection
from gateway.schema.programme.types import Organisation, Project
from gateway.schema.records import Record
from gateway.schema.scalars import Date
from gateway.schema.texts import LocalisedText, coded, coded_list, filled, list_of


class Session(graphene.ObjectType):
    """A part of an activity with an attendance of its own."""

    id = graphene.ID(required=True, description="The session's id.")
    title = graphene.String(description="What it is called.")
    on = Date(description="The day.")
    hours = graphene.Float(description="How many hours it lasted.")
    topics = coded_list("emmmda_topic", "topics", "The EMMMDA topics it taught.")
    place = coded("place", "place", "Where, if not at the activity's place.")
    present = graphene.Int(
        description="How many people its attendance sheet shows as present; null where it is of no "
        "activity any more."
    )

    @staticmethod
    async def resolve_present(root: Mapping[str, Any], info: Any) -> int | None:
        sheets = await info.context.loaders.sheets(root["activity_id"])
        return next((s["present"] for s in sheets if s["session_id"] == root["id"]), None)


class AnnouncedCell(graphene.ObjectType):
    """A part of the announced headcount."""

    sex = coded("sex", "sex", "The sex, if stated.")
    age_band = coded("age_band", "age_band", "The age band, if stated.")
    group = coded("stakeholder_group", "group", "The stakeholder group, if stated.")
    disability = coded("disability_status", "disability", "With or without disability, if stated.")
    count = graphene.Int(required=True, description="How many people.")


class Announced(graphene.ObjectType):
    """What the organiser stated."""

    total = graphene.Int(required=True, description="How many people in all.")
    cells = filled(AnnouncedCell, "cells", "Of these, as far as stated.")


class Consultation(graphene.ObjectType):
    """What is particular to a consultation of leaders."""

    proposer_groups = coded_list(
        "stakeholder_group", "proposer_groups", "Who proposed participants."
    )
    blessing_given = graphene.Boolean(description="Whether the leaders gave their blessing.")
    participants_considered = graphene.Int(description="How many people were considered.")


class Training(graphene.ObjectType):
    """What is particular to a training or sensitisation."""

    audience_groups = coded_list("stakeholder_group", "audience_groups", "For whom it was.")
    days = graphene.Float(description="How many days it lasted.")


class Recommendation(graphene.ObjectType):
    """A recommendation of a dialogue, and what became of it."""

    id = graphene.ID(required=True, description="Its id.")
    text = graphene.String(description="What is recommended.")
    addressee = graphene.String(description="To whom.")
    due_on = Date(description="Until when.")
    status = coded("recommendation_status", "status", "Where it stands.")
    follow_up = graphene.String(description="What happened since.")


class Dialogue(graphene.ObjectType):
    """What is particular to a policy dialogue."""

    recommendations = filled(Recommendation, "recommendations", "All that came out of it.")


class Media(graphene.ObjectType):
    """What is particular to a media intervention."""

    channels = coded_list("media_channel", "channels", "Through which channels.")
    broadcasts = graphene.Int(description="How many times it was broadcast or printed.")
    audience_estimate = graphene.Int(description="How many people it reached, as estimated.")
    languages = coded_list("language", "languages", "In which languages.")


class Publication(graphene.ObjectType):
    """What is particular to a publication."""

    title = graphene.String(description="Its title, as printed.")
    language = coded("language", "language", "Its language.")
    copies_printed = graphene.Int(description="How many copies were printed.")
    copies_distributed = graphene.Int(description="How many copies were handed out.")
    isbn = graphene.String(description="Its ISBN, if it has one.")


class Evaluation(graphene.ObjectType):
    """What was learnt."""

    findings = graphene.String(description="What was found.")
    lessons = graphene.String(description="What to do otherwise next time.")


class Activity(Record, graphene.ObjectType):
    """Something the programme did or plans to do."""

    type = coded("activity_type", "type", "What kind of activity it is.")
    title = graphene.Field(LocalisedText, description="What it is called.")
    description = graphene.String(description="What it is about.")
    status = coded("activity_status", "status", "Where it stands.")
    starts_on = Date(description="The first day.")
    ends_on = Date(description="The last day.")
    place = coded("place", "place", "Where, with all that the place lies in.")
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
    organisations = list_of(Organisation, description="Who carried it out.")

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

    @staticmethod
    async def resolve_organisations(root: Mapping[str, Any], info: Any) -> list[dict[str, Any]]:
        ids = root.get("organisation_ids") or []
        return await info.context.loaders.records("organisation", ids) if ids else []


ActivityConnection = connection(Activity, "activities")
