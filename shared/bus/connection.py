"""Connections to the message broker, and publishing that knows what became of each message.

Owns the AMQP connection parameters and pipelined publisher confirms. Rests on py-amqp directly:
kombu reconnects behind its caller's back, which would lose count of what is confirmed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import amqp
from kombu.utils.url import parse_url

from shared.errors import Unavailable
from shared.telemetry import harmless

CONNECT_TIMEOUT_S = 5.0
# What py-amqp raises when a connection or channel has come to its end; timeouts are OSErrors.
LOST: tuple[type[Exception], ...] = (amqp.AMQPError, OSError)

harmless(amqp.AMQPError)  # the broker's codes, and names of queues and exchanges

PERSISTENT = 2
TRANSIENT = 1


def connect(uri: str, name: str, heartbeat_s: int = 0) -> amqp.Connection:
    """An open connection that the broker lists under `name`.

    Raises: one of LOST. With a heartbeat the caller must tick it (`heartbeat_tick`) and read.
    """
    parts = parse_url(uri)
    connection = amqp.Connection(
        host=f"{parts['hostname']}:{parts['port'] or 5672}",
        userid=parts["userid"] or "guest",
        password=parts["password"] or "guest",
        virtual_host=parts["virtual_host"] or "/",
        ssl=parts["transport"] == "amqps",
        heartbeat=heartbeat_s,
        connect_timeout=CONNECT_TIMEOUT_S,
        client_properties={"connection_name": name},
    )
    try:
        connection.connect()
    except BaseException:  # a timeout or a kill of the greenlet too must not leak the socket
        connection.collect()
        raise
    return connection


@dataclass(frozen=True, slots=True)
class Message:
    """One persistent message to be published; `body` goes on the wire as it is."""

    exchange: str
    routing_key: str
    body: bytes
    content_type: str
    headers: Mapping[str, Any] = field(default_factory=dict)


class Publisher:
    """Publishes many messages at once and waits once for all their confirms.

    Connects when first needed, and again after it was lost. Of one thread only.
    """

    def __init__(self, uri: str, name: str, timeout_s: float = 10.0) -> None:
        self._uri = uri
        self._name = name
        self._timeout_s = timeout_s
        self._connection: amqp.Connection | None = None
        self._channel: Any = None
        self._tag = 0  # the broker numbers what is published on a channel: 1, 2, 3 …
        self._open: dict[int, int] = {}  # delivery tag → index of the message
        self._failed: set[int] = set()  # indexes returned or refused

    def publish(self, messages: Sequence[Message]) -> list[bool]:
        """Publish all; per message whether the broker has it safely in at least one queue.

        Raises: Unavailable (retryable): the broker could not be reached or did not answer in time;
            any of the messages may or may not have arrived.
        """
        try:
            channel = self._opened()
            self._open, self._failed = {}, set()
            for index, message in enumerate(messages):
                self._tag += 1
                self._open[self._tag] = index
                channel.basic_publish(
                    amqp.Message(
                        message.body,
                        content_type=message.content_type,
                        delivery_mode=PERSISTENT,
                        application_headers=dict(message.headers),
                        message_id=str(index),
                    ),
                    exchange=message.exchange,
                    routing_key=message.routing_key,
                    mandatory=True,
                    timeout=self._timeout_s,
                )
            self._await_confirms()
        except LOST as error:
            self.close()
            raise Unavailable("BROKER_UNAVAILABLE") from error
        return [index not in self._failed for index in range(len(messages))]

    def declare_topic(self, exchange: str) -> None:
        """Declare a durable topic exchange. Raises: Unavailable (retryable)."""
        try:
            self._opened().exchange_declare(exchange, "topic", durable=True, auto_delete=False)
        except LOST as error:
            self.close()
            raise Unavailable("BROKER_UNAVAILABLE") from error

    def close(self) -> None:
        """Drop the connection without a word to the broker, which may not be listening."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            connection.collect()

    def _opened(self) -> Any:
        if self._channel is None:
            self._connection = connect(self._uri, self._name)
            channel = self._connection.channel()
            channel.confirm_select()
            channel.events["basic_ack"].add(self._on_ack)
            channel.events["basic_nack"].add(self._on_nack)
            channel.events["basic_return"].add(self._on_return)
            self._tag = 0
            self._channel = channel
        return self._channel

    def _await_confirms(self) -> None:
        deadline = time.monotonic() + self._timeout_s
        while self._open:
            assert self._connection is not None  # noqa: S101 - for the type checker
            self._connection.drain_events(timeout=max(0.01, deadline - time.monotonic()))

    def _settled(self, tag: int, multiple: bool) -> list[int]:
        tags = [each for each in self._open if each <= tag] if multiple else [tag]
        return [self._open.pop(each) for each in tags if each in self._open]

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._settled(tag, multiple)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._failed.update(self._settled(tag, multiple))

    def _on_return(self, _error: Exception, _exchange: str, _key: str, message: Any) -> None:
        """No queue is bound for it; its confirm follows all the same."""
        self._failed.add(int(message.properties["message_id"]))
