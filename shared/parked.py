"""What a parked event can be, and how operators are told why it is parked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.messages import catalogue, message

PARKED: Final = "parked"
RETRIED: Final = "retried"
DISCARDED: Final = "discarded"
STATES: Final = (PARKED, RETRIED, DISCARDED)


def reason_text(reason: str, params: Mapping[str, Any], lang: str) -> str:
    """Why an event is parked, in the words meant for operators where there are such."""
    own = f"PARKED_{reason}"
    return message(own if own in catalogue() else reason, lang, params)
