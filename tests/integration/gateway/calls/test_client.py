"""The RPC client against a real broker, and the fake that stands in for it elsewhere: both keep one
contract."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import aio_pika
import orjson
import pytest
from yarl import URL

from gateway.calls.client import Limits, RpcClient
from gateway.calls.context import Calls
from shared.errors import HubError, Internal, Refused, TimedOut, Unavailable
from shared.host.rpc import error_document
from shared.topology import REPLIES, RPC_EXCHANGE
from tests.gateway_fakes import FakeServices

Handler = Callable[[Mapping[str, Any]], Awaitable[Any]]


async def echo(request: Mapping[str, Any]) -> Any:
    return request


async def refuse(_: Mapping[str, Any]) -> Any:
    raise Refused("TOO_MANY_ITEMS", limit=500, count=501)


async def hang(_: Mapping[str, Any]) -> Any:
    await asyncio.sleep(3600)


METHODS: Mapping[str, Handler] = {"echo.echo": echo, "echo.refuse": refuse, "echo.hang": hang}


class Responder:
    """A service of a few methods, on the wire as `shared.host.rpc` states it."""

    def __init__(self, amqp_uri: str, *, queue_arguments: Mapping[str, Any] | None = None) -> None:
        self._uri = amqp_uri
        self._arguments = dict(queue_arguments or {})

    async def __aenter__(self) -> Responder:
        self._connection = await aio_pika.connect(self._uri)
        channel = await self._connection.channel(publisher_confirms=False)
        calls = await channel.declare_exchange(RPC_EXCHANGE, "topic", durable=True)
        self._replies = await channel.declare_exchange(REPLIES, "direct", durable=True)
        self.queue = await channel.declare_queue(
            "rpc-echo", durable=True, arguments=self._arguments
        )
        await self.queue.bind(calls, "echo.*")
        if not self._arguments:
            await self.queue.consume(self._answer, no_ack=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.queue.delete(if_unused=False, if_empty=False)
        await self._connection.close()

    async def _answer(self, message: aio_pika.abc.AbstractIncomingMessage) -> None:
        [request] = orjson.loads(message.body)["args"]
        answer: dict[str, Any] = {"result": None, "error": None}
        try:
            method = METHODS.get(message.routing_key or "")
            if method is None:
                raise Internal
            answer["result"] = await method(request)
        except HubError as error:
            answer["error"] = error_document(error)
        await self._replies.publish(
            aio_pika.Message(orjson.dumps(answer), correlation_id=message.correlation_id),
            message.reply_to or "",
        )


async def connected(client: RpcClient, deadline_s: float = 10) -> RpcClient:
    async with asyncio.timeout(deadline_s):
        while not client.connected:
            await asyncio.sleep(0.01)
    return client


@pytest.fixture
async def client(amqp_uri: str) -> AsyncIterator[RpcClient]:
    made = RpcClient(amqp_uri)
    await made.start()
    yield await connected(made)
    await made.stop()


@pytest.fixture(params=["real", "fake"])
async def calls(request: pytest.FixtureRequest, amqp_uri: str) -> AsyncIterator[Calls]:
    if request.param == "fake":
        yield FakeServices(METHODS)
        return
    made = RpcClient(amqp_uri)
    await made.start()
    async with Responder(amqp_uri):
        yield await connected(made)
    await made.stop()


async def test_a_call_is_answered_with_the_methods_result(calls: Calls) -> None:
    request = {"caller": {"role": "chapter"}, "text": "Kéniéba – São Tomé", "n": [1, 2.5, None]}
    assert await calls.call("echo", "echo", request) == request


async def test_calls_at_the_same_time_get_each_their_own_answer(calls: Calls) -> None:
    answers = await asyncio.gather(*(calls.call("echo", "echo", {"n": n}) for n in range(100)))
    assert [each["n"] for each in answers] == list(range(100))


async def test_a_large_call_and_its_answer_arrive_whole(calls: Calls) -> None:
    request = {"rows": [{"name": "x" * 400, "n": n} for n in range(2_000)]}
    assert await calls.call("echo", "echo", request) == request


async def test_the_services_error_is_raised_with_its_code(calls: Calls) -> None:
    with pytest.raises(Refused) as refused:
        await calls.call("echo", "refuse", {})
    assert refused.value.code == "TOO_MANY_ITEMS"
    assert refused.value.params == {"limit": 500, "count": 501}


async def test_an_unknown_method_is_a_fault_of_ours(calls: Calls) -> None:
    with pytest.raises(Internal):
        await calls.call("echo", "nonsense", {})


async def test_a_service_that_never_ran_is_known_at_once(calls: Calls) -> None:
    started = time.monotonic()
    with pytest.raises(Unavailable):
        await calls.call("nowhere", "echo", {})
    assert time.monotonic() - started < 2


async def test_no_answer_in_time_is_said_in_time(calls: Calls) -> None:
    started = time.monotonic()
    with pytest.raises(TimedOut):
        await calls.call("echo", "hang", {}, timeout_s=0.2)
    assert time.monotonic() - started < 1.5


async def test_a_full_queue_is_known_at_once_and_is_retryable(
    client: RpcClient, amqp_uri: str
) -> None:
    full = {"x-max-length": 1, "x-overflow": "reject-publish"}
    async with Responder(amqp_uri, queue_arguments=full) as idle:
        waiting = asyncio.create_task(client.call("echo", "echo", {}, timeout_s=5))
        async with asyncio.timeout(5):
            while (await idle.queue.declare()).message_count == 0:
                await asyncio.sleep(0.01)
        with pytest.raises(Unavailable, match="OVERLOADED"):
            await client.call("echo", "echo", {}, timeout_s=5)
        waiting.cancel()


async def test_a_call_that_nobody_took_in_time_is_not_done_later(
    client: RpcClient, amqp_uri: str
) -> None:
    async with Responder(amqp_uri, queue_arguments={"x-max-length": 10}) as idle:
        with pytest.raises(TimedOut):
            await client.call("echo", "echo", {}, timeout_s=0.2)
        async with asyncio.timeout(5):
            while await idle.queue.get(fail=False, no_ack=True) is not None:
                pytest.fail("the call still waits to be done for nobody")


async def test_too_many_calls_to_one_service_are_refused_and_another_is_not_held_up(
    amqp_uri: str,
) -> None:
    client = RpcClient(amqp_uri, Limits(in_flight=5))
    await client.start()
    await connected(client)
    async with Responder(amqp_uri):
        hanging = [asyncio.create_task(client.call("echo", "hang", {}, 5)) for _ in range(5)]
        await asyncio.sleep(0.05)
        with pytest.raises(Unavailable, match="OVERLOADED"):
            await client.call("echo", "echo", {})
        with pytest.raises(Unavailable, match="UNAVAILABLE"):
            await client.call("nowhere", "echo", {})
        for each in hanging:
            each.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        assert await client.call("echo", "echo", {"n": 1}) == {"n": 1}
    await client.stop()


class Proxy:
    """Passes bytes on to the broker, until it is told to cut."""

    def __init__(self, amqp_uri: str) -> None:
        target = URL(amqp_uri)
        self._host, self._port = str(target.host), int(target.port or 5672)
        self._writers: set[asyncio.StreamWriter] = set()
        self._target = target
        self.frozen = asyncio.Event()

    async def open(self, port: int = 0) -> str:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]
        return str(self._target.with_host("127.0.0.1").with_port(self.port))

    async def cut(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._host, self._port)
        self._writers |= {writer, back}
        await asyncio.gather(
            self._pass(reader, back), self._pass(there, writer), return_exceptions=True
        )

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            if self.frozen.is_set():
                await asyncio.sleep(3600)
            target.write(data)
            await target.drain()
        target.close()


async def test_without_a_broker_calls_end_within_two_seconds_and_go_on_by_themselves_after(
    amqp_uri: str,
) -> None:
    proxy = Proxy(amqp_uri)
    client = RpcClient(await proxy.open())
    await client.start()
    async with Responder(amqp_uri):
        await connected(client)
        hanging = asyncio.create_task(client.call("echo", "hang", {}))
        await asyncio.sleep(0.05)
        await proxy.cut()
        started = time.monotonic()
        with pytest.raises(Unavailable):
            await hanging
        with pytest.raises(Unavailable):
            await client.call("echo", "echo", {})
        assert time.monotonic() - started < 2
        await proxy.open(proxy.port)
        await connected(client, 5)
        assert await client.call("echo", "echo", {"n": 2}) == {"n": 2}
    await client.stop()
    await proxy.cut()


async def test_a_broker_that_takes_nothing_more_is_known_within_two_seconds(amqp_uri: str) -> None:
    proxy = Proxy(amqp_uri)
    client = RpcClient(await proxy.open())
    await client.start()
    await connected(client)
    proxy.frozen.set()
    started = time.monotonic()
    with pytest.raises(Unavailable):
        await client.call("echo", "echo", {})
    assert time.monotonic() - started < 2
    await proxy.cut()
    await client.stop()
