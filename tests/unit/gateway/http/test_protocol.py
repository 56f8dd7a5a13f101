"""What a connection may cost before a key was shown on it, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from gateway.http import protocol
from gateway.http.protocol import MAX_HEAD_BYTES, BoundedConnection

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
REQUEST = b"GET / HTTP/1.1\r\nhost: hub\r\n\r\n"


async def _ok(scope: Scope, _: Receive, send: Send) -> None:
    """Answers without reading the body, with how many headers there were."""
    body = str(len(scope["headers"])).encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = uvicorn.Config(
        _ok, http=BoundedConnection, port=0, lifespan="off", ws="none", log_config=None
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(5):
        while not server.started:
            await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def opened(port: int, first: bytes) -> Connection:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(first)
    return reader, writer


async def answer(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        return (await reader.readuntil(b"\r\n\r\n")) + await reader.read(1)


@pytest.mark.parametrize("line", [b"x-%d: " + b"a" * 1000 + b"\r\n", b"%d" + b"a" * 1000])
async def test_a_head_without_end_is_refused(port: int, line: bytes) -> None:
    reader, writer = await opened(port, b"GET / HTTP/1.1\r\nx: y\r\nz")
    for number in range(MAX_HEAD_BYTES // 1000 + 1):
        writer.write(line % number)
        await writer.drain()
    assert (await answer(reader)).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HTTP/1.1\r\nx-half: ",
        REQUEST + b"GET / HTTP/1.1\r\nx-half: ",
        b"POST / HTTP/1.1\r\ncontent-length: 100\r\n\r\nhalf",
    ],
    ids=["nothing", "half a head", "half a second head", "half of a body answered early"],
)
async def test_a_client_that_does_not_end_what_it_began_is_hung_up_on(
    port: int, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.2)
    reader, writer = await opened(port, begun)

    async def drip() -> None:
        while begun:
            await asyncio.sleep(0.05)
            writer.write(b"a")

    dripping = asyncio.create_task(drip())
    try:
        async with asyncio.timeout(3):  # keep-alive alone would end it after 5 s
            while await _more(reader):
                pass
    finally:
        dripping.cancel()


async def _more(reader: asyncio.StreamReader) -> bool:
    try:
        return bool(await reader.read(1000))
    except ConnectionResetError:
        return False


async def test_requests_one_after_another_are_answered_however_long_the_connection_lasts(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.1)
    reader, writer = await opened(port, REQUEST)
    for _ in range(4):
        assert (await answer(reader)).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.15)
        writer.write(REQUEST)
    assert (await answer(reader)).startswith(b"HTTP/1.1 200")
    writer.close()
