"""A whole hub to do faults to: replica set, broker cluster, two replicas of each service, gateway.

All processes are children of the test; a watcher starts again whatever of the hub's processes has
ended, as the supervisor of a real deployment does. The clients go through a proxy that can cut
their connections; the services reach the broker's nodes through another that balances.
"""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from deploy.local.credentials import private_folder, write_private
from shared.access import GATEWAY, OPERATOR, SERVICES
from tests.faults.proxy import Loop, Proxy
from tests.faults.servers import BrokerCluster, ReplicaSet
from tests.stack import ROOT, ServiceProcess

REPLICAS = ("a", "b")
WATCH_S = 0.1
FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


class HubProcess(ServiceProcess):
    """A process of the hub. `kept` says whether the watcher starts it again when it has ended."""

    def __init__(self, name: str, module: str, env: Mapping[str, str], log: Path) -> None:
        super().__init__(module, env, log)
        self.name = name
        self.kept = True
        self.exits: list[int] = []
        self._env |= {"HTTP_HOST": "127.0.0.1", "HTTP_PORT": str(self.port)}
        self._usual = dict(self._env)

    def start_armed(self, fail_point: str) -> None:
        """Start it to die at this point; when it is started after that, it lives."""
        self._env = self._usual | {"FOSCAO_KILL_AT": fail_point}
        self.start(wait=False)
        self._env = self._usual

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def poll(self) -> int | None:
        return None if self._process is None else self._process.poll()


class Hub:
    """Start with `up`, end with `down`."""

    def __init__(
        self, home: Path, *, broker_nodes: int = 1, election_ms: int = 10_000, **env: str
    ) -> None:
        self.home = private_folder(home)
        self.mongo = ReplicaSet(home, election_ms=election_ms)
        self.broker = BrokerCluster(home, broker_nodes)
        self.secrets = self.mongo.secrets
        self._loop = Loop()
        self.processes: dict[str, HubProcess] = {}
        self._extra = env
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)

    @property
    def url(self) -> str:
        """Where clients go: the proxy before the gateway."""
        return f"http://127.0.0.1:{self.front.port}"

    @property
    def admin_key(self) -> str:
        return self.secrets.admin_key()

    def up(self) -> None:
        """Return when all is ready."""
        self.mongo.launch()
        self.broker.launch()
        self.mongo.wait_ready()
        self.broker.wait_ready()
        self.balancer = Proxy(
            self._loop, lambda: [node.port for node in self.broker.nodes if node.pid]
        )
        for service in SERVICES:
            for replica in REPLICAS:
                self._add(
                    f"{service}-{replica}", f"services.{service}", self._env(service, replica)
                )
        self._add(GATEWAY, "gateway", self._env(GATEWAY, "a"))
        self.front = Proxy(self._loop, lambda: [self.processes[GATEWAY].port])
        for each in self.processes.values():
            each.start(wait=False)
        self._watcher.start()
        self.wait_ready()
        text = "".join(f"{name}={value}\n" for name, value in self.operator_env().items())
        write_private(self.home / "operator.env", text)

    def down(self) -> None:
        self._stopping.set()
        if self._watcher.is_alive():
            self._watcher.join()
        for each in self.processes.values():
            each.kill()
        self.broker.stop()
        self.mongo.stop()

    def wait_ready(self, deadline_s: float = 90.0) -> None:
        end = time.monotonic() + deadline_s
        for each in self.processes.values():
            while not each.ready():
                assert time.monotonic() < end, f"{each.name} is not ready:\n{each.last_words()}"
                time.sleep(0.05)

    def replicas(self, service: str) -> list[HubProcess]:
        return [self.processes[f"{service}-{replica}"] for replica in REPLICAS]

    def operator_env(self) -> dict[str, str]:
        """What the operators' command is told."""
        return {
            "HUB_URL": self.url,
            "HUB_ADMIN_KEY": self.admin_key,
            "OPERATOR_AMQP_URI": self.broker.uri(OPERATOR, self.balancer.port),
            "OPERATOR_MONGO_URI": self.mongo.uri(OPERATOR),
            "RABBITMQCTL": self.broker.nodes[0].control(),
        }

    def client(self) -> MongoClient[dict[str, Any]]:
        return self.mongo.client()

    def amqp_admin_uri(self) -> str:
        return self.broker.uri("admin", self.balancer.port)

    def jump_clock(self, service: str, seconds: int) -> None:
        """Put the wall clock of the service's second replica forward or back (0: right)."""
        self._clock(f"{service}-b").write_text(f"{seconds:+d}\n")

    @contextmanager
    def unwatched(self, *names: str) -> Iterator[None]:
        """Let these stay dead meanwhile."""
        for name in names:
            self.processes[name].kept = False
        yield
        for name in names:
            self.processes[name].kept = True

    def audit(self) -> subprocess.CompletedProcess[str]:
        """`foscao audit` over everything."""
        import os

        return subprocess.run(
            [sys.executable, "-m", "cli", "audit", "--json", "--strict"],
            cwd=ROOT,
            env={**os.environ, **self.operator_env()},
            capture_output=True,
            text=True,
            check=False,
        )

    def pids(self) -> dict[str, int]:
        """The processes that run, by name."""
        found = {each.name: each.pid for each in self.processes.values() if each.running()}
        for n, member in enumerate(self.mongo.members):
            if member.pid:
                found[f"mongod-{n}"] = member.pid
        return found

    def _add(self, name: str, module: str, env: Mapping[str, str]) -> None:
        self.processes[name] = HubProcess(name, module, env, self.home / f"{name}.log")

    def _env(self, service: str, replica: str) -> dict[str, str]:
        env = {
            "AMQP_URI": self.broker.uri(service, self.balancer.port),
            "MONGO_URI": self.mongo.uri(service),
            "FOSCAO_DB": service,
            "LOG_LEVEL": "INFO",
            "PYTHONUNBUFFERED": "1",
            **self._extra,
        }
        if service == GATEWAY:
            return env | {
                "HUB_ADMIN_KEY_SHA256": hashlib.sha256(self.admin_key.encode()).hexdigest()
            }
        if service == "participants":
            env["FOSCAO_MASTER_KEY_FILE"] = str(self.secrets.key_file("master.key", 96))
        if service == "notifications":
            env["FOSCAO_WEBHOOK_KEY_FILE"] = str(self.secrets.key_file("webhook.key", 32))
            env["WEBHOOK_ALLOW_PRIVATE"] = "1"
        if FAKETIME and replica == "b":
            clock = self._clock(f"{service}-b")
            clock.write_text("+0\n")
            env |= {
                "LD_PRELOAD": str(FAKETIME),
                "FAKETIME_TIMESTAMP_FILE": str(clock),
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_CACHE_DURATION": "1",
            }
        return env

    def _clock(self, name: str) -> Path:
        return self.home / f"{name}.clock"

    def _watch(self) -> None:
        """A thread that stays: the kernel ends a child with the thread that started it."""
        while not self._stopping.wait(WATCH_S):
            for each in self.processes.values():
                if each.kept and each.poll() is not None:
                    each.exits.append(each.poll() or 0)
                    each.start(wait=False)
