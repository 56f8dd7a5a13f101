"""Owns the types of the report: four figures never blurred, and their parts."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.paging import connection
from gateway.schema.reporting.choices import MAY_BE_WITHHELD, DimensionCode, ShareOf
from gateway.schema.scalars import Date, DateTime
from gateway.schema.texts import LocalisedText, code_value, list_of

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

    event_id = graphene.ID(description="Its id; null before the first.")
    type = graphene.String(description="Its type.")
    recorded_at = DateTime(description="When it was recorded.")
    events_applied = graphene.Int(required=True, description="How many events were applied so far.")
    day = Date(
        required=True,
        description="The calendar day: activities of which nobody stated where they stand are held "
        "if they began by then. Of the chapter asked for; of several, UTC's (each is read by its "
        "own).",
    )


class CellKey(graphene.ObjectType):
    """One coordinate of a cell."""

    dimension = DimensionCode(required=True, description="What it parts by.")
    code = graphene.String(required=True, description="E.g. `female`, or `unknown`.")
    label = graphene.String(required=True, description="How the code reads.")


class Cell(graphene.ObjectType):
    """A part of a figure."""

    keys = graphene.List(
        graphene.NonNull(CellKey), required=True, description="One per dimension asked for."
    )
    value = graphene.Int(description=f"People, or person-sessions. {MAY_BE_WITHHELD}")

    @staticmethod
    def resolve_keys(root: Mapping[str, Any], info: Any) -> list[dict[str, Any]]:
        lang = info.context.lang
        return [
            {"dimension": name, **code_value(_DIMENSION_LISTS[name], code, lang)}
            for name, code in root["keys"].items()
        ]


class Share(graphene.ObjectType):
    """A share with what it is made of. Add up counts, never average shares."""

    of = ShareOf(required=True, description="Whose.")
    count = graphene.Int(description=f"How many they are. {MAY_BE_WITHHELD}")
    known = graphene.Int(
        description="Of how many it is known whether they are: what the count is divided by. "
        f"{MAY_BE_WITHHELD}"
    )
    unknown = graphene.Int(description=f"Of how many it is not known. {MAY_BE_WITHHELD}")
    share = graphene.Float(
        description="`count` by `known`, from 0 to 1, to four decimals; null if `known` is 0, or "
        "withheld."
    )


class Figure(graphene.ObjectType):
    """A total and its cells."""

    total = graphene.Int(description=f"The total. {MAY_BE_WITHHELD}")
    cells = graphene.List(
        graphene.NonNull(Cell),
        required=True,
        description="Its parts by the dimensions asked for; they add up to it.",
    )
    shares = list_of(
        Share, required=True, description="Women, youth and people with disability among them."
    )


class Figures(graphene.ObjectType):
    """Four figures, never to be blurred. In a period, and in rows of months, quarters and years,
    attendances and people go by the day of the session, headcounts by the activity's first day.
    """

    announced = graphene.Field(
        Figure,
        required=True,
        description="What organisers stated, as far as they did, of the "
        "activities that begin in the period.",
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


class NamedActivity(graphene.ObjectType):
    """An activity that a report names."""

    id = graphene.ID(required=True, description="Its id.")
    title = graphene.Field(LocalisedText, required=True, description="What it is called.")
    starts_on = Date(required=True, description="Its first day: that of its headcount.")
    ends_on = Date(description="Its last day; null: it goes on.")


class NamedActivities(graphene.ObjectType):
    """Activities that want a look."""

    total = graphene.Int(required=True, description="How many there are.")
    activities = list_of(
        NamedActivity, required=True, description="The first 50 by their first day."
    )


ReportRowConnection = connection(ReportRow, "rows of a report")


class Report(graphene.ObjectType):
    """The four figures of what was asked for."""

    as_of = graphene.Field(AsOf, description="The last event that the figures know of.")
    figures = graphene.Field(Figures, required=True, description="The figures of all of it.")
    rows = graphene.Field(ReportRowConnection, description="With `rowsBy`: one row for each.")
    activities_counted = graphene.Int(
        required=True, description="Held, counted, and begun in the period."
    )
    activities_not_counted = graphene.Field(
        NotCounted, required=True, description="Asked for but not counted."
    )
    continuing = graphene.Field(
        NamedActivities,
        required=True,
        description="The activities counted that go on over a border of `from` and `to`: they are "
        "in the period in part.",
    )
    incomplete = graphene.Field(
        NamedActivities,
        required=True,
        description="The activities counted that began in the period and have nobody on a sheet, "
        "although their type has one.",
    )
    age_reference_year = graphene.Int(
        description="The year of all ages, if all activities counted began in one; else null: they "
        "are ages at each activity, and of `uniquePeople` at the last one in the row they came to."
    )
    adds_up = graphene.Boolean(
        required=True, description="False where people may stand in several cells (GROUP_ANY)."
    )
