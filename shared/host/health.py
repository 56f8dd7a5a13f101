"""The health server of a service's process: /healthz, /readyz, /metrics.

Owns what readiness means: every component of the container that can tell says that it is ready.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import eventlet
import eventlet.wsgi
import orjson
from nameko.containers import ServiceContainer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.config import Config

log = logging.getLogger(__name__)

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class HealthServer:
    """Serves on HEALTH_HOST:HEALTH_PORT; without a port it serves nothing."""

    def __init__(self, config: Config, container: ServiceContainer) -> None:
        self._config = config
        self._container = container

    def start(self) -> None:
        """Raises: OSError if the port is taken."""
        if self._config.health_port is None:
            return
        socket = eventlet.listen((self._config.health_host, self._config.health_port))
        eventlet.spawn(
            eventlet.wsgi.server, socket, self._answer, log_output=False, keepalive=False
        )

    def components(self) -> dict[str, bool]:
        """Readiness by component of the container."""
        return {
            type(each).__name__.strip("_"): each.ready()
            for each in list(self._container.extensions)
            if hasattr(each, "ready")
        }

    def _answer(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        content_type = "application/json"
        match environ["PATH_INFO"]:
            case "/healthz":
                status, body = "200 OK", b'{"alive":true}'
            case "/readyz":
                components = self.components() if self._container.started else {}
                ready = bool(components) and all(components.values())
                status = "200 OK" if ready else "503 Service Unavailable"
                body = orjson.dumps({"ready": ready, "parts": components})
            case "/metrics":
                status, body, content_type = "200 OK", generate_latest(), CONTENT_TYPE_LATEST
            case _:
                status, body = "404 Not Found", b'{"error":"not found"}'
        start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
        return [body]
