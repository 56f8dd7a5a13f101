"""Owns what a connection may cost before anybody has shown a key on it.

uvicorn's parser keeps headers of any size and waits for them for any time.
"""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 32 * 1024  # request line and headers; a query by GET stands in there
HEAD_S: Final = 15.0  # for all of them, and for the rest of a body that was refused


class BoundedConnection(HttpToolsProtocol):
    """A connection of uvicorn's that bounds the size and the time of a request's head.

    Too large is answered with 400; too slow is closed. A body has its bounds in
    `gateway.http.endpoint`; trailers behind one are dropped.
    """

    _in_head = False
    _fruitful = False  # the bytes at hand ended a head, or belong to a body
    _fruitless_bytes = 0  # since there were such
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._fruitful = False
        super().data_received(data)
        self._fruitless_bytes = 0 if self._fruitful else self._fruitless_bytes + len(data)
        if self.transport.is_closing():
            return
        if self._fruitless_bytes > MAX_HEAD_BYTES:
            self.send_400_response("The request's headers are too large.")
        elif self._timer is None and self._owes():
            self._start_timer()

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head, self._fruitful = False, True
        self._stop_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._fruitful = True
        super().on_body(body)

    def _owes(self) -> bool:
        """Whether the client has begun something that it should end: a head, or a body which was
        answered before its end."""
        refused = self.cycle is not None and self.cycle.response_complete and self.cycle.more_body
        return refused or self._fruitless_bytes > 0

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(HEAD_S, self._time_out)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time_out(self) -> None:
        self._timer = None
        # Of a pipelined head the earlier request's answer comes first; then keep-alive counts.
        if self.cycle is None or (self.cycle.response_complete and self._owes()):
            self.transport.close()
