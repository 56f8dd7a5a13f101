"""Owns what each request of this service is read by: who may ask, pushes, ids and filter.

Chapters and the secretariat deal with people; partners and operators have no business with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError

from shared.caller import Caller
from shared.errors import Forbidden, Refused, problems_from
from shared.records.pushes import MAX_ITEMS, Push, parse
from shared.types import Request

SOURCE = "/participants"
MAX_IDS = MAX_ITEMS


def pushes_of(request: Request) -> list[Push]:
    """The pushes. Raises Forbidden, and as `parse` (final)."""
    pushes = parse(request)
    for each in pushes:
        _admit(each.caller)
    return pushes


def reader_of(request: Request) -> Caller:
    """Who asks. Raises Forbidden; Refused MALFORMED, BAD_CALLER (final)."""
    return _admit(Caller.of(request))


def ids_in(request: Request) -> list[str]:
    """The ids that a request names. Raises Refused TOO_MANY_ITEMS (final)."""
    ids = list(request["ids"])
    if len(ids) > MAX_IDS:
        raise Refused("TOO_MANY_ITEMS", limit=MAX_IDS, count=len(ids))
    return ids


def filter_of(schema: Schema, request: Request) -> Mapping[str, Any]:
    """The filter. Raises Refused (final) with the path of what is wrong."""
    try:
        asked: Mapping[str, Any] = schema.load(request.get("filter") or {})
    except ValidationError as error:
        first, *_ = problems_from(error.messages)
        # Without the value: it may be somebody's phone number.
        known = {name: value for name, value in first.params.items() if name != "value"}
        raise Refused(first.code, path=["filter", *first.path], **known) from error
    return asked


def _admit(caller: Caller) -> Caller:
    if caller.role not in ("chapter", "secretariat"):
        raise Forbidden()
    return caller
