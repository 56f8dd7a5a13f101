"""When a webhook is tried again."""

from __future__ import annotations

from itertools import pairwise

from services.notifications.rules import retries
from services.notifications.rules.model import State


def waits(failures: int, retry_after_s: float | None = None) -> tuple[float, float]:
    """The shortest and the longest wait after so many failures."""
    shortest, longest = (
        retries.delay_s(failures, retry_after_s=retry_after_s, chance=chance) for chance in (0, 1)
    )
    return shortest, longest


def test_waits_grow_from_seconds_to_six_hours_and_stay_there() -> None:
    assert waits(1) == (4, 6)
    assert waits(7) == waits(500) == (6 * 3600 * 0.8, 6 * 3600 * 1.2)
    assert all(waits(n)[1] < waits(n + 1)[0] for n, _ in pairwise(range(1, 8)))


def test_the_receiver_may_ask_for_more_time_within_bounds() -> None:
    assert waits(1, retry_after_s=90) == (90, 90)
    assert waits(3, retry_after_s=1)[0] == 96
    assert waits(1, retry_after_s=1e9) == (6 * 3600, 6 * 3600)


def test_an_endpoint_is_failing_once_the_schedule_is_used_up() -> None:
    states = [retries.state_after(failures) for failures in range(1, 9)]

    assert states == [State.ACTIVE] * 6 + [State.FAILING] * 2
