"""Owns a whole stack in one folder: database, broker, services and gateway, supervised.

`AMQP_URI` and `MONGO_URI` in the environment stand for servers that run elsewhere: those are used
by every service, and none is started here.
"""

import fcntl
import hashlib
import http.client
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import ports, process
from deploy.local.bootstrap import require_disk
from deploy.local.broker import Broker
from deploy.local.credentials import Secrets, private_folder, write_private
from deploy.local.database import Database
from deploy.local.supervisor import ProcessState, Program, Supervisor
from shared.access import GATEWAY, OPERATOR, SERVICES
from shared.codes import pcodes

ALL = (*SERVICES, GATEWAY)
# A service finishes what it has begun within 30 s of SIGTERM; a moment more before it is killed.
STOP_TIMEOUT_S = 35

# Called with a step's name when it begins (seconds None) and when it is done.
Progress = Callable[[str, float | None], None]


class Stack:
    """One hub on this machine.

    Args: home: the folder that holds all of it; services: which of `ALL` to run; http_port: the
        gateway's port (default: the one of last time, else any free one).
    """

    def __init__(
        self, home: Path, *, services: tuple[str, ...] = ALL, http_port: int | None = None
    ) -> None:
        self.home = home.absolute()
        self.services = services
        self.log_dir = self.home / "logs"
        self.secrets = Secrets(self.home)
        self.amqp_uri = os.environ.get("AMQP_URI")
        self.mongo_uri = os.environ.get("MONGO_URI")
        self.broker = None if self.amqp_uri else Broker(self.home)
        self.database = None if self.mongo_uri else Database(self.home)
        self._http_port = http_port
        self._run = self.home / "run"
        self._ports_file = self._run / "services.ports.json"
        self._supervisor = Supervisor(self._run, self.log_dir)

    @property
    def hub_url(self) -> str:
        """The gateway's address; LocalError before the first start."""
        return f"http://127.0.0.1:{self._port(GATEWAY)}"

    @property
    def admin_key(self) -> str:
        """The first administrator's API key."""
        return self.secrets.admin_key()

    @property
    def mongo_root_uri(self) -> str:
        """A MongoDB URI that may do all: the embedded root's, or `MONGO_URI` as given."""
        return self.database.root_uri if self.database else str(self.mongo_uri)

    @property
    def amqp_admin_uri(self) -> str:
        """An AMQP URI that may do all: the embedded administrator's, or `AMQP_URI` as given."""
        return self.broker.admin_uri if self.broker else str(self.amqp_uri)

    def operator_env(self) -> dict[str, str]:
        """Return what the command `foscao` is told; LocalError before the first start."""
        env = {
            "OPERATOR_AMQP_URI": self.broker.uri(OPERATOR) if self.broker else str(self.amqp_uri),
            "OPERATOR_MONGO_URI": (
                self.database.uri(OPERATOR) if self.database else str(self.mongo_uri)
            ),
        }
        if self.broker:
            env["RABBITMQCTL"] = self.broker.control()
        if GATEWAY in self.services:
            env |= {"HUB_URL": self.hub_url, "HUB_ADMIN_KEY": self.admin_key}
        return env

    def env(self, service: str) -> dict[str, str]:
        """Return what this service's process needs in its environment, besides the common one.

        Raises: LocalError: the stack was never started, so it has no ports.
        """
        env = {
            "AMQP_URI": self.broker.uri(service) if self.broker else str(self.amqp_uri),
            "MONGO_URI": self.database.uri(service) if self.database else str(self.mongo_uri),
            "FOSCAO_DB": service,
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "INFO"),
            "PYTHONUNBUFFERED": "1",
        }
        imported = Path(os.environ.get(pcodes.VARIABLE) or self.home / pcodes.FILE)
        if imported.is_file():
            env[pcodes.VARIABLE] = str(imported)
        port = str(self._port(service))
        if service == GATEWAY:
            digest = hashlib.sha256(self.admin_key.encode()).hexdigest()
            return env | {
                "HTTP_HOST": "127.0.0.1",
                "HTTP_PORT": port,
                "HUB_ADMIN_KEY_SHA256": digest,
            }
        env |= {"HEALTH_HOST": "127.0.0.1", "HEALTH_PORT": port}
        if service == "participants":
            env["FOSCAO_MASTER_KEY_FILE"] = str(self.secrets.key_file("master.key", 96))
        if service == "notifications":
            env["FOSCAO_WEBHOOK_KEY_FILE"] = str(self.secrets.key_file("webhook.key", 32))
            env["WEBHOOK_ALLOW_PRIVATE"] = "1"  # a receiver on this machine is what one tries first
        return env

    def up(
        self, progress: Progress = lambda _step, _seconds: None, *, dies_with_parent: bool = False
    ) -> None:
        """Start what does not run and return when every process is ready; then write `hub.env` and
        `operator.env`.

        What was started is stopped again if that fails. With `dies_with_parent` the stack ends with
        the thread that called (tests); else it stays after the caller has gone.
        Raises: LocalError: a port taken, no disk, a part missing or not coming up.
        """
        private_folder(self.home)
        with self._alone():
            launched = not self._supervisor.running()
            try:
                if launched:
                    with _step(progress, "Secrets, ports and configuration"):
                        self._prepare()
                        self._supervisor.launch(self._programs(), dies_with_parent=dies_with_parent)
                self._start(progress)
            except BaseException:  # Ctrl-C too must not leave half a stack behind
                if launched:
                    self._supervisor.shutdown()
                raise
            if GATEWAY in self.services:
                text = f"HUB_URL={self.hub_url}\nHUB_ADMIN_KEY={self.admin_key}\n"
                write_private(self.home / "hub.env", text)
            operator = "".join(f"{name}={value}\n" for name, value in self.operator_env().items())
            write_private(self.home / "operator.env", operator)

    def down(self) -> None:
        """Stop gateway, services, then broker and database, each cleanly; the data stays."""
        if self.home.exists():
            with self._alone():
                self._supervisor.shutdown()

    def reset(self) -> None:
        """Stop the stack and delete its data, logs and secrets."""
        self.down()
        for part in ("data", "logs", "secrets", "run"):
            shutil.rmtree(self.home / part, ignore_errors=True)
        for name in ("hub.env", "operator.env"):
            (self.home / name).unlink(missing_ok=True)

    def processes(self) -> list[ProcessState]:
        """Return the state of each supervised process; none if the stack is down."""
        return self._supervisor.processes()

    def ready(self, name: str) -> bool:
        """Return whether a process takes work now: /readyz, an AMQP connection, or a listener."""
        if name in self.services:
            return _answers_ok(self._port(name), "/readyz")
        if name == "broker" and self.broker:
            return self.broker.answers()
        if name == "database" and self.database:
            return self.database.answers()
        return True  # epmd: the broker does not come up without it

    def _prepare(self) -> None:
        require_disk(self.home)
        for folder in (self._run, self.log_dir):
            private_folder(folder)
        wanted = {GATEWAY: self._http_port} if self._http_port else {}
        ports.claim(self._ports_file, ALL, wanted)
        for server in (self.broker, self.database):
            if server:
                server.prepare()

    def _programs(self) -> Iterator[Program]:
        if self.broker:
            for name, command in self.broker.commands().items():
                yield Program(
                    name=name,
                    group="names" if name == "epmd" else "servers",
                    priority=1 if name == "epmd" else 10,
                    command=command,
                    env=self.broker.env(),
                    autostart=True,
                    stop_timeout_s=STOP_TIMEOUT_S,
                )
        if self.database:
            for name, command in self.database.commands().items():
                yield Program(name, "servers", 10, command, {}, True, STOP_TIMEOUT_S)
        for name in self.services:
            module = name if name == GATEWAY else f"services.{name}"
            yield Program(
                name=name,
                group=self._group(name),
                priority=30 if name == GATEWAY else 20,
                command=[sys.executable, "-m", module],
                env=self.env(name),
                autostart=False,
                stop_timeout_s=STOP_TIMEOUT_S,
            )

    def _start(self, progress: Progress) -> None:
        for name, server in (("database", self.database), ("broker", self.broker)):
            if server:
                with _step(progress, f"Embedded {name}"):
                    if self._supervisor.gave_up(name):
                        self._supervisor.start("servers")
                    self._wait(name)
                    if isinstance(server, Database):
                        server.provision()
        for group in sorted({self._group(name) for name in self.services}):
            self._supervisor.start(group)
        for name in self.services:
            with _step(progress, f"{name}".capitalize()):
                self._wait(name)

    def _wait(self, name: str) -> None:
        process.wait_until(
            lambda: self.ready(name),
            name,
            self.log_dir / f"{name}.log",
            failed=lambda: self._supervisor.gave_up(name),
        )

    def _group(self, name: str) -> str:
        return "front" if name == GATEWAY else "services"

    def _port(self, name: str) -> int:
        return ports.saved(self._ports_file)[name]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep a second `up` or `down` on this folder waiting until the first is through."""
        with (self.home / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@contextmanager
def _step(progress: Progress, name: str) -> Iterator[None]:
    started = time.monotonic()
    progress(name, None)
    yield
    progress(name, time.monotonic() - started)


def _answers_ok(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
