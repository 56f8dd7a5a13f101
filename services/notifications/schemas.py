"""What may come in by RPC, and how endpoints and attempts go out. Secrets have no way out here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from marshmallow import Schema, ValidationError
from marshmallow.validate import Length

from services.notifications.rules import partner_view
from services.notifications.rules.model import Attempt, Endpoint
from services.notifications.rules.model import Filter as Wanted
from shared.errors import Refused, problems_from
from shared.records.fields import Code, Id, Many, RowSchema, Section, Text, Truth, Whole, codes
from shared.records.filters import Filter, matches_nothing
from shared.times import rfc3339

RESEND_LIMIT: Final = 500
_URL_LIMIT: Final = 2000
_NOTHING: Final = "EMPTY_FILTER"


class FilterSchema(Filter):
    types = Many(Code("feed_type", partner_view.TYPES), distinct=True)
    chapters = codes("country")
    schema_version = Whole(1, 99)


class EndpointFilterSchema(FilterSchema):
    """What an endpoint is posted: of nothing there is nothing to post."""

    types = Many(
        Code("feed_type", partner_view.TYPES), distinct=True, validate=Length(1, error=_NOTHING)
    )
    chapters = codes("country", validate=Length(1, error=_NOTHING))


class NewEndpointSchema(RowSchema):
    id = Id(required=True)
    url = Text(_URL_LIMIT, required=True)
    description = Text(200)
    filter = Section(EndpointFilterSchema)


class EndpointChangesSchema(RowSchema):
    id = Id(required=True)
    url = Text(_URL_LIMIT)
    description = Text(200)
    filter = Section(EndpointFilterSchema)
    paused = Truth()


class ResendSchema(RowSchema):
    id = Id(required=True)
    positions = Many(Whole(low=1, high=2**53), limit=RESEND_LIMIT, distinct=True)
    start = Whole(low=1, high=2**53)
    end = Whole(low=1, high=2**53)


def load(schema: Schema, given: Mapping[str, Any]) -> dict[str, Any]:
    """The checked input, absent and null fields left out.

    Raises Refused INVALID_INPUT (final): `problems` names each field with its code.
    """
    try:
        loaded: dict[str, Any] = schema.load({k: v for k, v in given.items() if v is not None})
    except ValidationError as error:
        raise refused(error.messages) from error
    return loaded


def refused(messages: Any) -> Refused:
    """The refusal of an input with marshmallow's messages."""
    return Refused(
        "INVALID_INPUT", problems=[problem.to_dict() for problem in problems_from(messages)]
    )


def load_filter(given: Mapping[str, Any] | None) -> Wanted:
    """The checked filter; without conditions it wants everything. Raises Refused INVALID_INPUT
    (final)."""
    return to_filter(load(FilterSchema(), given or {}))


def to_filter(loaded: Mapping[str, Any]) -> Wanted:
    if matches_nothing(loaded):
        return Wanted(nothing=True)
    return Wanted(
        tuple(loaded.get("types", ())),
        tuple(loaded.get("chapters", ())),
        loaded.get("schema_version", 1),
    )


def load_position(cursor: Any) -> int:
    """The position of a cursor; None stands before the first item. Raises Refused BAD_CURSOR."""
    if cursor is None:
        return 0
    text = str(cursor)
    if isinstance(cursor, bool) or not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Refused("BAD_CURSOR")
    return int(text)


def dump_endpoint(endpoint: Endpoint, head: int) -> dict[str, Any]:
    """`behind` is how many positions the endpoint has yet to be brought past."""
    overlap = [each.expires_at for each in endpoint.secrets if each.expires_at is not None]
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "description": endpoint.description,
        "filter": {
            "types": list(endpoint.filter.types),
            "chapters": list(endpoint.filter.chapters),
            "schema_version": endpoint.filter.schema_version,
        },
        "state": endpoint.state.value,
        "cursor": str(endpoint.last_position),
        "behind": max(0, head - endpoint.last_position),
        "failures": endpoint.failures,
        "last_error": endpoint.last_error,
        "next_attempt_at": rfc3339(endpoint.next_attempt_at) if endpoint.failures else None,
        "previous_secret_until": rfc3339(overlap[0]) if overlap else None,
        "created_at": rfc3339(endpoint.created_at),
        "updated_at": rfc3339(endpoint.updated_at),
    }


def dump_attempt(attempt: Attempt) -> dict[str, Any]:
    at, planned = attempt.at, attempt.next_attempt_at
    return {
        **asdict(attempt),
        "at": rfc3339(at),
        "next_attempt_at": rfc3339(planned) if planned else None,
    }
