"""Who asks reporting, and the answers as tests compare them."""

from collections.abc import Mapping
from typing import Any

from services.reporting import schemas
from services.reporting.handlers import reports
from services.reporting.store.live import ReportingStore

SECRETARIAT = {"role": "secretariat", "chapter": None}
MALI = {"role": "chapter", "chapter": "ML"}
NIGER = {"role": "chapter", "chapter": "NE"}


def ask(
    store: ReportingStore, caller: Mapping[str, Any] = SECRETARIAT, **asked: Any
) -> dict[str, Any]:
    """The answer to a report question."""
    return reports.report(schemas.report_question({"caller": caller, **asked}), store)


def totals(store: ReportingStore, **asked: Any) -> dict[str, int]:
    return {name: figure["total"] for name, figure in ask(store, **asked)["figures"].items()}


def cells(store: ReportingStore, figure: str, *by: str, **asked: Any) -> dict[Any, int]:
    """The cells of one figure by their code, or by their codes where several dimensions cross."""
    found = ask(store, by=list(by), **asked)["figures"][figure]["cells"]
    return {
        cell["keys"][by[0]] if len(by) == 1 else tuple(cell["keys"].values()): cell["value"]
        for cell in found
    }


def question(name: str, store: ReportingStore, **asked: Any) -> dict[str, Any]:
    parse = schemas.coverage_question if name == "coverage" else schemas.question
    answer: dict[str, Any] = getattr(reports, name)(parse({"caller": SECRETARIAT, **asked}), store)
    return answer
