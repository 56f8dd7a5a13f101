"""Owns what can be asked of reports: by which filter, dimensions and rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import graphene

from gateway.engine.lengths import MAX_GAPS
from gateway.schema.paging import criteria, page, paged
from gateway.schema.report_types import (
    ConcernCount,
    CoverageRow,
    GapRow,
    Outputs,
    Report,
)
from gateway.schema.texts import code_value, list_of
from shared.errors import Refused

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
        return {
            "admin1": "One row for each first-level unit in which activities were held.",
            "locality": "One row for each place in which activities were held.",
        }.get(self.value, f"One row for each {self.value}.")


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
        GapRow,
        filter=_filter(),
        description="Locality by stakeholder group by topic, with gaps; refused beyond "
        f"{MAX_GAPS:,} rows, about a hundred localities: ask for fewer.",
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
        by: Sequence[Any] | None = None,
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
            by=[each.value for each in by or ()],
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
        if len(rows) > MAX_GAPS:
            raise Refused("TOO_MANY_ROWS", limit=MAX_GAPS)
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
