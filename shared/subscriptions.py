"""Which service listens to which events, as the table of nouns says: for the bindings and for those
who account.

A consumer binds its queue by its row (`@on_events`); an audit expects each event in the inbox of
every service whose row matches the event's type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.nouns import CONSUMERS, NOUNS, heard_by, noun_of

PATTERNS: Final[Mapping[str, tuple[str, ...]]] = {
    service: tuple(f"{noun.name}.*.v{noun.heard_by[service]}" for noun in heard_by(service))
    for service in CONSUMERS
}
"""Service → types with their versions; `activity.*.v1` matches version 1 of `activity.recorded`."""


def listens(service: str, event_type: str, version: int = 1) -> bool:
    """Whether the service is told of events of this short type in this version."""
    noun = NOUNS.get(noun_of(event_type))
    return noun is not None and noun.heard_by.get(service) == version
