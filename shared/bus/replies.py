"""Answers to calls on their way back, sent without waiting for confirms."""

from __future__ import annotations

import logging
import queue
import threading
import time
from dataclasses import dataclass
from typing import Any

import amqp

from shared import topology
from shared.bus.connection import LOST, TRANSIENT, connect
from shared.config import Config
from shared.telemetry import describe

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/json"
# A reply that could not be sent for so long finds nobody waiting any more.
REPLY_EXPIRES_S = 10.0
RECONNECT_S = 0.2


@dataclass(frozen=True, slots=True)
class _Reply:
    routing_key: str
    correlation_id: str | None
    body: bytes
    expires_at: float


class Replies:
    """A thread with a connection of its own that sends replies without waiting for confirms.

    Apart from the calls' connection, because a large reply blocks while the broker is still pushing
    calls through the same socket; apart from the workers, so that none waits for the network.
    """

    def __init__(self, config: Config) -> None:
        self._uri = config.amqp_uri
        self._name = f"{config.service} replies"
        self._waiting: queue.Queue[_Reply | None] = queue.Queue()  # bounded by the calls in work
        self._connection: amqp.Connection | None = None
        self._channel: Any = None
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Send what waits, then end."""
        self._waiting.put(None)
        self._thread.join(REPLY_EXPIRES_S)

    def send(self, routing_key: str, correlation_id: str | None, body: bytes) -> None:
        expires_at = time.monotonic() + REPLY_EXPIRES_S
        self._waiting.put(_Reply(routing_key, correlation_id, body, expires_at))

    def _run(self) -> None:
        while (reply := self._waiting.get()) is not None:
            while time.monotonic() < reply.expires_at:
                try:
                    self._publish(reply)
                    break
                except Exception as error:  # noqa: BLE001 - py-amqp ends a connection in many ways
                    log.warning("%s: %s", self._name, describe(error))
                    self._close()
                    time.sleep(RECONNECT_S)
        self._close(goodbye=True)

    def _publish(self, reply: _Reply) -> None:
        if self._channel is None:
            self._connection = connect(self._uri, self._name)
            self._channel = self._connection.channel()
        self._channel.basic_publish(
            amqp.Message(
                reply.body,
                content_type=CONTENT_TYPE,
                content_encoding="utf-8",
                correlation_id=reply.correlation_id,
                delivery_mode=TRANSIENT,
            ),
            exchange=topology.REPLIES,
            routing_key=reply.routing_key,
            timeout=REPLY_EXPIRES_S,
        )

    def _close(self, *, goodbye: bool = False) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is None:
            return
        try:
            if goodbye:  # flushes what was written
                connection.transport.sock.settimeout(2.0)
                connection.close()
        except LOST as error:
            log.warning("%s: %s", self._name, describe(error))
        finally:
            connection.collect()
