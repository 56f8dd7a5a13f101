"""A partner's webhook receiver: checks each signature, keeps each item once, answers 204."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

MAX_BODY_BYTES = 256 * 1024


class Receiver:
    """Listens on loopback from `start` to `stop`; `items` are the verified feed items by id."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.refused = 0
        self._webhook: Webhook | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/foscao"

    def trust(self, secret: str) -> None:
        """Set the endpoint's secret; before that every delivery is refused, and so sent again."""
        self._webhook = Webhook(secret)

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, body: bytes, headers: dict[str, str]) -> bool:
        """Keep the item if its signature holds; a repeated delivery is the same item."""
        if self._webhook is None:
            return False
        try:
            self._webhook.verify(body, headers)
        except WebhookVerificationError:
            return False
        self.items[headers["webhook-id"]] = json.loads(body)
        return True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(min(length, MAX_BODY_BYTES))
                taken = receiver.take(body, {k.lower(): v for k, v in self.headers.items()})
                receiver.refused += not taken
                self.send_response(204 if taken else 401)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing: the demo prints what arrived."""

        return Handler
