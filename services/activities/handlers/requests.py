"""Owns what every request of this service is read by: the record type it names, the ids it
names."""

from __future__ import annotations

from services.activities.definitions import DEFINITIONS, RecordDefinition
from shared.errors import Refused
from shared.ids import canonical
from shared.records.pushes import MAX_ITEMS
from shared.types import Request


def definition_of(request: Request) -> RecordDefinition:
    """The definition of the record type that a request names.

    Raises: Refused (final): UNKNOWN_KIND.
    """
    name = str(request.get("kind"))[:80]
    if name not in DEFINITIONS:
        raise Refused("UNKNOWN_KIND", value=name, kinds=list(DEFINITIONS))
    return DEFINITIONS[name]


def ids_in(request: Request, name: str = "ids", limit: int = MAX_ITEMS) -> list[str]:
    """The valid ids that a request names, once each. Raises Refused (final): TOO_MANY_ITEMS."""
    ids = list(dict.fromkeys(i for i in map(canonical, request.get(name) or ()) if i))
    if len(ids) > limit:
        raise Refused("TOO_MANY_ITEMS", limit=limit, count=len(ids))
    return ids
