"""The servers that faults are done to: three mongods of one replica set, and a broker of n nodes.

Everything listens on loopback and lives in a folder of the test. A node that is killed is killed by
SIGKILL to its whole process group, and starts again with its data and its ports.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.databases import grant
from deploy.local import ports, process
from deploy.local.broker import Broker
from deploy.local.credentials import Secrets, private_folder, write_private
from deploy.local.database import Database
from shared.access import REPLICA_SET, USERS, VHOST

ROOT = "root"
ALREADY_INITIALIZED = 23


class Member(Database):
    """One mongod of a replica set that shares its secrets with the others."""

    def __init__(self, home: Path, secrets: Secrets) -> None:
        super().__init__(home)
        self.secrets = secrets

    @property
    def address(self) -> str:
        return f"127.0.0.1:{ports.saved(self._ports_file)['mongo']}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    def kill(self) -> None:
        if self._process is not None:
            _kill(self._process)


class ReplicaSet:
    """Three data-bearing members, with authentication; writes need two of them."""

    def __init__(self, home: Path, *, election_ms: int = 10_000) -> None:
        self.secrets = Secrets(home)
        self.members = [Member(home / f"mongo-{n}", self.secrets) for n in range(3)]
        self._election_ms = election_ms

    def uri(self, user: str) -> str:
        hosts = ",".join(member.address for member in self.members)
        password = self.secrets.password(f"mongo.{user}")
        return (
            f"mongodb://{user}:{password}@{hosts}/?authSource=admin&replicaSet={REPLICA_SET}"
            "&w=majority&journal=true"
        )

    def client(self) -> MongoClient[dict[str, Any]]:
        """The administrator's view, of what a majority has."""
        return MongoClient(
            self.uri(ROOT),
            tz_aware=True,
            readConcernLevel="majority",
            serverSelectionTimeoutMS=30_000,
        )

    def launch(self) -> None:
        for member in self.members:
            member.launch()

    def wait_ready(self) -> None:
        """Found the set, elect a primary and make the users."""
        for member in self.members:
            process.wait_until(member.answers, "a mongod", member.log)
        first = self.members[0]
        with first._connect(None) as alone:
            members = [{"_id": n, "host": each.address} for n, each in enumerate(self.members)]
            settings = {"electionTimeoutMillis": self._election_ms}
            alone.admin.command(
                "replSetInitiate", {"_id": REPLICA_SET, "members": members, "settings": settings}
            )
            first._wait_primary(alone)
            alone.admin.command(
                "createUser",
                ROOT,
                pwd=self.secrets.password(f"mongo.{ROOT}"),
                roles=["root"],
                mechanisms=["SCRAM-SHA-256"],
            )
        with self.client() as client:
            passwords = {user: self.secrets.password(f"mongo.{user}") for user in USERS}
            grant(client, passwords, mechanisms=["SCRAM-SHA-256"])

    def primary(self) -> Member | None:
        """Whoever says now that it takes writes."""
        for member in self.members:
            if member.pid is None:
                continue
            try:
                with MongoClient[Any](
                    f"mongodb://{member.address}/?directConnection=true",
                    serverSelectionTimeoutMS=500,
                ) as client:
                    if client.admin.command("hello")["isWritablePrimary"]:
                        return member
            except (PyMongoError, OperationFailure):
                continue
        return None

    def stop(self) -> None:
        for member in self.members:
            member.kill()


class Node(Broker):
    """One RabbitMQ node of a cluster; the name server and the cookie are the cluster's."""

    def __init__(
        self, home: Path, secrets: Secrets, name: str, names: Sequence[str], shared: Path
    ) -> None:
        super().__init__(home)
        self.secrets = secrets
        self.name = name
        self._names = names
        self._shared = shared

    @property
    def port(self) -> int:
        return ports.saved(self._ports_file)["amqp"]

    @property
    def pid(self) -> int | None:
        running = [each for each in self._processes if each.poll() is None]
        return running[-1].pid if running else None

    def prepare(self) -> None:
        super().prepare()
        if len(self._names) == 1:
            return
        conf = self._run / "rabbitmq.conf"
        text = conf.read_text()
        if self.name != self._names[0]:  # the first has imported them for all
            text = "".join(
                line for line in text.splitlines(True) if not line.startswith("load_definitions")
            )
        text += "cluster_formation.peer_discovery_backend = classic_config\n"
        text += "cluster_partition_handling = pause_minority\n"
        for number, name in enumerate(self._names, start=1):
            text += f"cluster_formation.classic_config.nodes.{number} = {name}@localhost\n"
        write_private(conf, text)

    def commands(self) -> dict[str, list[str]]:
        return {"broker": super().commands()["broker"]}

    def env(self) -> dict[str, str]:
        epmd = str(ports.saved(self._shared / "epmd.json")["epmd"])
        return super().env() | {
            "HOME": str(self._shared),
            "RABBITMQ_NODENAME": f"{self.name}@localhost",
            "ERL_EPMD_PORT": epmd,
        }

    def kill(self) -> None:
        while self._processes:
            _kill(self._processes.pop())

    def ctl(self, *arguments: str, timeout_s: float = 60) -> str:
        """What `rabbitmqctl` answers."""
        command = [*shlex.split(self.control()), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_s, check=True
        )
        return done.stdout


class BrokerCluster:
    """`size` nodes; quorum queues declared in it have a replica on each, up to three."""

    def __init__(self, home: Path, size: int) -> None:
        self._shared = private_folder(home / "broker-shared")
        self.secrets = Secrets(home)
        names = [f"hub{n}" for n in range(1, size + 1)]
        self.nodes = [Node(home / name, self.secrets, name, names, self._shared) for name in names]
        self._epmd: subprocess.Popen[bytes] | None = None

    def uri(self, user: str, port: int) -> str:
        password = self.secrets.password(f"amqp.{user}")
        return f"amqp://{user}:{password}@127.0.0.1:{port}/{VHOST}"

    def launch(self) -> None:
        port = ports.claim(self._shared / "epmd.json", ("epmd",))["epmd"]
        self._epmd = process.spawn(
            ["epmd", "-address", "127.0.0.1", "-port", str(port)], self._shared / "epmd.log", {}
        )
        self.nodes[0].launch()

    def wait_ready(self) -> None:
        """The first node founds the cluster, the others join it."""
        self.nodes[0].wait_ready()
        for node in self.nodes[1:]:
            node.launch()
        for node in self.nodes[1:]:
            node.wait_ready()

    def leader(self, queue: str) -> Node:
        """The node that leads a quorum queue."""
        alive = next(node for node in self.nodes if node.pid)
        listing = alive.ctl(
            "-q", "list_queues", "-p", VHOST, "name", "leader", "--no-table-headers"
        )
        for line in listing.splitlines():
            name, _, leader = line.partition("\t")
            if name == queue:
                return next(n for n in self.nodes if leader == f"{n.name}@localhost")
        raise LookupError(queue)

    def restart(self, nodes: Sequence[Node]) -> None:
        """Start killed nodes; return when they take connections."""
        for node in nodes:
            node.launch()
        for node in nodes:
            node.wait_ready()

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()
        if self._epmd is not None:
            _kill(self._epmd)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the whole group: Erlang has helpers of its own."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def wait_gone(pid: int, deadline_s: float = 10.0) -> None:
    end = time.monotonic() + deadline_s
    while process.alive(pid):
        assert time.monotonic() < end, f"process {pid} does not die"
        time.sleep(0.02)
