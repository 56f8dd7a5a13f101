"""Owns the way to the services: nameko's RPC protocol over AMQP 0-9-1, for asyncio.

A call is published to the topic exchange `nameko-rpc` under `<service>.<method>` with the body
`{"args": [request], "kwargs": {}}`; the answer `{"result", "error"}` comes through the exchange
`rpc.replies` to this process's own exclusive queue under its `correlation_id`. The wire format is
stated in `shared.host.rpc`.

Every call ends in bounded time: with the method's result, with the service's own error, or with
`Unavailable` or `TimedOut`.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import aio_pika
import orjson
from aio_pika.abc import AbstractIncomingMessage, DeliveryMode, ExchangeType
from aio_pika.exceptions import AMQPException, DeliveryError, PublishError

from gateway import telemetry
from shared.errors import BY_NAME, HubError, Internal, TimedOut, Unavailable
from shared.topology import REPLIES, RPC_EXCHANGE

_LOST: Final = (AMQPException, OSError, RuntimeError, asyncio.TimeoutError)
"""What aio-pika raises when a connection is lost, or does not come; RuntimeError: while closing."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much; seconds, and calls."""

    call_s: float = 10.0  # a transaction may take 5 s, twice
    broker_s: float = 1.5  # connecting, or taking a message: with the next below 2 s
    reconnect_wait_s: float = 0.4  # a call made just now may wait for a connection that long
    retry_s: float = 0.5  # between two attempts to connect
    in_flight: int = 256  # per service; beyond, waiting inside would hide that it cannot keep up
    heartbeat_s: int = 5  # a dead connection is noticed after three of these


@dataclass(frozen=True, slots=True)
class _Link:
    exchange: aio_pika.abc.AbstractExchange
    reply_to: str


