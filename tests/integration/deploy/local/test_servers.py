"""The local servers: private, least privileges, secrets, restarts that keep everything."""

import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import amqp
import pytest
from amqp.exceptions import AccessRefused
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy.local import ports
from deploy.local.broker import Broker
from deploy.local.database import Database
from deploy.local.stack import Stack
from tests.stack import wait_for

ROOT = Path(__file__).resolve().parents[4]


def connect(uri: str) -> amqp.Connection:
    user, password = uri.removeprefix("amqp://").split("@")[0].split(":")
    host, vhost = uri.split("@")[1].split("/")
    connection = amqp.Connection(host, userid=user, password=password, virtual_host=vhost)
    connection.connect()
    return connection


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="module")
def database(home: Path) -> Iterator[Database]:
    with Database(home) as database:
        yield database


@pytest.fixture(scope="module")
def broker(home: Path) -> Iterator[Broker]:
    with Broker(home) as broker:
        yield broker


@pytest.mark.parametrize(
    ("user", "own", "foreign"),
    [
        ("participants", "participants", "reporting"),
        ("participants", "participants_keys", "gateway"),
        ("activities", "activities", "participants"),
        ("reporting", "reporting", "participants_keys"),
        ("gateway", "gateway", "activities"),
    ],
)
def test_a_database_user_reaches_its_own_database_alone(
    database: Database, user: str, own: str, foreign: str
) -> None:
    client: MongoClient[dict[str, Any]] = MongoClient(database.uri(user))
    with client:
        with client.start_session() as session, session.start_transaction():
            client[own].things.insert_one({"owner": user}, session=session)
        assert client[own].things.count_documents({"owner": user}) == 1
        for forbidden in (
            lambda: client[foreign].things.find_one(),
            lambda: client[foreign].things.insert_one({}),
            lambda: client.admin.command("usersInfo"),
        ):
            with pytest.raises(OperationFailure) as refused:
                forbidden()
            assert refused.value.code == 13


def test_the_database_lets_nobody_in_without_a_password(database: Database) -> None:
    client: MongoClient[dict[str, Any]]
    address = database.root_uri.split("@")[1]
    with (
        MongoClient(f"mongodb://{address}") as client,
        pytest.raises(OperationFailure, match="requires authentication"),
    ):
        client.activities.things.find_one()


def test_a_producer_sends_a_consumer_hears_and_nobody_uses_anothers_queues(broker: Broker) -> None:
    with (
        connect(broker.uri("reporting")) as hearing,
        connect(broker.uri("activities")) as sending,
    ):
        channel = hearing.channel()
        channel.exchange_declare("foscao.events", "topic", durable=True, auto_delete=False)
        channel.queue_declare("reporting.events", durable=True, auto_delete=False)
        channel.queue_bind("reporting.events", "foscao.events", "activity.#")
        producer = sending.channel()
        producer.confirm_select()
        producer.basic_publish_confirm(
            amqp.Message(b"x"), exchange="foscao.events", routing_key="activity.recorded"
        )
        wait_for(lambda: channel.basic_get("reporting.events", no_ack=True) is not None, 30)
        with pytest.raises(AccessRefused):
            channel.queue_declare("participants.events", durable=True, auto_delete=False)
        with pytest.raises(AccessRefused):
            producer.basic_get("reporting.events")
    with connect(broker.uri("activities")) as connection:
        channel = connection.channel()
        channel.queue_declare("activities.events", durable=True, auto_delete=False)
        with pytest.raises(AccessRefused):
            channel.queue_bind("activities.events", "foscao.events", "#")


def test_the_gateway_cannot_publish_events(broker: Broker) -> None:
    with connect(broker.admin_uri) as connection:
        connection.channel().exchange_declare(
            "foscao.events", "topic", durable=True, auto_delete=False
        )
    with connect(broker.uri("gateway")) as connection:
        channel = connection.channel()
        channel.confirm_select()
        with pytest.raises(AccessRefused):
            channel.basic_publish_confirm(amqp.Message(b"x"), exchange="foscao.events")


