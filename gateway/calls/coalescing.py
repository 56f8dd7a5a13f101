"""Owns the coalescing of writes: pushes that come at the same time go in one call together.

A call costs a service one transaction whether it carries one row or 500. So a lone push goes at
once, and while it is under way the next ones gather: many small pushes become as cheap as a large
one. Every push keeps its own caller, mode and receipts; what fails, fails for each it carried.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway import telemetry
from gateway.calls.context import Calls
from shared.errors import HubError, Internal, Unavailable
from shared.records.pushes import MAX_ITEMS

Receipts = list[dict[str, Any]]

# A second call goes out beside the first for a full load only, or if the first takes this long:
# with 3 ms, many small pushes were stored 1.5 times slower, each in a smaller company.
LINGER_S: Final = 0.05
IN_FLIGHT: Final = 2  # per method: one load in the service's hands, the next already on its way
MAX_WAITING: Final = 20_000  # items per method, about two seconds of work; beyond, say so at once


class Coalescer:
    """Sends pushes, together where they coincide."""

    def __init__(
        self,
        calls: Calls,
        *,
        linger_s: float = LINGER_S,
        in_flight: int = IN_FLIGHT,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._calls = calls
        self._bounds = linger_s, in_flight, max_waiting
        self._gatherings: dict[tuple[str, str, str], _Gathering] = {}

    async def push(
        self, service: str, method: str, kind: str, push: Mapping[str, Any], weight: int
    ) -> Receipts:
        """The push's own receipts, in order.

        Args: kind: the record type of its items; a call carries those of one. weight: what it
            counts against the 500 items of a call.
        Raises: HubError as the call did; Unavailable OVERLOADED (retryable): too much is waiting.
        """
        key = service, method, kind
        if key not in self._gatherings:
            self._gatherings[key] = _Gathering(self._calls, *key, *self._bounds)
        return await self._gatherings[key].add(push, weight)


@dataclass(frozen=True, slots=True)
class _Waiting:
    push: Mapping[str, Any]
    weight: int
    receipts: asyncio.Future[Receipts]


class _Gathering:
    """The pushes to one method, of one kind."""

    def __init__(
        self,
        calls: Calls,
        service: str,
        method: str,
        kind: str,
        linger_s: float,
        in_flight: int,
        max_waiting: int,
    ) -> None:
        self._calls = calls
        self._service, self._method, self._kind = service, method, kind
        self._linger_s, self._in_flight, self._max_waiting = linger_s, in_flight, max_waiting
        self._queue: deque[_Waiting] = deque()
        self._weight = 0
        self._timer: asyncio.TimerHandle | None = None
        self._sending: set[asyncio.Task[None]] = set()

    async def add(self, push: Mapping[str, Any], weight: int) -> Receipts:
        if self._weight + weight > self._max_waiting:
            raise Unavailable("OVERLOADED")
        waiting = _Waiting(push, weight, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._weight += weight
        self._plan()
        return await waiting.receipts

    def _plan(self) -> None:
        """Send now what need not wait, and see to it that the rest is sent in time."""
        while self._queue and len(self._sending) < self._in_flight:
            if self._sending and self._weight < MAX_ITEMS:
                if self._timer is None:
                    loop = asyncio.get_running_loop()
                    self._timer = loop.call_later(self._linger_s, self._lingered)
                return
            self._send()

    def _lingered(self) -> None:
        self._timer = None
        if self._queue and len(self._sending) < self._in_flight:
            self._send()
        self._plan()

    def _send(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        task = asyncio.create_task(self._call())
        self._sending.add(task)
        task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._plan()

    def _take(self) -> list[_Waiting]:
        """The first pushes that make up one call: one at least, if any is left."""
        batch: list[_Waiting] = []
        weight = 0
        while self._queue and (not batch or weight + self._queue[0].weight <= MAX_ITEMS):
            batch.append(self._queue.popleft())
            weight += batch[-1].weight
        self._weight -= weight
        return batch

    async def _call(self) -> None:
        batch = self._take()  # only now: with what else came in the same turn of the loop
        if not batch:
            return
        telemetry.coalesced(self._method, len(batch))
        await self._deliver(batch)

    async def _deliver(self, batch: list[_Waiting]) -> None:
        """Call with these pushes, and give each its receipts or the error.

        A final error is the fault of one of them: nothing was written, so each half is called with
        by itself, and the neighbours are stored.
        """
        request = {"kind": self._kind, "pushes": [waiting.push for waiting in batch]}
        try:
            answer = await self._calls.call(self._service, self._method, request)
            receipts = [each["receipts"] for each in answer["pushes"]]
            if len(receipts) != len(batch):
                raise Internal
        except HubError as error:
            if len(batch) == 1 or error.retryable:
                self._fail(batch, error)
                return
            half = len(batch) // 2
            await self._deliver(batch[:half])
            await self._deliver(batch[half:])
        except BaseException:  # whatever it is, nobody may be left waiting for it
            self._fail(batch, Internal())
            raise
        else:
            for waiting, each in zip(batch, receipts, strict=True):
                if not waiting.receipts.done():  # its caller may have gone
                    waiting.receipts.set_result(each)

    @staticmethod
    def _fail(batch: list[_Waiting], error: HubError) -> None:
        for waiting in batch:
            if not waiting.receipts.done():
                # One exception object per caller: each adds its own frames to the traceback.
                waiting.receipts.set_exception(type(error)(error.code, **error.params))