class RpcClient:
    """Calls services' methods; keeps one connection, and gets it back by itself."""

    def __init__(self, amqp_uri: str, limits: Limits | None = None) -> None:
        self._uri = amqp_uri
        self._limits = limits or Limits()
        self._link: _Link | None = None
        self._linked = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[bytes]] = {}
        self._in_flight: Counter[str] = Counter()
        # A service learns its own calls' ids alone, so it cannot answer in another's name.
        self._secrets: defaultdict[str, str] = defaultdict(lambda: secrets.token_hex(16))
        self._numbers = itertools.count(1)
        self._keeper: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether calls can be sent now."""
        return self._link is not None

    async def start(self) -> None:
        """Begin to connect, and to reconnect whenever the connection is lost; does not wait."""
        self._keeper = asyncio.create_task(self._keep(), name="rpc-connection")

    async def stop(self) -> None:
        """Close the connection; calls still waiting end with Unavailable."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        self._fail_waiting()

    async def call(
        self,
        service: str,
        method: str,
        request: Mapping[str, Any],
        timeout_s: float | None = None,
    ) -> Any:
        """The method's result.

        Raises: the HubError that the service raised; Unavailable (retryable): no broker within 2 s,
            no such service at work, or too many calls under way; TimedOut (retryable): no answer in
            time, the outcome is unknown; Internal: an answer that is none.
        """
        started = time.perf_counter()
        outcome = "abandoned"  # by whoever called; any other end says its own
        try:
            body = await self._exchange(service, method, request, timeout_s or self._limits.call_s)
            result = _result(body, service, method)
            outcome = "ok"
            return result
        except HubError as error:
            outcome = error.code
            raise
        finally:
            telemetry.rpc(service, method, outcome, time.perf_counter() - started)

    async def _exchange(
        self, service: str, method: str, request: Mapping[str, Any], timeout_s: float
    ) -> bytes:
        if self._in_flight[service] >= self._limits.in_flight:
            raise Unavailable("OVERLOADED")
        link = self._link or await self._relinked()
        correlation_id = f"{self._secrets[service]}/{next(self._numbers)}"
        message = aio_pika.Message(
            orjson.dumps({"args": [request], "kwargs": {}}),
            content_type="application/json",
            content_encoding="utf-8",
            correlation_id=correlation_id,
            message_id=correlation_id,  # given, or aiormq would draw a random one: a system call
            reply_to=link.reply_to,
            expiration=timeout_s,  # nobody waits for the answer of a call that lay longer
            delivery_mode=DeliveryMode.NOT_PERSISTENT,
        )
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[correlation_id] = answer
        self._in_flight[service] += 1
        try:
            try:
                # Confirmed and mandatory: an unroutable call, or a broker that holds its publishers
                # back (alarms), is known now and not by the long timeout.
                await link.exchange.publish(
                    message, f"{service}.{method}", timeout=self._limits.broker_s
                )
            except PublishError as error:  # returned: that service never ran
                raise Unavailable(service=service) from error
            except DeliveryError as error:  # refused: its queue is full
                raise Unavailable("OVERLOADED", service=service) from error
            except _LOST as error:
                raise Unavailable from error
            except asyncio.CancelledError as error:
                if _we_are_cancelled():
                    raise
                raise Unavailable from error  # aiormq cancels what waits on a closing channel
            try:
                return await asyncio.wait_for(answer, timeout_s)
            except TimeoutError as error:
                raise TimedOut(service=service) from error
        finally:
            self._in_flight[service] -= 1
            del self._waiting[correlation_id]
            if answer.done() and not answer.cancelled():
                answer.exception()  # looked at, lest asyncio complains where nobody waits any more

    async def _relinked(self) -> _Link:
        try:
            await asyncio.wait_for(self._linked.wait(), self._limits.reconnect_wait_s)
        except TimeoutError as error:
            raise Unavailable from error
        if self._link is None:
            raise Unavailable
        return self._link

    async def _keep(self) -> None:
        """Hold a connection for as long as this process lives."""
        while True:
            try:
                async with self._connection() as closed:
                    log.info("broker connected")
                    await closed
            except asyncio.CancelledError:
                if _we_are_cancelled():
                    raise
                log.warning("broker connection cancelled")  # by aiormq, see `_exchange`
            except Exception as error:  # noqa: BLE001 - whatever it is, the connection must return
                log.warning("broker not reachable: %s", type(error).__name__)
            else:
                log.warning("broker connection lost")
            await asyncio.sleep(self._limits.retry_s)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncio.Future[None]]:
        """A connection with its channel and reply queue; yields a future, done once it is lost."""
        closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def lost(*_: Any) -> None:
            if not closed.done():
                closed.set_result(None)

        connection = await aio_pika.connect(
            self._uri, timeout=self._limits.broker_s, heartbeat=self._limits.heartbeat_s
        )
        try:
            async with asyncio.timeout(self._limits.broker_s):
                connection.close_callbacks.add(lost)
                channel = await connection.channel(on_return_raises=True)
                channel.close_callbacks.add(lost)
                exchange = await channel.declare_exchange(
                    RPC_EXCHANGE, ExchangeType.TOPIC, durable=True
                )
                replies = await channel.declare_exchange(REPLIES, ExchangeType.DIRECT, durable=True)
                reply_to = str(uuid4())
                queue = await channel.declare_queue(
                    f"rpc.reply-gateway-{reply_to}", exclusive=True, auto_delete=True
                )
                await queue.bind(replies, routing_key=reply_to)
                await queue.consume(self._answered, no_ack=True)
            self._link = _Link(exchange, reply_to)
            self._linked.set()
            yield closed
        finally:
            self._link = None
            self._linked.clear()
            self._fail_waiting()
            with suppress(*_LOST):
                await asyncio.wait_for(connection.close(), self._limits.broker_s)

    async def _answered(self, message: AbstractIncomingMessage) -> None:
        waiting = self._waiting.get(message.correlation_id or "")
        if waiting is not None and not waiting.done():
            waiting.set_result(message.body)

    def _fail_waiting(self) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(Unavailable())


def _we_are_cancelled() -> bool:
    """Whether this very task was told to end, and not only something it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _result(body: bytes, service: str, method: str) -> Any:
    try:
        answer = orjson.loads(body)
        error = answer["error"]
        if error is None:
            return answer["result"]
        kind = BY_NAME[error["exc_type"]]
        code, params = error["exc_args"]
        raised = kind(code, **params)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as malformed:
        log.error("%s.%s: not an answer, or not one of our errors", service, method)
        raise Internal from malformed
    raise raised
