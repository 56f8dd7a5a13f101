"""When a webhook that failed is tried again, and when it counts as failing."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from services.notifications.rules.model import State

GONE: Final = 410
ROTATION_OVERLAP: Final = timedelta(hours=24)
BACKOFF_S: Final = (5, 30, 120, 600, 3600, 3 * 3600, 6 * 3600)
_JITTER: Final = 0.2  # a fifth either way parts endpoints that fell together


def delay_s(failures: int, *, retry_after_s: float | None, chance: float) -> float:
    """Seconds to wait after so many failures in a row (1 or more); the last step repeats for ever.

    Args: retry_after_s: what the receiver asked for; it may lengthen the wait, to 6 h at most.
        chance: 0 ≤ chance < 1, the jitter's roll.
    """
    step = BACKOFF_S[min(failures, len(BACKOFF_S)) - 1] * (1 + _JITTER * (2 * chance - 1))
    return max(step, min(retry_after_s or 0, BACKOFF_S[-1]))


def state_after(failures: int) -> State:
    """FAILING once the whole schedule was used up (a little over 10 hours)."""
    return State.FAILING if failures >= len(BACKOFF_S) else State.ACTIVE


def resend_given_up(failures: int) -> bool:
    """Whether a resend has used up the schedule; its owner may ask again."""
    return failures >= len(BACKOFF_S)
