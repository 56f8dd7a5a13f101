"""Sends prepared requests over many HTTP connections and takes the time of each answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

TIMEOUT_S = 60


@dataclass(slots=True)
class Load:
    """What came of sending: seconds each answer took, and the span from first to last."""

    answers: int = 0
    took_s: list[float] = field(default_factory=list)
    span_s: float = 0.0

    def percentile_ms(self, percent: float) -> float:
        ordered = sorted(self.took_s)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000


def body(document: str, **variables: Any) -> bytes:
    return orjson.dumps({"query": document, "variables": variables})


async def ask(session: aiohttp.ClientSession, payload: bytes) -> dict[str, Any]:
    """One answer's `data`. Raises RuntimeError on anything but a clean answer."""
    async with session.post("/graphql", data=payload) as response:
        answer = orjson.loads(await response.read())
    if answer.get("errors"):
        raise RuntimeError(str(answer["errors"])[:500])
    data: dict[str, Any] = answer["data"]
    return data


def session(url: str, key: str, connections: int) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        url,
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        connector=aiohttp.TCPConnector(limit=connections),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
    )


async def send(
    http: aiohttp.ClientSession, payloads: Sequence[bytes], connections: int, rejected_at: str
) -> Load:
    """Send every payload, `connections` at a time; an answer with a rejected row is an error.

    `rejected_at` is the dotted path of the answer's count of rejected rows.
    """
    load = Load()
    remaining: Iterator[bytes] = iter(payloads)

    async def worker() -> None:
        for payload in remaining:
            began = time.perf_counter()
            data: Any = await ask(http, payload)
            load.took_s.append(time.perf_counter() - began)
            for part in rejected_at.split("."):
                data = data[part]
            if data:
                raise RuntimeError(f"{data} rows were rejected")
            load.answers += 1

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(connections)))
    load.span_s = time.perf_counter() - began
    return load
