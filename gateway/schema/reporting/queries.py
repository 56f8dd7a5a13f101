"""Owns what can be asked of reports: by which filter, dimensions and rows."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from typing import Any

import graphene

from gateway.calls.context import Context
from gateway.engine.lengths import MAX_GAPS
from gateway.engine.selection import selects
from gateway.schema.paging import criteria, page, paged, wanted
from gateway.schema.reporting.choices import CoverageOf, Dimension, RowsBy
from gateway.schema.reporting.figures import Report
from gateway.schema.reporting.filters import ReportFilter
from gateway.schema.reporting.outputs import ConcernCount, CoverageRow, GapRow, Outputs
from gateway.schema.texts import code_value, list_of, place_value
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
_WAYS_TO_FIGURES: Sequence[Sequence[str]] = [
    (*way, "figures", figure)
    for way in ((), ("rows", "nodes"), ("rows", "edges", "node"))
    for figure in ("announced", "personSessions", "uniquePerActivity", "uniquePeople")
]


def _filter() -> graphene.Argument:
    return graphene.Argument(ReportFilter, description="Which activities; all by default.")


class ReportQueries(graphene.ObjectType):
    report = paged(
        Report,
        "The four figures, parted as asked; `first`, `after`, `last` and `before` page the rows.",
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
        **part: Any,
    ) -> dict[str, Any]:
        ctx = info.context
        report: dict[str, Any] = await ctx.ask(
            "reporting",
            "report",
            filter=criteria(filter),
            by=[each.value for each in by or ()],
            rows_by=rows_by.value if rows_by else None,
            with_zeros=with_zeros,
            with_shares=any(selects(info, *way, "shares") for way in _WAYS_TO_FIGURES),
            **wanted(info, part, "rows"),
        )
        rows = None
        if rows_by:
            labelled = (_labelled(row, rows_by.value, ctx) for row in report["rows"])
            items = await gather(*labelled)
            rows = page({**report, "items": items})
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


async def _labelled(row: Mapping[str, Any], rows_by: str, ctx: Context) -> dict[str, Any]:
    if _ROW_LISTS.get(rows_by) == "place":
        label = (await place_value(ctx, row["key"]))["label"]
    elif rows_by in _ROW_LISTS:
        label = code_value(_ROW_LISTS[rows_by], row["key"], ctx.lang)["label"]
    elif isinstance(row.get("label"), Mapping):
        texts = row["label"]
        label = texts.get(ctx.lang) or next(filter(None, texts.values()), row["key"])
    else:
        label = row.get("label") or row["key"]
    return {**row, "label": label}
