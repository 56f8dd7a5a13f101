"""Where two generations of the projections differ: per chapter and project, cell by cell."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from services.reporting.handlers.reports import report
from services.reporting.rules.activities import ReportScope
from services.reporting.rules.figures import PERSON_DIMENSIONS
from services.reporting.schemas import ReportQuestion
from services.reporting.store.live import ReportingStore
from shared.paging import MAX_FIRST, Asked

ROWS_BY: Final = ("chapter", "project")

Place = tuple[str, str, str, str, str]
"""Row's kind and key, figure, dimension and category; the last two are empty for a total."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that is not the same: of a chapter or project, in all or in one category."""

    rows_by: str
    key: str
    figure: str
    dimension: str | None
    category: str | None
    before: int
    after: int


def differences(before: ReportingStore, after: ReportingStore) -> list[Difference]:
    """Where the figures of `after` are not those of `before`, in the order of the reports.

    Raises: Unavailable (retryable).
    """
    old, new = dict(_figures(before)), dict(_figures(after))
    return [
        Difference(*place[:3], place[3] or None, place[4] or None, old.get(place, 0), value)
        for place in sorted(old.keys() | new.keys())
        if (value := new.get(place, 0)) != old.get(place, 0)
    ]


def _figures(store: ReportingStore) -> Iterator[tuple[Place, int]]:
    for rows_by in ROWS_BY:
        for dimension in PERSON_DIMENSIONS:
            for row in _rows(store, rows_by, dimension):
                for name, figure in row["figures"].items():
                    yield (rows_by, row["key"], name, "", ""), figure["total"]
                    for cell in figure["cells"]:
                        category = cell["keys"][dimension]
                        yield (rows_by, row["key"], name, dimension, category), cell["value"]


def _rows(store: ReportingStore, rows_by: str, dimension: str) -> Iterator[dict[str, Any]]:
    page = Asked(size=MAX_FIRST)
    while True:
        answer = report(
            ReportQuestion(ReportScope(), by=(dimension,), rows_by=rows_by, page=page), store
        )
        yield from answer["rows"]
        if not answer["has_next"]:
            return
        page = Asked(size=MAX_FIRST, after=answer["cursors"][-1])
