"""Which service listens to which events: one table, for the bindings and for those who account.

A consumer binds its queue by its row (`@on_events`); an audit expects each event in the inbox of
every service whose row matches the event's type.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

PATTERNS: Final[Mapping[str, tuple[str, ...]]] = {
    "reporting": (
        "participant.*",
        "nomination.*",
        "project.*",
        "organisation.*",  # nothing is drawn from it, but what nobody hears is never published
        "activity.*",
        "concern.*",
        "attendance.*",
    ),
    "notifications": ("activity.*", "project.*", "attendance.*", "concern.*"),
}
"""Service → short types; `activity.*` matches `activity.recorded`."""


def listens(service: str, event_type: str) -> bool:
    """Whether the service is told of events of this short type."""
    return any(fnmatchcase(event_type, pattern) for pattern in PATTERNS[service])
