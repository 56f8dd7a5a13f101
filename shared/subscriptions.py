"""Which service listens to which events, as the table of record types says: for the bindings and
for those who account.

A consumer binds its queue by its row (`@on_events`); an audit expects each event in the inbox of
every service whose row matches the event's type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.record_types import CONSUMERS, RECORD_TYPES, heard_by, record_type_of

PATTERNS: Final[Mapping[str, tuple[str, ...]]] = {
    service: tuple(f"{each.name}.*.v{each.heard_by[service]}" for each in heard_by(service))
    for service in CONSUMERS
}
"""Service → types with their versions; `activity.*.v1` matches version 1 of `activity.recorded`."""


def listens(service: str, event_type: str, version: int = 1, *, older: bool = False) -> bool:
    """Whether the service is told of an event of this short type in this version: the latest that
    it reads. `older`: the same event was recorded in a later version too."""
    record_type = RECORD_TYPES.get(record_type_of(event_type))
    read = record_type.heard_by.get(service, 0) if record_type else 0
    return version == read or (version < read and not older)
