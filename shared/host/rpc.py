"""RPC into a service: nameko's protocol, with our serialiser, our errors and our replies.

Owns the wire format, which the gateway's client must keep to:

    Request   exchange `nameko-rpc` (topic, durable; whoever comes first declares it), routing key
              `<service>.<method>`, mandatory: a return means that no such service has ever run.
              body: JSON `{"args": [request], "kwargs": {}}`
              properties: content_type `application/json`, content_encoding `utf-8`,
                reply_to = the caller's routing key (below), correlation_id = any unique text,
                expiration = the caller's timeout in ms as text (an unanswered call is then dropped
                instead of being done for nobody), delivery_mode 1
              With publisher confirms, a nack: the service's queue is full (CALLS_WAITING), so
                it cannot keep up; try later.
    Reply     exchange `rpc.replies` (direct, durable; the caller declares it), routing key as in
              `reply_to`. The caller declares a queue `rpc.reply-gateway-<uuid>` (exclusive,
              auto-delete) and binds it there with the routing key `<uuid>`, its `reply_to`.
              nameko itself replies through `nameko-rpc`: who may answer there may call as well.
              body: JSON `{"result": ..., "error": null}`; or `{"result": null, "error": {...}}`
              properties: correlation_id as in the request, content_type `application/json`,
                delivery_mode 1; neither mandatory nor confirmed: the caller has a timeout
    Error     `{"exc_type": name, "exc_path": "shared.errors.<name>", "exc_args": [code, params],
              "value": code}`, name a key of `shared.errors.BY_NAME`. A fault of ours is `Internal`
              with the code INTERNAL and no details.

Service queues are `rpc-<service>`, bound with `<service>.*`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import orjson
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint, SharedExtension, register_entrypoint

from shared import topology
from shared.bus.listener import Listener
from shared.bus.replies import Replies
from shared.config import Config
from shared.errors import HubError, Internal
from shared.fail_points import fail_point
from shared.host.workers import bounded, spawn
from shared.store.failures import as_hub_error
from shared.telemetry import RPC_S, trace

log = logging.getLogger(__name__)


def rpc(method: Callable[..., Any]) -> Callable[..., Any]:
    """Answer calls of `<service>.<method name>` with what the method returns.

    A HubError it raises reaches the caller as that error, a failure of the database as
    `Unavailable`; anything else is logged and reaches the caller as `Internal`. A method that takes
    longer than HANDLER_TIMEOUT_S is broken off with `TimedOut`.
    """
    method = bounded(method)
    register_entrypoint(method, _Rpc())
    return method


class _RpcServer(SharedExtension):
    """Takes the calls of all of a service's methods; at most `max_workers` at once."""

    def __init__(self) -> None:
        self.methods: dict[str, _Rpc] = {}
        self._stopping = False
        super().__init__()

    def setup(self) -> None:
        config: Config = self.container.config["hub"]
        self._config = config
        self._replies = Replies(config)
        self._listener = Listener(
            config.amqp_uri, f"{config.service} rpc", config.heartbeat_s, self._subscribe
        )

    def start(self) -> None:
        self._replies.start()
        self._listener.start()

    def cancel(self) -> None:
        """Take no more calls; those taken go on."""
        if not self._stopping:
            self._stopping = True
            self._listener.cancel()

    def stop(self) -> None:
        self._listener.stop()
        self._replies.stop()

    def ready(self) -> bool:
        return self._listener.channel is not None

    def _subscribe(self, channel: Any) -> str:
        name = f"rpc-{self._config.service}"
        topology.declare(channel, topology.for_calls(self._config.service))
        channel.basic_qos(0, self._config.max_workers, False)
        tag: str = channel.basic_consume(name, callback=self._take)
        return tag

    def _take(self, message: Any) -> None:
        """In the reader's thread: start a worker for the call. Not acked means called again."""
        if self._stopping:
            return  # it goes back to the queue when the connection closes
        method = message.delivery_info["routing_key"].rpartition(".")[2]
        finish = partial(self._finish, message, method, time.monotonic())
        try:
            call = orjson.loads(message.body)
            entrypoint, args, kwargs = self.methods[method], call["args"], call["kwargs"]
        except (ValueError, LookupError, TypeError) as error:
            log.error("rpc: not understood: %s %s", method, type(error).__name__)
            finish(None, Internal())
            return
        with suppress(ContainerBeingKilled):  # likewise
            spawn(entrypoint, args, kwargs, finish, self._config.handler_timeout_s)

    def _finish(
        self, message: Any, method: str, started_at: float, result: Any, error: Exception | None
    ) -> None:
        outcome = "ok" if error is None else "error"
        body = None
        if error is None:
            try:
                body = _dump({"result": result, "error": None})
            except TypeError as unserialisable:
                error = unserialisable
        if error is not None:
            known = as_hub_error(error)
            if known is None or isinstance(known, Internal):
                outcome = "fault"
                log.error("rpc %s:\n%s", method, trace(error))
                known = Internal()
            else:
                log.info("rpc %s: %s", method, known.code)
            body = _dump({"result": None, "error": error_document(known)})
        fail_point("rpc.before_reply")
        properties = message.properties
        if properties.get("reply_to") and body is not None:
            self._replies.send(properties["reply_to"], properties.get("correlation_id"), body)
        self._listener.ack(message)
        RPC_S.labels(method, outcome).observe(time.monotonic() - started_at)


class _Rpc(Entrypoint):
    server = _RpcServer()

    def setup(self) -> None:
        self.server.methods[self.method_name] = self

    def stop(self) -> None:
        self.server.cancel()


def error_document(error: HubError) -> Mapping[str, Any]:
    """The error as it goes on the wire."""
    name = type(error).__name__
    return {
        "exc_type": name,
        "exc_path": f"shared.errors.{name}",
        "exc_args": [error.code, error.params],
        "value": error.code,
    }


def _dump(document: Mapping[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_UTC_Z)
