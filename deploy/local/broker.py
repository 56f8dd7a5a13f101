"""Owns the embedded RabbitMQ: a private node in a folder, on loopback, never the system's service.

It has an epmd (Erlang's name server) of its own, so that nodes side by side neither meet nor
collide, and nothing stays behind when it stops. Users and permissions are in a definitions file
that the node loads while it boots: the command line tools would cost seconds of Erlang start each.
"""

import json
import shlex
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import amqp

from deploy.local import ports, process
from deploy.local.bootstrap import RABBITMQ_SERVER
from deploy.local.credentials import Secrets, private_folder, write_private
from deploy.local.errors import LocalError
from deploy.permissions import broker_definitions, rabbit_password_hash
from shared.access import USERS, VHOST

ADMIN = "admin"
RABBITMQCTL = RABBITMQ_SERVER.with_name("rabbitmqctl")


class Broker:
    """One RabbitMQ node in `home`: a context that starts and stops it, or a supervisor's parts."""

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()
        self.secrets = Secrets(self.home)
        self.log = self.home / "logs" / "broker.log"
        self._data = self.home / "data" / "broker"
        self._run = self.home / "run"
        self._ports_file = self._run / "broker.ports.json"
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def admin_uri(self) -> str:
        """The administrator's AMQP URI: may do all in the vhost."""
        return self.uri(ADMIN)

    def uri(self, user: str) -> str:
        """Return the AMQP URI of a service or the gateway; LocalError before the first start."""
        password = self.secrets.password(f"amqp.{user}")
        port = ports.saved(self._ports_file)["amqp"]
        return f"amqp://{user}:{password}@127.0.0.1:{port}/{VHOST}"

    def prepare(self) -> None:
        """Claim ports and write the node's configuration; LocalError if RabbitMQ is missing."""
        if not RABBITMQ_SERVER.exists():
            raise LocalError(
                "RabbitMQ is missing: run `make setup` or install the package rabbitmq-server, or "
                "set RABBITMQ_SERVER to the program, or AMQP_URI to a broker of yours"
            )
        for folder in (self._run, self._data, self.log.parent):
            private_folder(folder)
        port = ports.claim(self._ports_file, ("amqp", "epmd", "distribution"))["amqp"]
        passwords = {user: self.secrets.password(f"amqp.{user}") for user in (*USERS, ADMIN)}
        admin_hash = rabbit_password_hash(passwords.pop(ADMIN))
        definitions = broker_definitions(passwords)
        definitions["users"].append(
            {
                "name": ADMIN,
                "password_hash": admin_hash,
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": ["administrator"],
            }
        )
        definitions["permissions"].append(
            {"user": ADMIN, "vhost": VHOST, "configure": ".*", "write": ".*", "read": ".*"}
        )
        write_private(self._run / "definitions.json", json.dumps(definitions))
        write_private(self._run / "enabled_plugins", "[].")
        write_private(
            self._run / "rabbitmq.conf",
            f"listeners.tcp.1 = 127.0.0.1:{port}\n"
            "log.console = true\nlog.file = false\n"
            f"load_definitions = {self._run / 'definitions.json'}\n",
        )

    def commands(self) -> dict[str, list[str]]:
        """Return the command lines by program name, in starting order."""
        epmd_port = str(ports.saved(self._ports_file)["epmd"])
        return {
            "epmd": ["epmd", "-address", "127.0.0.1", "-port", epmd_port],
            "broker": [str(RABBITMQ_SERVER)],
        }

    def env(self) -> dict[str, str]:
        """Return what the node's processes need in their environment besides ours."""
        claimed = ports.saved(self._ports_file)
        absent = str(self._run / "absent")  # instead of /etc/rabbitmq: the system's node, not ours
        return {
            "HOME": str(self._data),  # the Erlang cookie
            "RABBITMQ_NODENAME": "foscao@localhost",
            "RABBITMQ_CONFIG_FILE": str(self._run / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": absent,
            "RABBITMQ_CONFIG_FILES": absent,
            "RABBITMQ_CONF_ENV_FILE": absent,
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._run / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self._data / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._data / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_DIST_PORT": str(claimed["distribution"]),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(claimed["epmd"]),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def control(self) -> str:
        """Return the command line of `rabbitmqctl` for this node, quoted for a shell."""
        environment = [f"{name}={value}" for name, value in self.env().items()]
        return shlex.join(["env", *environment, str(RABBITMQCTL)])

    def answers(self) -> bool:
        """Return whether the administrator can open an AMQP connection now."""
        port = ports.saved(self._ports_file)["amqp"]
        if not ports.is_open(port):
            return False
        try:
            with amqp.Connection(
                f"127.0.0.1:{port}",
                userid=ADMIN,
                password=self.secrets.password(f"amqp.{ADMIN}"),
                virtual_host=VHOST,
                connect_timeout=2,
                read_timeout=2,
            ):
                return True
        except (OSError, amqp.AMQPError):
            return False

    def start(self) -> Self:
        """Start the node as children of this thread and return once it takes connections.

        Raises: LocalError: RabbitMQ is missing, or did not come up in 60 s.
        """
        self.launch()
        self.wait_ready()
        return self

    def launch(self) -> None:
        """Start the node's processes without waiting for them."""
        self.prepare()
        for command in self.commands().values():
            self._processes.append(process.spawn(command, self.log, self.env()))

    def wait_ready(self) -> None:
        """Return once the launched node takes connections; LocalError if it does not."""
        node = self._processes[-1]
        try:
            process.wait_until(
                self.answers, "the broker", self.log, failed=lambda: node.poll() is not None
            )
        except LocalError:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the node, cleanly; its data stays."""
        while self._processes:
            process.stop(self._processes.pop())

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
