"""The audit's pure parts: joining sorted streams, playing a sheet's steps, checksums."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.audit.attendance import Replay
from operations.audit.log import AuditClock, Entry
from operations.audit.reading import joined
from operations.audit.tally import Checksum
from shared.record_types import SCORES
from shared.store.outbox import EventKind

KEYED = st.lists(st.tuples(st.text("abc", max_size=2), st.integers()), max_size=12)
NOW = datetime(2026, 1, 5, tzinfo=UTC)


@given(st.lists(KEYED, min_size=1, max_size=4))
def test_a_join_has_every_key_once_in_order_with_all_of_every_stream(
    streams: list[list[tuple[str, int]]],
) -> None:
    ordered = [sorted(stream) for stream in streams]
    rows = [[(key, {"n": n}) for key, n in stream] for stream in ordered]
    found = {key: [[each["n"] for each in part] for part in parts] for key, parts in joined(*rows)}
    expected: dict[str, list[list[int]]] = defaultdict(lambda: [[] for _ in streams])
    for number, stream in enumerate(ordered):
        for key, value in stream:
            expected[key][number].append(value)
    assert found == dict(expected)
    assert list(found) == sorted(found)


def step(sequence: int, total: int, *, came: str = "", left: str = "", pre: int = 0) -> Entry:
    rows = [{"participant_id": each, "present": True} for each in came]
    rows += [{"participant_id": each, "present": False} for each in left]
    scores = dict.fromkeys(SCORES, 0) | {"pre_n": bool(pre), "pre_sum": pre}
    data: dict[str, Any] = {"rows": rows, "present_total": total, "scores": scores}
    kind = EventKind("attendance.recorded")
    return Entry(f"event-{sequence}", kind, "s", sequence, NOW, NOW, data, "", None)


def test_steps_played_end_with_who_is_present_and_with_the_sums() -> None:
    replay = Replay()
    assert replay.take(step(1, 3, came="abc", pre=40)) is None
    assert replay.take(step(2, 3, came="d", left="b", pre=10)) is None
    assert (replay.present, replay.sequence) == ({"a", "c", "d"}, 2)
    assert replay.scores[:2] == [2, 50]


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (step(2, 3, came="ad"), "brings people who are on it already: a"),
        (step(2, 2, left="d"), "takes off people who are not on it: d"),
        (step(2, 9, came="d"), "says that 9 are present since; by the steps it is 3"),
    ],
)
def test_a_step_that_does_not_follow_is_told(second: Entry, said: str) -> None:
    replay = Replay()
    replay.take(step(1, 2, came="ab"))
    assert replay.take(second) == said


@given(st.sets(st.text(max_size=3)), st.randoms())
def test_a_checksum_is_of_the_set_and_not_of_its_order(things: set[str], chance: Any) -> None:
    shuffled = list(things)
    chance.shuffle(shuffled)
    one, other, less = Checksum(), Checksum(), Checksum()
    for each in sorted(things):
        one.add(each)
    for each in shuffled:
        other.add(each)
    for each in shuffled[1:]:
        less.add(each)
    assert str(one) == str(other)
    assert (str(less) == str(one)) is not bool(things)


def test_a_clock_ahead_is_as_close_as_one_behind() -> None:
    clock = AuditClock(NOW, timedelta(seconds=5))
    assert clock.fresh(NOW - timedelta(seconds=4))
    assert clock.fresh(NOW + timedelta(seconds=4))
    assert not clock.fresh(NOW + timedelta(hours=1)), "no clock hides a loss for an hour"
    assert not AuditClock(NOW, timedelta(0)).fresh(NOW)
