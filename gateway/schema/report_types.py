"""Owns the types of reports: four figures never blurred, coverage, gaps, what else came out."""

from collections.abc import Mapping, Sequence
from typing import Any

import graphene

from gateway.schema.paging import connection
from gateway.schema.texts import CodeValue, code_value, coded, list_of

_DIMENSION_LISTS: Mapping[str, str] = {
    "sex": "sex",
    "age_band": "age_band",
    "group": "stakeholder_group",
    "group_any": "stakeholder_group",
    "disability": "disability_status",
    "residence": "place",
}


class AsOf(graphene.ObjectType):
    """The last event that the figures know of."""

    event_id = graphene.String(description="Its id; null before the first.")
    type = graphene.String(description="Its type.")
    recorded_at = graphene.String(description="When it was recorded (UTC, RFC 3339).")
    events_applied = graphene.Int(description="How many events were applied so far.")


class CellKey(graphene.ObjectType):
    """One coordinate of a cell."""

    dimension = graphene.String(required=True, description="E.g. `sex`.")
    code = graphene.String(required=True, description="E.g. `female`, or `unknown`.")
    label = graphene.String(required=True, description="How the code reads.")


class Cell(graphene.ObjectType):
    """A part of a figure."""

    keys = graphene.List(
        graphene.NonNull(CellKey), required=True, description="One per dimension asked for."
    )
    value = graphene.Int(required=True, description="People, or person-sessions.")

    @staticmethod
    def resolve_keys(root: Mapping[str, Any], info: Any) -> list[dict[str, Any]]:
        lang = info.context.lang
        return [
            {"dimension": name, **code_value(_DIMENSION_LISTS[name], code, lang)}
            for name, code in root["keys"].items()
        ]


class Figure(graphene.ObjectType):
    """A total and its cells."""

    total = graphene.Int(required=True, description="The total.")
    cells = graphene.List(
        graphene.NonNull(Cell),
        required=True,
        description="Its parts by the dimensions asked for; they add up to it.",
    )


class Figures(graphene.ObjectType):
    """Four figures, never to be blurred."""

    announced = graphene.Field(
        Figure, required=True, description="What organisers stated, as far as they did."
    )
    person_sessions = graphene.Field(
        Figure, required=True, description="Attendances: one person at two sessions counts twice."
    )
    unique_per_activity = graphene.Field(
        Figure, required=True, description="People, counted once for each activity."
    )
    unique_people = graphene.Field(
        Figure, required=True, description="People, counted once in all that was asked for."
    )


class ReportRow(graphene.ObjectType):
    """The figures of one chapter, project, activity, period or place."""

    key = graphene.String(required=True, description="Its code, id or period.")
    label = graphene.String(required=True, description="How it reads.")
    figures = graphene.Field(Figures, required=True, description="Its figures.")


class NotCounted(graphene.ObjectType):
    """Activities asked for that the figures leave out."""

    planned = graphene.Int(required=True, description="Not yet held.")
    cancelled = graphene.Int(required=True, description="Cancelled.")


ReportRowConnection = connection(ReportRow, "rows of a report")


class Report(graphene.ObjectType):
    """The four figures of what was asked for."""

    as_of = graphene.Field(AsOf, description="The last event that the figures know of.")
    figures = graphene.Field(Figures, required=True, description="The figures of all of it.")
    rows = graphene.Field(ReportRowConnection, description="With `rowsBy`: one row for each.")
    activities_counted = graphene.Int(required=True, description="Held and counted.")
    activities_not_counted = graphene.Field(
        NotCounted, required=True, description="Asked for but not counted."
    )
    age_reference_year = graphene.Int(description="Ages of unique people are those of this year.")
    adds_up = graphene.Boolean(
        required=True, description="False where people may stand in several cells (GROUP_ANY)."
    )


class CoverageRow(graphene.ObjectType):
    """How far one code of a vocabulary was served; zero is a gap."""

    code = graphene.String(required=True, description="The code.")
    label = graphene.String(required=True, description="How it reads.")
    activities = graphene.Int(required=True, description="Activities that served it.")
    person_sessions = graphene.Int(required=True, description="Attendances at these.")
    unique_people = graphene.Int(required=True, description="People reached by these.")


class GapRow(graphene.ObjectType):
    """A stakeholder group, in a place, on a topic."""

    place = coded("place", "place", "The locality.")
    group = coded("stakeholder_group", "group", "The stakeholder group.")
    topic = coded("emmmda_topic", "topic", "The EMMMDA topic.")
    unique_people = graphene.Int(required=True, description="People reached.")
    gap = graphene.Boolean(required=True, description="Whether nobody was.")


class ConcernCount(graphene.ObjectType):
    """How many concerns of a kind there are."""

    category = coded("concern_category", "category", "What they are about.")
    severity = graphene.Int(description="1 (slight) to 5 (grave).")
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
    by_channel = list_of(ChannelOutputs, description="By channel; several may carry one.")


class PublicationOutputs(graphene.ObjectType):
    """What was printed and handed out."""

    titles = graphene.Int(required=True, description="Publications.")
    copies_printed = graphene.Int(required=True, description="Copies printed.")
    copies_distributed = graphene.Int(required=True, description="Copies handed out.")


class TestOutputs(graphene.ObjectType):
    """Tests before and after trainings, computed from summed scores (0 to 100)."""

    pre_mean = graphene.Float(description="Mean before; null without a test.")
    post_mean = graphene.Float(description="Mean after; null without a test.")
    gain_mean = graphene.Float(description="Mean gain of those who took both.")
    pre_n = graphene.Int(required=True, description="How many took the one before.")
    post_n = graphene.Int(required=True, description="How many took the one after.")
    n = graphene.Int(required=True, description="How many took both.")


class Outputs(graphene.ObjectType):
    """What came out besides people reached."""

    media = graphene.Field(MediaOutputs, required=True, description="Media interventions.")
    publications = graphene.Field(PublicationOutputs, required=True, description="Publications.")
    recommendations = list_of(CodeCount, description="Recommendations by status.")
    tests = graphene.Field(TestOutputs, required=True, description="Tests of trainings.")
    nominations = list_of(CodeCount, description="Nominations by status.")

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
