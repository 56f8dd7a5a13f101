"""A TCP proxy: in front of the gateway it cuts connections, in front of the broker it balances.

One thread with an event loop serves all proxies of a test.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

CHUNK = 65_536


class Loop:
    """The thread; it dies with the test's process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="proxies", daemon=True).start()

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def call(self, function: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(function)


class Proxy:
    """Each connection goes to the next of `targets` (ports on loopback) that accepts it."""

    def __init__(self, loop: Loop, targets: Callable[[], Sequence[int]]) -> None:
        self._loop = loop
        self._targets = targets
        self._turn = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._cuts = 0
        self.cut = 0  # how many answers were cut
        self._server = loop.run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def cut_answers(self, count: int) -> None:
        """Cut the next `count` answers in the middle of their first packet."""
        self._cuts = count

    def drop_all(self) -> None:
        """Cut every connection now."""

        def drop() -> None:
            for writer in self._open:
                writer.transport.abort()

        self._loop.call(drop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = await self._connect()
        if upstream is None:
            writer.transport.abort()
            return
        up_reader, up_writer = upstream
        self._open |= {writer, up_writer}
        try:
            await asyncio.gather(
                self._pump(reader, up_writer, answers=False),
                self._pump(up_reader, writer, answers=True),
            )
        finally:
            self._open -= {writer, up_writer}

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        targets = list(self._targets())
        for _ in targets:
            self._turn += 1
            try:
                return await asyncio.open_connection(
                    "127.0.0.1", targets[self._turn % len(targets)]
                )
            except OSError:
                continue
        return None

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        try:
            while chunk := await reader.read(CHUNK):
                if answers and self._cuts > 0:
                    self._cuts -= 1
                    self.cut += 1
                    writer.write(chunk[: len(chunk) // 2])
                    await writer.drain()
                    break
                writer.write(chunk)
                await writer.drain()
        except OSError:
            pass
        finally:
            for end in (writer, reader._transport):  # type: ignore[attr-defined]
                end.close()
