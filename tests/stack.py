"""What tests run against: a real database, a real broker, and service processes of their own."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import amqp
import orjson

from deploy.local import ports
from deploy.local.broker import ADMIN, Broker
from deploy.local.credentials import write_private
from deploy.local.process import DIES_WITH_PARENT
from shared import topology
from shared.bus.connection import Message, Publisher, connect
from shared.errors import BY_NAME, TimedOut, Unavailable
from shared.events import BATCH_CONTENT_TYPE, Event

ROOT = Path(__file__).resolve().parents[1]
T = TypeVar("T")


def wait_for(condition: Callable[[], T | None], deadline_s: float = 10.0) -> T:
    """Return the first true value of `condition`; fail the test after `deadline_s`."""
    end = time.monotonic() + deadline_s
    while not (value := condition()):
        assert time.monotonic() < end, f"still not so after {deadline_s} s"
        time.sleep(0.02)
    return value


class TestBroker(Broker):
    """The embedded broker with spare vhosts: each test module that asks gets one of its own."""

    __test__ = False
    vhosts = tuple(f"test-{number}" for number in range(32))

    def prepare(self) -> None:
        super().prepare()
        path = self._run / "definitions.json"
        definitions = json.loads(path.read_text())
        for vhost in self.vhosts:
            definitions["vhosts"].append({"name": vhost})
            definitions["permissions"].append(
                {"user": ADMIN, "vhost": vhost, "configure": ".*", "write": ".*", "read": ".*"}
            )
        write_private(path, json.dumps(definitions))

    def test_uris(self) -> list[str]:
        base = self.admin_uri.rpartition("/")[0]
        return [f"{base}/{vhost}" for vhost in self.vhosts]


class ServiceProcess:
    """A service, or the gateway, as it runs in production: `python -m <module>`, told by its
    environment."""

    def __init__(self, module: str, env: Mapping[str, str], log: Path) -> None:
        self.module = module
        self.log = log
        self.port = _free_port()
        here = {"HEALTH_HOST": "127.0.0.1", "HEALTH_PORT": str(self.port)}
        self._env = {**env, **here, "HTTP_PORT": str(self.port)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, wait: bool = True, deadline_s: float = 30.0) -> ServiceProcess:
        """Start it; with `wait`, return when it says that it is ready."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*DIES_WITH_PARENT, sys.executable, "-m", self.module],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), **self._env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        if wait:
            end = time.monotonic() + deadline_s
            while not self.ready():
                assert self._process.poll() is None, f"{self.module} ended:\n{self.last_words()}"
                assert time.monotonic() < end, f"{self.module} is not ready:\n{self.last_words()}"
                time.sleep(0.05)
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of the process's own HTTP server; status 0 if it does not listen."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()
        except OSError:
            return 0, ""

    def metric(self, sample: str) -> float:
        """A sample by its name and labels as in the text format; 0 if there is none yet."""
        for line in self.get("/metrics")[1].splitlines():
            name, _, value = line.rpartition(" ")
            if name == sample:
                return float(value)
        return 0.0

    def terminate(self) -> None:
        """SIGTERM, without waiting."""
        if self._process is not None:
            self._process.terminate()

    def wait(self, timeout_s: float = 35.0) -> int:
        """The exit status, once it has ended."""
        assert self._process is not None
        return self._process.wait(timeout_s)

    def stop(self) -> int:
        self.terminate()
        return self.wait()

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def last_words(self, size_bytes: int = 4_000) -> str:
        return self.log.read_text(errors="replace")[-size_bytes:] if self.log.exists() else ""


