"""Owns the types of coverage, gaps and concerns, and of what else came out: media, tests."""

from collections.abc import Mapping, Sequence
from typing import Any

import graphene

from gateway.schema.reporting.choices import MAY_BE_WITHHELD
from gateway.schema.texts import CodeValue, code_value, coded, list_of


class CoverageRow(graphene.ObjectType):
    """How far one code of a vocabulary was served; zero is a gap."""

    code = graphene.String(required=True, description="The code.")
    label = graphene.String(required=True, description="How it reads.")
    activities = graphene.Int(required=True, description="Activities that served it.")
    person_sessions = graphene.Int(description=f"Attendances at these. {MAY_BE_WITHHELD}")
    unique_people = graphene.Int(description=f"People reached by these. {MAY_BE_WITHHELD}")


class GapRow(graphene.ObjectType):
    """A stakeholder group, in a place, on a topic."""

    place = coded("place", "place", "The locality.")
    group = coded("stakeholder_group", "group", "The stakeholder group.")
    topic = coded("emmmda_topic", "topic", "The EMMMDA topic.")
    unique_people = graphene.Int(description=f"People reached. {MAY_BE_WITHHELD}")
    gap = graphene.Boolean(required=True, description="Whether nobody was.")


class ConcernCount(graphene.ObjectType):
    """How many concerns of a kind there are."""

    category = coded("concern_category", "category", "What they are about.")
    severity = graphene.Int(required=True, description="1 (slight) to 5 (grave).")
    status = coded("concern_status", "status", "Where they stand.")
    count = graphene.Int(required=True, description="How many.")


class CodeCount(graphene.ObjectType):
    """A code and how often it occurs."""

    code = graphene.Field(CodeValue, required=True, description="The code.")
    count = graphene.Int(required=True, description="How often.")


class ChannelOutputs(graphene.ObjectType):
    """What one media channel carried."""

    channel = coded("media_channel", "channel", "The channel.")
    interventions = graphene.Int(required=True, description="Media interventions.")
    broadcasts = graphene.Int(required=True, description="Broadcasts.")
    audience_estimate = graphene.Int(
        required=True, description="Audience as the organisers stated it, summed."
    )


class MediaOutputs(graphene.ObjectType):
    """What went over the air or into print."""

    interventions = graphene.Int(required=True, description="Media interventions.")
    broadcasts = graphene.Int(required=True, description="Broadcasts.")
    audience_estimate = graphene.Int(
        required=True, description="Audience as the organisers stated it, summed."
    )
    by_channel = list_of(
        ChannelOutputs, required=True, description="By channel; several may carry one."
    )


class PublicationOutputs(graphene.ObjectType):
    """What was printed and handed out."""

    titles = graphene.Int(required=True, description="Publications.")
    copies_printed = graphene.Int(required=True, description="Copies printed.")
    copies_distributed = graphene.Int(required=True, description="Copies handed out.")


class TestOutputs(graphene.ObjectType):
    """Tests before and after trainings (0 to 100), paired per person and activity: the first score
    before and the last one after, over the days of all its sessions. Spreads are standard
    deviations over all who were tested."""

    pre_mean = graphene.Float(description="Mean before; null without a test.")
    post_mean = graphene.Float(description="Mean after; null without a test.")
    gain_mean = graphene.Float(description="Mean gain of those who took both.")
    pre_spread = graphene.Float(description="Spread before; null without a test.")
    post_spread = graphene.Float(description="Spread after; null without a test.")
    gain_spread = graphene.Float(description="Spread of the gains; null without one.")
    pre_n = graphene.Int(required=True, description="How many took the one before.")
    post_n = graphene.Int(required=True, description="How many took the one after.")
    n = graphene.Int(required=True, description="How many took both.")
    unpaired = graphene.Int(required=True, description="How many took one of the two alone.")


class Outputs(graphene.ObjectType):
    """What came out besides people reached."""

    media = graphene.Field(MediaOutputs, required=True, description="Media interventions.")
    publications = graphene.Field(PublicationOutputs, required=True, description="Publications.")
    recommendations = list_of(CodeCount, required=True, description="Recommendations by status.")
    tests = graphene.Field(TestOutputs, required=True, description="Tests of trainings.")
    nominations = list_of(CodeCount, required=True, description="Nominations by status.")

    @staticmethod
    def resolve_recommendations(root: Mapping[str, Any], info: Any) -> list[dict[str, Any]]:
        return _counts("recommendation_status", root["recommendations"], info)

    @staticmethod
    def resolve_nominations(root: Mapping[str, Any], info: Any) -> list[dict[str, Any]]:
        return _counts("nomination_status", root["nominations"], info)


def _counts(list_name: str, rows: Sequence[Mapping[str, Any]], info: Any) -> list[dict[str, Any]]:
    return [
        {"code": code_value(list_name, row["status"], info.context.lang), "count": row["count"]}
        for row in rows
    ]
