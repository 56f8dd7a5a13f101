"""Owns the process's web application: its routes, what it starts and stops, and its health."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway import telemetry
from gateway.calls.client import RpcClient
from gateway.calls.coalescing import Coalescer
from gateway.http import graphiql
from gateway.http.endpoint import GraphQLEndpoint
from gateway.identity.keys import ApiKeys
from gateway.identity.revocations import announce_revocations
from gateway.identity.store import KeyStore
from shared.codes.pcodes import pcodes
from shared.config import Environment
from shared.errors import Unavailable

_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the gateway is told by its environment."""

    amqp_uri: str
    mongo_uri: str
    admin_key_sha256: str  # blank: no bootstrap administrator
    database: str
    http_host: str
    http_port: int
    log_level: str

    @classmethod
    def from_env(cls, env: Environment) -> Settings:
        """Raises ConfigError: one line with the variable's name."""
        pcodes()  # whoever asks for a place's later would be told what is wrong with their file
        return cls(
            amqp_uri=env.text("AMQP_URI"),
            mongo_uri=env.text("MONGO_URI"),
            admin_key_sha256=env.text("HUB_ADMIN_KEY_SHA256", " "),
            database=env.text("FOSCAO_DB", "gateway"),
            http_host=env.text("HTTP_HOST", "127.0.0.1"),
            http_port=int(env.number("HTTP_PORT", 8000)),
            log_level=env.text("LOG_LEVEL", "INFO").upper(),
        )


def create_app(settings: Settings) -> Starlette:
    """The application; it connects when it starts, and starts also where nothing can be reached
    yet: it then answers 503 until it can."""
    store = KeyStore.connect(settings.mongo_uri, settings.database)
    keys = ApiKeys(store, settings.admin_key_sha256)
    calls = RpcClient(settings.amqp_uri)
    endpoint = GraphQLEndpoint(keys, calls, Coalescer(calls))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await calls.start()
        try:
            await keys.prepare()
        except Unavailable:
            log.warning("database not reachable yet")
        announcing = asyncio.create_task(announce_revocations(keys, calls), name="revocations")
        yield
        announcing.cancel()
        with suppress(asyncio.CancelledError):
            await announcing
        await calls.stop()
        await store.close()

    async def readyz(_: Request) -> Response:
        ready = {"broker": calls.connected, "database": await keys.reachable()}
        return JSONResponse(ready, 200 if all(ready.values()) else 503)

    return Starlette(
        routes=[
            Route("/graphql", endpoint.respond, methods=["GET", "POST"]),
            Route("/", _home),
            Route("/healthz", _healthz),
            Route("/readyz", readyz),
            Route("/metrics", _metrics),
            Mount("/static", GZipMiddleware(graphiql.static())),
        ],
        middleware=[Middleware(_Outermost)],
        lifespan=lifespan,
    )


class _Outermost:
    """Counts every answer and gives it the headers that keep browsers from guessing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                telemetry.REQUESTS.labels(_route(scope["path"]), str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, sending)


def _route(path: str) -> str:
    """The path's first part if it is ours: unknown paths would make labels without end."""
    first = path.split("/", 2)[1]
    return first if first in ("graphql", "static", "healthz", "readyz", "metrics") else "other"


async def _home(_: Request) -> Response:
    return RedirectResponse("/graphql")


async def _healthz(_: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _metrics(_: Request) -> Response:
    return Response(telemetry.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
