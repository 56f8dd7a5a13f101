"""A connection to the broker that is always being read, and comes back by itself.

Owns the one reader of a consuming connection: it answers heartbeats whatever the handlers do, and
nobody else reads. Others only write, one at a time, and never more than an acknowledgement.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import amqp

from shared.bus.connection import LOST, connect
from shared.telemetry import describe

log = logging.getLogger(__name__)

BACKOFF_S = (0.2, 5.0)
TICK_S = 1.0
GOODBYE_S = 2.0

Subscribe = Callable[[Any], str]


class Listener:
    """A thread that runs `subscribe(channel)` on every new connection, then reads from it.

    `subscribe` declares, starts one consumer with a callback and returns its consumer tag. The
    callback runs in the reader's thread and must not wait.
    """

    def __init__(self, uri: str, name: str, heartbeat_s: int, subscribe: Subscribe) -> None:
        self._uri = uri
        self._name = name
        self._heartbeat_s = heartbeat_s
        self._subscribe = subscribe
        self._tag = ""
        self._writing = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.channel: Any = None  # the one that consumes now; None while there is none

    def start(self) -> None:
        self._thread.start()

    def cancel(self) -> None:
        """Ask for no more deliveries; the connection stays for acknowledgements."""
        channel = self.channel
        if channel is not None:
            self._write(lambda: channel.basic_cancel(self._tag, nowait=True))

    def stop(self) -> None:
        """Close the connection, so that what is not acknowledged goes back to its queue."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def ack(self, message: Any, *, multiple: bool = False) -> None:
        """Acknowledge a message, or all up to it; if its connection is gone it comes again."""
        self._write(lambda: message.channel.basic_ack(message.delivery_tag, multiple=multiple))

    def _write(self, write: Callable[[], object]) -> None:
        try:
            with self._writing:
                write()
        except LOST as error:
            log.warning("%s: %s", self._name, describe(error))

    def _run(self) -> None:
        pause = BACKOFF_S[0]
        while not self._stopping.is_set():
            connection = None
            try:
                connection = connect(self._uri, self._name, self._heartbeat_s)
                channel = connection.channel()
                self._tag = self._subscribe(channel)
                self.channel = channel
                log.info("%s: connected", self._name)
                pause = BACKOFF_S[0]
                self._read(connection)
            except Exception as error:  # noqa: BLE001 - py-amqp ends a connection in many ways
                log.warning("%s: %s; reconnects in %.1f s", self._name, describe(error), pause)
                self._stopping.wait(pause)
                pause = min(pause * 2, BACKOFF_S[1])
            finally:
                self.channel = None
                if connection is not None:
                    connection.collect()

    def _read(self, connection: amqp.Connection) -> None:
        tick_at = 0.0
        while not self._stopping.is_set():
            with suppress(TimeoutError):  # nothing came; time to look at the clock
                connection.drain_events(timeout=TICK_S)
            if time.monotonic() >= tick_at:
                with self._writing:
                    connection.heartbeat_tick()
                tick_at = time.monotonic() + TICK_S
        # Say goodbye, or the last acks might be lost with the socket; but do not wait for long.
        connection.transport.sock.settimeout(GOODBYE_S)
        connection.close()
