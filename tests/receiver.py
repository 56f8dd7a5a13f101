"""A partner's server for tests: takes webhooks, verifies their signatures, answers as told."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook, WebhookVerificationError


@dataclass(frozen=True, slots=True)
class Received:
    """One POST as it came; `genuine` tells whether every secret verifies it."""

    id: str
    body: bytes
    headers: Mapping[str, str]
    connection: int
    genuine: bool

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


@dataclass(frozen=True, slots=True)
class Reply:
    """What the receiver does: `before` runs first (and may hold the answer back)."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    before: Callable[[], object] = lambda: None


class Receiver:
    """Listens on a free port of the loopback; `answer` decides on each POST."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.received: list[Received] = []
        self.secrets: list[str] = []
        self.answer: Callable[[Received], Reply] = lambda _: Reply()
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "http" if tls is None else "https"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{self._scheme}://localhost:{self.port}/hook"

    @property
    def cursors(self) -> list[int]:
        """The positions received, in order of arrival."""
        return [int(each.event["cursor"]) for each in self.received]

    def hang(self) -> Reply:
        """Keep the sender waiting until the receiver closes."""
        return Reply(before=self.closing.wait)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def take(self, headers: Mapping[str, str], body: bytes, connection: int) -> Reply:
        """Note the POST and say how to answer it."""
        taken = Received(
            headers.get("webhook-id", ""), body, headers, connection, self._genuine(headers, body)
        )
        self.received.append(taken)
        return self.answer(taken)

    def _genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        try:
            for secret in self.secrets:
                Webhook(secret).verify(body, dict(headers))
        except WebhookVerificationError:
            return False
        return bool(self.secrets)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that hung up is no error of ours."""


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            body = self.rfile.read(length)
            if len(body) < length:  # the sender died in the middle: nothing was received
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = receiver.take(headers, body, self.client_address[1])
            reply.before()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler
