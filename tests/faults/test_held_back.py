"""What the hub cannot take now it refuses in bounded time, and says so; nothing piles up inside."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.e2e.client import PUSH, REPORT
from tests.faults.cluster import Hub
from tests.faults.ledger import Ledger
from tests.faults.world import World
from tests.stack import wait_for

pytestmark = pytest.mark.usefixtures("whole")

REFUSED_WITHIN_S = 2.0
BOUND = 256  # requests at once, in the gateway
# A call may take 10 s and a request 20 s; the rest is for a busy machine.
BOUNDED_S = 25.0


@pytest.fixture
def hung_activities(hub: Hub, whole: None) -> Iterator[None]:
    """Both replicas of activities hang; they go on when the test ends, if they did not before."""
    for each in hub.replicas("activities"):
        each.signal(signal.SIGSTOP)
    yield
    go_on(hub)


def go_on(hub: Hub) -> None:
    for each in hub.replicas("activities"):
        each.signal(signal.SIGCONT)


def refusal(response: httpx.Response) -> str:
    """The code of a 503, which must be retryable and say when to come back."""
    assert response.status_code == 503, response.text
    assert int(response.headers["retry-after"]) > 0
    (error,) = response.json()["errors"]
    assert error["extensions"]["retryable"] is True
    code: str = error["extensions"]["code"]
    return code


def test_without_the_broker_pushes_are_refused_and_what_was_accepted_waits(
    hub: Hub, world: World
) -> None:
    chapter = world.chapters[0]
    with hub.client() as client:
        leases, outbox = client.activities.leases, client.activities.outbox
        never = datetime.now(UTC) + timedelta(days=1)
        leases.update_one({"_id": "relay"}, {"$set": {"holder": "the test", "until": never}})
        wait_for(lambda: _held_up(world, outbox), 20)  # whoever held the lease has let go of it

        (node,) = hub.broker.nodes
        node.kill()
        leases.update_one({"_id": "relay"}, {"$set": {"until": datetime.fromtimestamp(0, UTC)}})
        items, made = chapter._new_activities(1)
        for _ in range(3):
            began = time.monotonic()
            response = chapter.post(PUSH, {"input": {"activities": items}})
            assert time.monotonic() - began < REFUSED_WITHIN_S
            assert refusal(response) == "UNAVAILABLE"
        waiting = outbox.count_documents({"published_at": None})
        assert waiting > 0

        hub.broker.restart([node])
        back = time.monotonic()
        chapter.say(PUSH, {"input": {"activities": items}}, made)
        accepted_after_s = time.monotonic() - back
        wait_for(lambda: outbox.count_documents({"published_at": None}) == 0, 30)
        published_after_s = time.monotonic() - back
    assert accepted_after_s < 20
    print(
        f"accepted {accepted_after_s:.1f} s, published {published_after_s:.1f} s after it is back"
    )
    found = world.account()
    assert not found.wrong, found


def _held_up(world: World, outbox: Any) -> bool:
    """Push once more; whether an accepted push stays unpublished for a while."""
    world.chapters[0].hold()
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        if not outbox.count_documents({"published_at": None}):
            return False
        time.sleep(0.1)
    return True


@pytest.mark.usefixtures("hung_activities")
def test_a_service_that_hangs_is_told_in_bounded_time_and_the_others_go_on(
    hub: Hub, world: World
) -> None:
    chapter = world.chapters[0]
    items, made = chapter._new_activities(1)
    began = time.monotonic()
    response = chapter.post(PUSH, {"input": {"activities": items}})
    assert time.monotonic() - began < BOUNDED_S
    assert refusal(response) in ("TIMED_OUT", "UNAVAILABLE")
    report = chapter.post(REPORT, {"filter": {}, "by": []})
    assert report.status_code == 200
    assert not report.json().get("errors")

    go_on(hub)
    chapter.say(PUSH, {"input": {"activities": items}}, made)  # the same ids: once in effect
    found = world.account()
    assert not found.wrong, found


@pytest.mark.usefixtures("hung_activities")
def test_more_clients_than_the_gateway_takes_are_turned_away_at_once(
    hub: Hub, world: World
) -> None:
    chapter = world.chapters[0]
    pushes = [chapter._new_activities(1) for _ in range(BOUND + 60)]
    answers = asyncio.run(_all_at_once(chapter.headers, hub.url, [items for items, _ in pushes]))
    go_on(hub)
    everything, made = [], Ledger()
    for items, one in pushes:
        everything += items
        made.add(one)
    chapter.say(PUSH, {"input": {"activities": everything}}, made)

    turned_away = [took for response, took in answers if refusal(response) == "OVERLOADED"]
    waited = [took for response, took in answers if refusal(response) != "OVERLOADED"]
    assert 60 <= len(turned_away) < len(pushes)
    assert sorted(turned_away)[59] < min(waited)  # the calls of those within the bound time out
    assert max(waited) < BOUNDED_S
    found = world.account()
    assert not found.wrong, found


async def _all_at_once(
    headers: dict[str, str], url: str, wanted: list[list[dict[str, Any]]]
) -> list[tuple[httpx.Response, float]]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=url, headers=headers, timeout=60, limits=limits, trust_env=False
    ) as http:

        async def push(items: list[dict[str, Any]]) -> tuple[httpx.Response, float]:
            began = time.monotonic()
            variables = {"input": {"activities": items}}
            response = await http.post("/graphql", json={"query": PUSH, "variables": variables})
            return response, time.monotonic() - began

        return await asyncio.gather(*map(push, wanted))