class RpcClient:
    """Calls a service as the gateway does, but one call at a time."""

    def __init__(self, amqp_uri: str) -> None:
        self._connection = connect(amqp_uri, "test rpc")
        channel = self._connection.channel()
        self._channel = channel
        channel.exchange_declare("nameko-rpc", "topic", durable=True, auto_delete=False)
        self._key = str(uuid.uuid4())
        queue = f"rpc.reply-test-{self._key}"
        channel.queue_declare(queue, exclusive=True, auto_delete=True)
        channel.exchange_declare(topology.REPLIES, "direct", durable=True, auto_delete=False)
        channel.queue_bind(queue, topology.REPLIES, self._key)
        channel.basic_consume(queue, no_ack=True, callback=self._take)
        channel.events["basic_return"].add(self._returned)
        self._answers: dict[str, Any] = {}

    def call(self, method: str, *args: Any, timeout_s: float = 10.0, **kwargs: Any) -> Any:
        """What `<service>.<method>` answers. Raises the HubError it answers with, TimedOut after
        `timeout_s`, Unavailable if the service never ran."""
        return self.finish(self.send(method, *args, timeout_s=timeout_s, **kwargs), timeout_s)

    def send(self, method: str, *args: Any, timeout_s: float = 10.0, **kwargs: Any) -> str:
        """Start a call; `finish` waits for its answer."""
        correlation_id = str(uuid.uuid4())
        self.send_raw(method, orjson.dumps({"args": args, "kwargs": kwargs}), correlation_id)
        return correlation_id

    def send_raw(self, method: str, body: bytes, correlation_id: str) -> None:
        self._channel.basic_publish(
            amqp.Message(
                body,
                content_type="application/json",
                content_encoding="utf-8",
                reply_to=self._key,
                correlation_id=correlation_id,
                delivery_mode=1,
                expiration="60000",
            ),
            exchange="nameko-rpc",
            routing_key=method,
            mandatory=True,
        )

    def finish(self, correlation_id: str, timeout_s: float = 10.0) -> Any:
        end = time.monotonic() + timeout_s
        while correlation_id not in self._answers:
            left = end - time.monotonic()
            try:
                if left <= 0:
                    raise TimeoutError
                self._connection.drain_events(timeout=left)
            except TimeoutError:
                raise TimedOut from None
        answer = self._answers.pop(correlation_id)
        if isinstance(answer, Exception):
            raise answer
        if answer["error"]:
            code, params = answer["error"]["exc_args"]
            raise BY_NAME[answer["error"]["exc_type"]](code, **params)
        return answer["result"]

    def close(self) -> None:
        self._connection.collect()

    def _take(self, message: Any) -> None:
        self._answers[message.properties["correlation_id"]] = orjson.loads(message.body)

    def _returned(self, _error: Exception, _exchange: str, _key: str, message: Any) -> None:
        self._answers[message.properties["correlation_id"]] = Unavailable()


def publish(amqp_uri: str, events: Sequence[Event]) -> None:
    """Publish events as a relay does: one message per type, confirmed, at least one queue."""
    by_type: dict[str, list[Event]] = {}
    for event in events:
        by_type.setdefault(event.wire_type, []).append(event)
    publish_raw(
        amqp_uri,
        [
            Message(
                exchange=topology.EXCHANGE,
                routing_key=wire_type,
                body=b"[" + b",".join(event.to_json() for event in group) + b"]",
                content_type=BATCH_CONTENT_TYPE,
            )
            for wire_type, group in by_type.items()
        ],
    )


def publish_raw(amqp_uri: str, messages: Sequence[Message]) -> None:
    publisher = Publisher(amqp_uri, "test publisher")
    try:
        publisher.declare_topic(topology.EXCHANGE)
        assert all(publisher.publish(messages)), "no queue wants it"
    finally:
        publisher.close()


def waiting(amqp_uri: str, queue: str) -> int:
    """Messages in the queue that nobody has."""
    connection = connect(amqp_uri, "test")
    count = int(connection.channel().queue_declare(queue, passive=True).message_count)
    connection.close()
    return count


def delete_queues(amqp_uri: str, names: Sequence[str]) -> None:
    """Delete queues; those that do not exist are no matter."""
    connection = connect(amqp_uri, "test")
    channel = connection.channel()
    for name in names:
        channel.queue_delete(name)
    connection.close()


def _free_port() -> int:
    while not ports.is_free(port := random.choice(ports.CANDIDATES)):
        pass
    return port
