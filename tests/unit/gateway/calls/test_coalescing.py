"""Coalescing of writes: who goes together, who waits, and that each gets what is theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.calls.coalescing import Coalescer
from shared.errors import Internal, TimedOut, Unavailable
from tests.gateway_fakes import FakeServices, accept

PUSH = ("a", "push", "thing")


def push(*ids: str) -> dict[str, Any]:
    return {"mode": "per_item", "items": [{"id": each} for each in ids]}


def ids(receipts: list[dict[str, Any]]) -> list[str]:
    return [receipt["id"] for receipt in receipts]


def pushed(services: FakeServices) -> list[int]:
    """How many pushes each call carried."""
    return [len(request["pushes"]) for _, request in services.calls]


class Gate:
    """A push method that answers once it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self._answer = accept()

    async def __call__(self, request: Mapping[str, Any]) -> Any:
        await self.open.wait()
        return self._answer(request)


async def test_a_lone_push_does_not_wait_for_company() -> None:
    services = FakeServices({"a.push": accept()})
    writer = Coalescer(services, linger_s=30.0)
    async with asyncio.timeout(1):
        assert ids(await writer.push(*PUSH, push("1", "2"), 2)) == ["1", "2"]


async def test_pushes_that_come_together_go_in_one_call_and_each_gets_its_own_receipts() -> None:
    services = FakeServices({"a.push": accept()})
    writer = Coalescer(services)
    answers = await asyncio.gather(
        *(writer.push(*PUSH, push(f"{n}a", f"{n}b"), 2) for n in range(40))
    )
    assert [ids(each) for each in answers] == [[f"{n}a", f"{n}b"] for n in range(40)]
    assert pushed(services) == [40]


async def test_while_a_call_is_under_way_the_others_gather() -> None:
    gate = Gate()
    services = FakeServices({"a.push": gate})
    writer = Coalescer(services, linger_s=0.01)
    first = asyncio.create_task(writer.push(*PUSH, push("first"), 1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    rest = [asyncio.create_task(writer.push(*PUSH, push(str(n)), 1)) for n in range(9)]
    async with asyncio.timeout(2):
        while len(services.calls) < 2:
            await asyncio.sleep(0.001)
        gate.open.set()
        await asyncio.gather(first, *rest)
    assert pushed(services) == [1, 9]


async def test_no_call_carries_more_than_500_items_and_no_push_is_torn() -> None:
    services = FakeServices({"a.push": accept()})
    writer = Coalescer(services)
    sizes = [300, 250, 249, 1, 500, 500, 1]
    await asyncio.gather(
        *(writer.push(*PUSH, push(*(f"{n}" for n in range(size))), size) for size in sizes)
    )
    carried = [
        sum(len(each["items"]) for each in request["pushes"]) for _, request in services.calls
    ]
    assert max(carried) <= 500
    assert sum(carried) == sum(sizes)


async def test_never_more_calls_are_under_way_than_lanes() -> None:
    under_way = most = 0

    async def slow(request: Mapping[str, Any]) -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.005)
        under_way -= 1
        return accept()(request)

    writer = Coalescer(FakeServices({"a.push": slow}), in_flight=2)
    await asyncio.gather(*(writer.push(*PUSH, push(str(n)), 400) for n in range(10)))
    assert most == 2


async def test_what_fails_fails_for_everybody_it_carried_and_for_nobody_else() -> None:
    def fail(_: Mapping[str, Any]) -> Any:
        raise TimedOut(service="a")

    services = FakeServices({"a.push": fail})
    writer = Coalescer(services)
    answers = await asyncio.gather(
        *(writer.push(*PUSH, push(str(n)), 1) for n in range(3)),
        return_exceptions=True,
    )
    assert [type(each) for each in answers] == [TimedOut] * 3
    services.methods["a.push"] = accept()
    assert ids(await writer.push(*PUSH, push("later"), 1)) == ["later"]


async def test_an_answer_of_another_shape_leaves_nobody_waiting() -> None:
    writer = Coalescer(FakeServices({"a.push": lambda _: {"pushes": []}}))
    async with asyncio.timeout(1):
        with pytest.raises(Internal):
            await writer.push(*PUSH, push("1"), 1)


async def test_a_backlog_beyond_the_bound_is_refused_at_once_as_retryable() -> None:
    gate = Gate()
    writer = Coalescer(FakeServices({"a.push": gate}), in_flight=1, max_waiting=10)
    first = asyncio.create_task(writer.push(*PUSH, push("first"), 1))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(writer.push(*PUSH, push("second"), 10))
    await asyncio.sleep(0.01)
    with pytest.raises(Unavailable) as refused:
        await writer.push(*PUSH, push("third"), 1)
    assert refused.value.code == "OVERLOADED"
    gate.open.set()
    assert ids(await first) == ["first"]
    assert ids(await second) == ["second"]


async def test_a_caller_that_leaves_takes_nobody_along() -> None:
    gate = Gate()
    services = FakeServices({"a.push": gate})
    writer = Coalescer(services)
    leaving, staying = (
        asyncio.create_task(writer.push(*PUSH, push(name), 1)) for name in ("l", "s")
    )
    await asyncio.sleep(0.01)
    leaving.cancel()
    gate.open.set()
    assert ids(await staying) == ["s"]


async def test_a_final_error_is_told_to_the_push_whose_fault_it_is_and_to_no_other() -> None:
    """Nothing was written of a call that failed: the neighbours go again without the culprit."""
    asked: list[int] = []

    class Poisoned:
        async def call(
            self, service: str, method: str, request: Mapping[str, Any], timeout_s: Any = None
        ) -> Any:
            asked.append(len(request["pushes"]))
            await asyncio.sleep(0)
            if any(each["items"] == ["poison"] for each in request["pushes"]):
                raise Internal
            return {"pushes": [{"receipts": each["items"]} for each in request["pushes"]]}

    writer = Coalescer(Poisoned(), in_flight=1)
    pushes = [{"items": [f"good {n}"]} for n in range(9)]
    pushes.insert(4, {"items": ["poison"]})
    told = await asyncio.gather(
        *(writer.push("activities", "push", "activity", each, 1) for each in pushes),
        return_exceptions=True,
    )
    assert [type(each) for each in told].count(Internal) == 1
    assert isinstance(told[4], Internal)
    good: list[Any] = [each for each in told if isinstance(each, list)]
    assert good == [[f"good {n}"] for n in range(9)]
    assert max(asked) > 1
