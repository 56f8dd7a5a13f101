"""What may be asked of reporting by RPC, and in which form a question reaches the handlers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from marshmallow import ValidationError, fields

from services.reporting.rules.activities import ROWS_BY, ReportScope
from services.reporting.rules.figures import PERSON_DIMENSIONS
from shared.caller import Caller
from shared.errors import Forbidden, Refused, problems_from
from shared.paging import FIELDS, Asked
from shared.records.fields import Id, Many, PlaceId, RowSchema, Section, Truth, codes, fail
from shared.records.filters import Period

DIMENSIONS_CROSSED: Final = 3  # more cells than people, beyond that
IDS_ASKED: Final = 500
NAMED: Final = 50  # activities of one kind that a report names
COVERAGE_OF: Final = ("ecpf", "topic", "architecture", "type")


class ScopeSchema(Period):
    """The filter."""

    chapters = codes("country")
    project_ids = Many(Id(), limit=IDS_ASKED)
    activity_ids = Many(Id(), limit=IDS_ASKED)
    types = codes("activity_type")
    countries = codes("country")
    places = Many(PlaceId())


class QuestionSchema(RowSchema):
    filter = Section(ScopeSchema)


class Dimension(fields.Field[str]):
    """One of the things that an answer can be parted by."""

    def __init__(self, possible: Collection[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._possible = possible

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or value not in self._possible:
            raise fail("UNKNOWN_DIMENSION", codes=list(self._possible))
        return value


class ReportSchema(QuestionSchema):
    by = Many(Dimension(PERSON_DIMENSIONS), limit=DIMENSIONS_CROSSED, distinct=True)
    rows_by = Dimension(ROWS_BY)
    with_zeros = Truth()
    with_shares = Truth()


class CoverageSchema(QuestionSchema):
    of = Dimension(COVERAGE_OF, required=True, error_messages={"required": "REQUIRED"})


@dataclass(frozen=True, slots=True)
class Question:
    """A question within what the caller may see; `of`: what a coverage is about."""

    scope: ReportScope
    of: str = ""


@dataclass(frozen=True, slots=True)
class ReportQuestion(Question):
    """The four figures by up to three dimensions, all in one or in a page of rows."""

    by: Sequence[str] = ()
    rows_by: str | None = None
    with_zeros: bool = False
    with_shares: bool = False
    page: Asked = field(default_factory=Asked)


def question(request: Mapping[str, Any]) -> Question:
    """Raises Refused (final), with the path of the field; Forbidden for partners."""
    return Question(**_parsed(QuestionSchema(), request))


def coverage_question(request: Mapping[str, Any]) -> Question:
    """Raises Refused (final), with the path of the field; Forbidden for partners."""
    return Question(**_parsed(CoverageSchema(), request))


def report_question(request: Mapping[str, Any]) -> ReportQuestion:
    """Raises Refused (final), with the path of the field; Forbidden for partners."""
    page = Asked.of(request)
    besides = {name: part for name, part in request.items() if name not in FIELDS}
    return ReportQuestion(**_parsed(ReportSchema(), besides), page=page)


def _parsed(schema: RowSchema, request: Mapping[str, Any]) -> dict[str, Any]:
    caller = Caller.of(request)
    if caller.role == "partner":
        raise Forbidden()
    try:
        asked: dict[str, Any] = schema.load(
            {name: part for name, part in request.items() if name != "caller"}
        )
    except ValidationError as error:
        first, *_ = problems_from(error.messages)
        raise Refused(first.code, path=list(first.path), **first.params) from error
    scope = ReportScope(**asked.pop("filter", {}))
    if caller.role == "chapter":
        # Not answered by its own figures, which would be read as the others'.
        if scope.chapters and caller.chapter not in scope.chapters:
            raise Refused("CHAPTER_NOT_YOURS", path=["filter", "chapters"], chapter=caller.chapter)
        if scope.chapters is None or scope.chapters:
            scope = replace(scope, chapters=[str(caller.chapter)])
    return {"scope": scope, **asked}
