"""What compose and Kubernetes prepare, on real servers: databases with their users, the broker."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import amqp
import pytest
from amqp.exceptions import AccessRefused
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy import credentials
from deploy.databases import mongo_uri, prepare
from deploy.local.broker import Broker
from deploy.local.database import Database
from shared import topology
from shared.access import DATABASES, SERVICES
from shared.subscriptions import PATTERNS

ROOT = Path(__file__).resolve().parents[3]
SECRETS = credentials.generate()


class Mongod:
    """A mongod as the container starts it: an administrator made first, then a key file."""

    def __init__(self, home: Path) -> None:
        stack = Database(home / "local")
        stack.prepare()
        self._binary, self._port = stack.commands()["database"][0], self._free_port(stack)
        self._data, self._keyfile = home / "db", home / "keyfile"
        self._data.mkdir()
        self._keyfile.write_text(SECRETS.mongo_keyfile)
        self._keyfile.chmod(0o400)
        self.address = f"127.0.0.1:{self._port}"
        self.admin_uri = (
            f"mongodb://root:{SECRETS.mongo_root}@{self.address}/?directConnection=true"
        )

    @staticmethod
    def _free_port(stack: Database) -> str:
        command = stack.commands()["database"]
        return command[command.index("--port") + 1]

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        command = [self._binary, "--dbpath", str(self._data), "--port", self._port]
        command += ["--bind_ip", "127.0.0.1", "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]
        return subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)

    def start_secured(self) -> subprocess.Popen[bytes]:
        return self.start("--replSet", "rs0", "--keyFile", str(self._keyfile))


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=60)


@pytest.fixture(scope="module")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongod]:
    server = Mongod(tmp_path_factory.mktemp("mongod"))
    unsecured = server.start()
    try:
        with MongoClient[dict[str, Any]](server.address, directConnection=True) as client:
            client.admin.command("createUser", "root", pwd=SECRETS.mongo_root, roles=["root"])
    finally:
        stop(unsecured)
    secured = server.start_secured()
    yield server
    stop(secured)


def run_job(server: Mongod, folder: Path, passwords: dict[str, str]) -> None:
    users = folder / "users.json"
    users.write_text(json.dumps(passwords))
    environment = {
        "MONGO_ADMIN_URI": server.admin_uri,
        "MONGO_REPLICA_HOST": server.address,
        "MONGO_USERS_FILE": str(users),
    }
    subprocess.run(
        [sys.executable, "-m", "deploy.databases"],
        cwd=ROOT,
        env=os.environ | environment,
        check=True,
        timeout=120,
    )


def test_the_job_gives_each_user_its_own_databases_and_no_other(
    mongod: Mongod, tmp_path: Path
) -> None:
    run_job(mongod, tmp_path, dict(SECRETS.mongo))
    for user, databases in DATABASES.items():
        uri = mongo_uri(user, SECRETS.mongo[user], mongod.address)
        with MongoClient[dict[str, Any]](uri) as client:
            for database in databases:
                with client.start_session() as session, session.start_transaction():
                    client[database]["proof"].insert_one({"by": user}, session=session)
            for foreign in {name for names in DATABASES.values() for name in names} - {*databases}:
                with pytest.raises(OperationFailure, match="not authorized"):
                    client[foreign]["proof"].find_one()


def test_the_job_run_again_keeps_data_and_brings_passwords_up_to_date(
    mongod: Mongod, tmp_path: Path
) -> None:
    run_job(mongod, tmp_path, dict(SECRETS.mongo))
    with MongoClient[dict[str, Any]](mongod.admin_uri) as admin:
        admin["reporting"]["kept"].insert_one({"_id": 1})
        run_job(mongod, tmp_path, {**SECRETS.mongo, "reporting": "rotated"})
        with MongoClient[dict[str, Any]](
            mongo_uri("reporting", "rotated", mongod.address)
        ) as client:
            assert client["reporting"]["kept"].find_one() == {"_id": 1}
        run_job(mongod, tmp_path, dict(SECRETS.mongo))


def test_a_server_that_never_answers_is_given_up_with_a_reason() -> None:
    started = time.monotonic()
    with (
        MongoClient[dict[str, Any]]("127.0.0.1:9", serverSelectionTimeoutMS=100) as client,
        pytest.raises(TimeoutError, match="ServerSelectionTimeoutError"),
    ):
        prepare(client, "127.0.0.1:9", {"reporting": "x"}, deadline_s=0.5)
    assert time.monotonic() - started < 10


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker")) as started:
        yield started


Opener = Callable[[str], amqp.Channel]


@pytest.fixture
def channel(broker: Broker) -> Iterator[Opener]:
    """Opens a channel of its own for a user, each on its own connection."""
    connections: list[amqp.Connection] = []

    def open_channel(user: str) -> amqp.Channel:
        login, _, place = broker.uri(user).removeprefix("amqp://").partition("@")
        name, _, password = login.partition(":")
        host, _, vhost = place.partition("/")
        connection = amqp.Connection(host, userid=name, password=password, virtual_host=vhost)
        connection.connect()
        connections.append(connection)
        return connection.channel()

    yield open_channel
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_hears_calls_to_itself_and_to_nobody_else(channel: Opener, service: str) -> None:
    own = channel(service)
    topology.declare(own, topology.for_calls(service))
    for key in ("#", *(f"{other}.*" for other in {*SERVICES} - {service})):
        spy = channel(service)
        spy.queue_declare(f"{service}.spy", durable=True, auto_delete=False)
        with pytest.raises(AccessRefused):
            spy.queue_bind(f"{service}.spy", "nameko-rpc", key)
        spy = channel(service)
        spy.exchange_declare(f"{service}.ear", "fanout", durable=True, auto_delete=False)
        with pytest.raises(AccessRefused):
            spy.exchange_bind(f"{service}.ear", "nameko-rpc", key)
    with pytest.raises(AccessRefused):
        channel(service).queue_declare("rpc.reply-gateway-1", durable=True)


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_sends_calls_by_whatever_way_nor_hears_answers(
    channel: Opener, service: str
) -> None:
    """A service believes who a call says it comes from: one that may call may ask for all names."""
    topology.declare(channel(service), topology.for_calls(service))
    gateway = channel("gateway")
    gateway.exchange_declare("rpc.replies", "direct", durable=True, auto_delete=False)

    forger = channel(service)
    with pytest.raises(AccessRefused):
        forger.basic_publish_confirm(amqp.Message("x"), "nameko-rpc", "participants.list")
    with pytest.raises(AccessRefused):
        channel(service).exchange_declare(
            f"{service}.alternate", "fanout", arguments={"alternate-exchange": "nameko-rpc"}
        )
    with pytest.raises(AccessRefused):
        channel(service).queue_declare(
            f"{service}.dying", arguments={"x-dead-letter-exchange": "nameko-rpc"}
        )
    bridge = channel(service)
    bridge.exchange_declare(f"{service}.bridge", "fanout", durable=True, auto_delete=False)
    with pytest.raises(AccessRefused):
        bridge.exchange_bind("nameko-rpc", f"{service}.bridge")
    spy = channel(service)
    spy.queue_declare(f"{service}.spy", durable=True, auto_delete=False)
    with pytest.raises(AccessRefused):
        spy.queue_bind(f"{service}.spy", "rpc.replies", "1")


@pytest.mark.parametrize(
    ("service", "more"),
    [
        ("notifications", ("org.foscao.standing.changed.v1",)),
        ("activities", ("org.foscao.attendance.*.v1",)),
    ],
)
def test_who_needs_no_more_of_people_hears_no_more(
    channel: Opener, service: str, more: tuple[str, ...]
) -> None:
    topology.declare(channel(service), topology.for_events(service, PATTERNS[service], ()))
    people = ("org.foscao.participant.*.v1", "org.foscao.nomination.decided.v1")
    for key in ("#", *people, *more, "present.reporting"):
        with pytest.raises(AccessRefused):
            channel(service).queue_bind(f"{service}.events", "foscao.events", key)


def test_activities_hear_who_counts_and_still_tell(channel: Opener) -> None:
    topology.declare(
        channel("activities"), topology.for_events("activities", PATTERNS["activities"], ())
    )
    for sender, key in (("participants", "standing.changed"), ("activities", "activity.recorded")):
        channel(sender).basic_publish_confirm(
            amqp.Message(key), "foscao.events", f"org.foscao.{key}.v1"
        )
    queue = channel("activities").queue_declare("activities.events", passive=True)
    assert queue.message_count == 1


def test_the_gateway_calls_and_is_answered(channel: Opener) -> None:
    gateway, service = channel("gateway"), channel("reporting")
    topology.declare(service, topology.for_calls("reporting"))
    gateway.exchange_declare("rpc.replies", "direct", durable=True, auto_delete=False)
    gateway.queue_declare("rpc.reply-gateway-2", exclusive=True)
    gateway.queue_bind("rpc.reply-gateway-2", "rpc.replies", "2")

    gateway.basic_publish_confirm(amqp.Message("call"), "nameko-rpc", "reporting.report")
    assert service.basic_get("rpc-reporting", no_ack=True).body == "call"
    service.basic_publish_confirm(amqp.Message("answer"), "rpc.replies", "2")
    assert gateway.basic_get("rpc.reply-gateway-2", no_ack=True).body == "answer"
    with pytest.raises(AccessRefused):
        gateway.queue_declare("participants.events", durable=True, auto_delete=False)
