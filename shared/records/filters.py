"""What a list, a report or a feed may be narrowed to, and what of a filter is a condition.

Absent, null or blank is no condition. An empty list matches nothing: whoever chose among ids or
codes and found none shall not be told of everything. A blank in a list is a value that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, pre_load, validates_schema

from shared.ids import IDS_ASKED
from shared.records.fields import Day, Moment, RowSchema, Section, fail, given
from shared.records.known_by import ExternalRef, Identifier


class Filter(RowSchema):
    """A filter: all conditions together."""

    @pre_load
    def _given(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, dict):
            return data
        lists = {name: value for name, value in data.items() if type(value) is list}
        return {**given(data), **lists}


class Listed(Filter):
    """What every list of records may be narrowed to."""

    external_refs = Section(ExternalRef, many=True, limit=IDS_ASKED)
    identifiers = Section(Identifier, many=True, limit=IDS_ASKED)
    updated_since = Moment()


KNOWN_BY = frozenset(Listed().fields)


def matches_nothing(conditions: Mapping[str, Any]) -> bool:
    """Whether a filter that was read names an empty list."""
    return any(isinstance(value, list) and not value for value in conditions.values())


class Period(Filter):
    """Has a period of days, `from` and `to`: both included, either may be left open."""

    since = Day(data_key="from")
    until = Day(data_key="to")

    @validates_schema
    def _in_order(self, data: Mapping[str, Any], **_: Any) -> None:
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            wrong = fail("END_BEFORE_START", starts_on=since, ends_on=until)
            raise ValidationError({"to": wrong.messages})
