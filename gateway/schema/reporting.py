"""Owns the reports as people read them: four figures never blurred, coverage, gaps, outputs."""

from collections.abc import Mapping, Sequence
from typing import Any

import graphene

from gateway.schema.connections import connection, criteria, page, paged
from gateway.schema.texts import CodeValue, code_value, coded, list_of

_DIMENSION_LISTS: Mapping[str, str] = {
    "sex": "sex",
    "age_band": "age_band",
    "group": "stakeholder_group",
    "group_any": "stakeholder_group",
    "disability": "disability_status",
    "residence": "place",
}
_COVERAGE_LISTS: Mapping[str, str] = {
    "ecpf": "ecpf_component",
    "topic": "emmmda_topic",
    "architecture": "architecture_tag",
    "type": "activity_type",
}
_ROW_LISTS: Mapping[str, str] = {
    "chapter": "country",
    "type": "activity_type",
    "admin1": "place",
    "locality": "place",
}


class Dimension(graphene.Enum):
    """What a figure can be parted by. `unknown` is a category of each."""

    SEX = "sex"
    AGE_BAND = "age_band"
    GROUP = "group"
    GROUP_ANY = "group_any"
    DISABILITY = "disability"
    RESIDENCE = "residence"

    @property
    def description(self) -> str:
        return {
            "sex": "Sex.",
            "age_band": "Age band, at the report's reference year.",
            "group": "Primary stakeholder group: one per person, so that the cells add up.",
            "group_any": "Every stakeholder group: people may stand in several cells.",
            "disability": "With or without disability.",
            "residence": "First-level unit in which the person lives.",
        }.get(self.value, "")


class RowsBy(graphene.Enum):
    """What a report has a row for."""

    CHAPTER = "chapter"
    PROJECT = "project"
    ACTIVITY = "activity"
    TYPE = "type"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    ADMIN1 = "admin1"
    LOCALITY = "locality"

    @property
    def description(self) -> str:
        return f"One row for each {self.value}."


class CoverageOf(graphene.Enum):
    """A vocabulary whose coverage can be asked."""

    ECPF = "ecpf"
    TOPIC = "topic"
    ARCHITECTURE = "architecture"
    TYPE = "type"

    @property
    def description(self) -> str:
        return {
            "ecpf": "ECPF components.",
            "topic": "EMMMDA topics.",
            "architecture": "EPSAO and APSA.",
            "type": "Activity types.",
        }.get(self.value, "")


class ReportFilter(graphene.InputObjectType):
    """Which activities; all conditions together. A chapter's key sees its own chapter only."""

    class Meta:
        container = dict

    chapters = list_of(graphene.String, description="Of these chapters (countries).")
    project_ids = list_of(graphene.String, description="Of these projects.")
    activity_ids = list_of(graphene.String, description="These activities.")
    types = list_of(graphene.String, description="Of these types.")
    countries = list_of(graphene.String, description="Held in these countries.")
    places = list_of(graphene.String, description="Held in these places, or anywhere below.")
    from_ = graphene.String(name="from", description="From this day on, YYYY-MM-DD.")
    to = graphene.String(description="Up to and with this day, YYYY-MM-DD.")


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


def _filter() -> graphene.Argument:
    return graphene.Argument(ReportFilter, description="Which activities; all by default.")


class ReportQueries(graphene.ObjectType):
    report = paged(
        Report,
        "The four figures, parted as asked; `first` and `after` page the rows.",
        filter=_filter(),
        by=list_of(Dimension, description="Up to three dimensions, crossed."),
        rows_by=graphene.Argument(RowsBy, description="One row for each of these."),
        with_zeros=graphene.Boolean(
            default_value=False, description="Show the cells that are zero as well."
        ),
    )
    coverage = list_of(
        CoverageRow,
        filter=_filter(),
        of=graphene.Argument(CoverageOf, required=True, description="Which vocabulary."),
        description="Every code of a vocabulary, with what was done for it.",
    )
    gaps = list_of(
        GapRow, filter=_filter(), description="Locality by stakeholder group by topic, with gaps."
    )
    concern_summary = list_of(
        ConcernCount,
        filter=_filter(),
        description="Concerns by category, severity and status.",
    )
    outputs = graphene.Field(
        Outputs, filter=_filter(), description="Media reach, copies, recommendations, tests."
    )

    @staticmethod
    async def resolve_report(
        _: Any,
        info: Any,
        filter: Mapping[str, Any] | None = None,
        by: Sequence[Any] = (),
        rows_by: Any = None,
        with_zeros: bool = False,
        first: int | None = None,
        after: str | None = None,
    ) -> dict[str, Any]:
        ctx = info.context
        report: dict[str, Any] = await ctx.ask(
            "reporting",
            "report",
            filter=criteria(filter),
            by=[each.value for each in by],
            rows_by=rows_by.value if rows_by else None,
            with_zeros=with_zeros,
            first=first,
            after=after,
        )
        rows = None
        if rows_by:
            items = [_labelled(row, rows_by.value, ctx.lang) for row in report["rows"]]
            rows = page({"items": items, "next": report.get("next")})
        return report | {"rows": rows}

    @staticmethod
    async def resolve_coverage(
        _: Any, info: Any, of: Any, filter: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        ctx = info.context
        answer = await ctx.ask("reporting", "coverage", filter=criteria(filter), of=of.value)
        return [
            row | code_value(_COVERAGE_LISTS[of.value], row["code"], ctx.lang)
            for row in answer["rows"]
        ]

    @staticmethod
    async def resolve_gaps(
        _: Any, info: Any, filter: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        answer = await info.context.ask("reporting", "gaps", filter=criteria(filter))
        rows: list[dict[str, Any]] = answer["rows"]
        return rows

    @staticmethod
    async def resolve_concern_summary(
        _: Any, info: Any, filter: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        answer = await info.context.ask("reporting", "concerns", filter=criteria(filter))
        rows: list[dict[str, Any]] = answer["rows"]
        return rows

    @staticmethod
    async def resolve_outputs(
        _: Any, info: Any, filter: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        answer: dict[str, Any] = await info.context.ask(
            "reporting", "outputs", filter=criteria(filter)
        )
        return answer


def _labelled(row: Mapping[str, Any], rows_by: str, lang: str) -> dict[str, Any]:
    if rows_by in _ROW_LISTS:
        label = code_value(_ROW_LISTS[rows_by], row["key"], lang)["label"]
    elif isinstance(row.get("label"), Mapping):
        texts = row["label"]
        label = texts.get(lang) or next(filter(None, texts.values()), row["key"])
    else:
        label = row.get("label") or row["key"]
    return {**row, "label": label}


def _counts(list_name: str, rows: Sequence[Mapping[str, Any]], info: Any) -> list[dict[str, Any]]:
    return [
        {"code": code_value(list_name, row["status"], info.context.lang), "count": row["count"]}
        for row in rows
    ]