def test_the_brokers_default_user_does_not_exist(broker: Broker) -> None:
    address = broker.admin_uri.split("@")[1]
    with pytest.raises(AccessRefused):
        connect(f"amqp://guest:guest@{address}")


def test_the_servers_listen_on_loopback_alone(
    home: Path, broker: Broker, database: Database
) -> None:
    claimed = {
        port
        for name in ("broker", "database")
        for port in ports.saved(home / "run" / f"{name}.ports.json").values()
    }
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state = line.split()[:4]
            address, port = local.split(":")
            if state == "0A" and int(port, 16) in claimed:  # 0A: LISTEN
                addresses.add(address)
    loopback4, loopback6 = "0100007F", "00000000000000000000000001000000"
    assert loopback4 in addresses
    assert addresses <= {loopback4, loopback6}


def test_secrets_are_for_their_owner_alone(home: Path, broker: Broker, database: Database) -> None:
    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    secrets = list((home / "secrets").iterdir())
    assert secrets
    assert mode(home / "secrets") == 0o700
    assert {mode(path) for path in secrets} == {0o600}
    for path in secrets:
        written = path.read_text().encode()
        for log in (home / "logs").iterdir():
            assert written not in log.read_bytes()
    assert mode(home / "run" / "definitions.json") == 0o600


@pytest.mark.usefixtures("no_servers_given")
def test_a_restart_keeps_messages_documents_and_passwords_even_on_other_ports(
    tmp_path: Path,
) -> None:
    client: MongoClient[dict[str, Any]]
    with (
        Database(tmp_path) as database,
        MongoClient[dict[str, Any]](database.uri("activities")) as client,
    ):
        client.activities.things.insert_one({"_id": "kept"})
    with Broker(tmp_path) as broker, connect(broker.admin_uri) as connection:
        channel = connection.channel()
        channel.queue_declare(
            "reporting.events",
            durable=True,
            auto_delete=False,
            arguments={"x-queue-type": "quorum"},
        )
        channel.confirm_select()
        channel.basic_publish_confirm(
            amqp.Message(b"kept", delivery_mode=2), routing_key="reporting.events"
        )
    secrets = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    old = [
        ports.saved(tmp_path / "run" / f"{server}.ports.json")[name]
        for server, name in (("database", "mongo"), ("broker", "amqp"))
    ]
    taken = [socket.socket() for _ in old]
    for each, port in zip(taken, old, strict=True):
        each.bind(("127.0.0.1", port))
    try:
        with (
            Database(tmp_path) as database,
            MongoClient[dict[str, Any]](database.uri("activities")) as client,
        ):
            assert client.activities.things.find_one() == {"_id": "kept"}
        with Broker(tmp_path) as broker, connect(broker.uri("reporting")) as connection:
            message = connection.channel().basic_get("reporting.events", no_ack=True)
            assert message is not None
            assert message.body == b"kept"
    finally:
        for each in taken:
            each.close()
    assert secrets == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}


def test_the_servers_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time, pathlib\n"
        "from deploy.local.broker import Broker\nfrom deploy.local.database import Database\n"
        "home = pathlib.Path(sys.argv[1])\n"
        "database, broker = Database(home), Broker(home)\n"
        "database.launch(); broker.launch(); database.wait_ready(); broker.wait_ready()\n"
        "print('ready', flush=True); time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        claimed = [
            port
            for file in (tmp_path / "run").glob("*.ports.json")
            for port in ports.saved(file).values()
        ]
        assert len(claimed) == 4
        assert all(ports.is_open(port) for port in claimed)
    finally:
        parent.kill()
        parent.wait()
    wait_for(lambda: not any(ports.is_open(port) for port in claimed), 30)


def test_servers_given_in_the_environment_are_used_and_none_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broker: Broker, database: Database
) -> None:
    monkeypatch.setenv("AMQP_URI", broker.admin_uri)
    monkeypatch.setenv("MONGO_URI", database.root_uri)
    stack = Stack(tmp_path, services=())
    stack.up(dies_with_parent=True)
    try:
        assert stack.processes() == []
        assert not (tmp_path / "data").exists()
        assert stack.amqp_admin_uri == broker.admin_uri
        assert stack.mongo_root_uri == database.root_uri
    finally:
        stack.down()
