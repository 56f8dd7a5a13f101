"""Owns whose parking lots there are."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.config import EVENT_CONSUMERS
from shared.errors import Refused

SERVICE: Final = f"The consuming service: {' or '.join(EVENT_CONSUMERS)}."


def known(service: str) -> str:
    """The service, if it takes events. Raises Refused UNKNOWN_SERVICE (final)."""
    if service not in EVENT_CONSUMERS:
        raise Refused("UNKNOWN_SERVICE", value=service[:80], services=", ".join(EVENT_CONSUMERS))
    return service


def of(service: str, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The events, each with the service in whose parking lot it is."""
    return [{**item, "service": service} for item in items]
