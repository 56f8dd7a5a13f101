"""Whatever happens to sheets, at once or in turn: their events add up to what is stored."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.services.activities.activities_world import World, codes, statuses
from tests.integration.services.activities.sheets_world import moved, people, replayed, stored
from tests.world.items import present


def test_concurrent_twins_have_one_effect(world: World) -> None:
    session = world.held()
    sheet = {"session_id": session, "rows": present(*people(100))}
    ready = threading.Barrier(4)

    def send(_: int) -> list[str]:
        ready.wait(timeout=10)
        return statuses(world.record(sheet))

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))

    assert sorted(answers) == [["CREATED"] * 100] + [["UNCHANGED"] * 100] * 3
    assert replayed(world, session) == stored(world, session)


def test_concurrent_pushes_to_one_sheet_lose_nobody(world: World) -> None:
    session, who = world.held(), people(80)
    with ThreadPoolExecutor(4) as pool:
        parts = [who[i::8] for i in range(8)]
        answers = pool.map(
            lambda part: world.record({"session_id": session, "rows": present(*part)}), parts
        )
        assert {status for answer in answers for status in statuses(answer)} == {"CREATED"}
    assert stored(world, session)[0] == set(who)
    assert replayed(world, session) == stored(world, session)


def test_a_push_concurrent_to_a_withdrawal_is_before_it_or_refused(world: World) -> None:
    for _ in range(5):
        session, who = world.held(), people(20)
        ready = threading.Barrier(2)

        def withdraw(session: str = session, ready: threading.Barrier = ready) -> None:
            ready.wait(timeout=10)
            world.withdraw(session)

        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(withdraw)
            ready.wait(timeout=10)
            receipts = world.record({"session_id": session, "rows": present(*who)})
            done.result()

        kept = set(who) if statuses(receipts) == ["CREATED"] * 20 else set()
        assert kept or codes(receipts) == ["WITHDRAWN"] * 20
        assert stored(world, session)[0] == replayed(world, session)[0] == kept
        assert world.sheet(session)["sheet"]["state"] == "withdrawn"


SCORE = st.one_of(
    st.none(), st.integers(0, 100), st.decimals(0, 100, places=2, allow_nan=False).map(float)
)
STATUS = st.sampled_from([None, "present", "absent", "removed"])
ROW = st.tuples(st.integers(0, 3), STATUS, SCORE, SCORE)
STEP = st.one_of(
    st.tuples(st.just("record"), st.integers(0, 1), st.lists(ROW, max_size=5)),
    st.tuples(st.just("move"), st.integers(0, 1), st.lists(st.integers(0, 3), max_size=3)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, max_size=8))
def test_replaying_the_events_gives_the_stored_sheets(world: World, steps: list[Any]) -> None:
    sessions, who = [world.held(), world.held()], people(4)
    for what, where, arguments in steps:
        if what == "move":
            chosen = [who[number] for number in arguments]
            moved(world, sessions[where], sessions[1 - where], chosen)
        else:
            rows = [
                {"participant_id": who[n], "status": status, "pre_score": pre, "post_score": post}
                for n, status, pre, post in arguments
            ]
            world.record({"session_id": sessions[where], "rows": rows})
    for session in sessions:
        here, scores = replayed(world, session)
        now, sums = stored(world, session)
        assert here == now
        assert {name: scores.get(name, 0) for name in sums} == sums
