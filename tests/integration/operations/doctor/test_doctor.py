"""`foscao doctor` against a whole running hub: all well, then one thing broken at a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import amqp
import pytest
from pymongo import ASCENDING, MongoClient
from pymongo.errors import OperationFailure

from cli.doctor import Room, examine
from cli.settings import Settings
from deploy.indexes import as_text, made_by_services
from deploy.local.database import Database
from deploy.local.process import spawn
from deploy.local.stack import Stack
from operations.doctor import indexes, machine, members, node, replicas
from operations.doctor.finding import Finding, Severity
from operations.doctor.queues import expected
from services.reporting.store.generation import Generation
from shared.access import PERMISSIONS, VHOST
from shared.bus.connection import connect
from shared.store import outbox
from shared.topology import Binding, Queue
from tests.stack import wait_for

ROOT = Path(__file__).resolve().parents[4]
DELAYS_S = (1.0, 5.0, 60.0, 600.0)
ALWAYS = {("members", "rs0")}  # a single member: a warning, on this machine nothing to be done
Client = MongoClient[dict[str, Any]]
Found = set[tuple[str, str]]
Process = subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AMQP_URI", "MONGO_URI", "FOSCAO_MASTER_KEY_FILE", "FOSCAO_WEBHOOK_KEY_FILE"):
            environment.delenv(name, raising=False)
        environment.setenv("FOSCAO_MONGO_CACHE_GB", "0.25")
        hub = Stack(tmp_path_factory.mktemp("hub"))
        hub.up(dies_with_parent=True)
        yield hub
        hub.down()


@pytest.fixture(scope="module")
def root(stack: Stack) -> Iterator[Client]:
    with Client(stack.mongo_root_uri, tz_aware=True) as client:
        yield client


@pytest.fixture
def channel(stack: Stack) -> Iterator[amqp.Channel]:
    """The broker's administrator's."""
    connection = connect(stack.amqp_admin_uri, "test")
    yield connection.channel()
    connection.collect()


@pytest.fixture
def rabbitmqctl(stack: Stack) -> Callable[..., None]:
    command = Settings.load({"FOSCAO_HOME": str(stack.home)}).rabbitmqctl
    assert command is not None

    def run(*words: str) -> None:
        subprocess.run([*command, "-q", *words], check=True, stdout=subprocess.DEVNULL)

    return run


def findings(stack: Stack, *, tools: bool = False, **settings: str) -> list[Finding]:
    """Whatever the doctor has to say; without the broker's own tool unless a test is about it."""
    environment = {"FOSCAO_HOME": str(stack.home), **settings}
    if not tools:
        environment["RABBITMQCTL"] = " "
    return [
        each
        for each in examine(Settings.load(environment))
        if each.severity is not Severity.OK and (tools or each.check != "broker-tools")
    ]


def faults(stack: Stack, *, tools: bool = False, **settings: str) -> Found:
    return _named(findings(stack, tools=tools, **settings), Severity.FAULT)


def warnings(stack: Stack, *, tools: bool = False) -> Found:
    return _named(findings(stack, tools=tools), Severity.WARNING) - ALWAYS


def _named(found: list[Finding], severity: Severity) -> Found:
    assert all(each.risk and each.remedy for each in found)
    return {(each.check, each.subject) for each in found if each.severity is severity}


def command(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", "doctor", *words],
        cwd=ROOT,
        env={**os.environ, "FOSCAO_HOME": str(stack.home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_healthy_hub_has_no_fault_and_one_warning(stack: Stack) -> None:
    done = command(stack, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["counts"]["fault"] == 0
    worse = {(e["check"], e["subject"]) for e in report["findings"] if e["severity"] != "ok"}
    assert worse == ALWAYS
    looked_for = {each["check"] for each in report["findings"]}
    assert looked_for >= {
        *("member-health", "write-concern", "version", "clock", "disk", "index"),
        *("database-user", "database-role", "lease", "outbox", "parked", "revoked", "seal"),
        *("broker-version", "exchange", "queue", "alarm", "broker-user", "policy", "binding"),
        *("broker-disk", "key", "libraries"),
    }


def test_without_the_brokers_tool_it_says_what_it_cannot_check(stack: Stack) -> None:
    settings = Settings.load({"FOSCAO_HOME": str(stack.home), "RABBITMQCTL": "no-such-program"})
    found = list(node.check(settings.rabbitmqctl, DELAYS_S))
    assert _named(found, Severity.WARNING) == {("broker-tools", "rabbitmqctl")}


def test_a_fault_is_told_with_its_risk_and_its_remedy_and_ends_with_1(stack: Stack) -> None:
    with mode(stack.home / "secrets" / "master.key", 0o644):
        done = command(stack)
    assert done.returncode == 1
    assert "FAULT    key master.key" in done.stdout
    assert "every user of this machine can read the key" in done.stdout
    assert "chmod 600" in done.stdout


def test_one_side_is_looked_at_alone_and_needs_nothing_of_the_others(tmp_path: Path) -> None:
    settings = Settings.load({"FOSCAO_HOME": str(tmp_path), "RABBITMQCTL": "no-such-program"})
    assert {each.check for each in examine(settings, [Room.BROKER])} == {"broker-tools"}


def test_what_is_not_set_ends_with_2_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "doctor"],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("OPERATOR_")}
        | {"FOSCAO_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


class TestIndexes:
    def test_the_table_is_what_the_services_make(self, tmp_path: Path) -> None:
        with Database(tmp_path) as server:
            made = as_text(made_by_services(server.root_uri))
        assert indexes.EXPECTED.read_text() == made, "run python -m deploy.indexes"

    def test_a_dropped_index_is_found(self, stack: Stack, root: Client) -> None:
        collection = root["activities"]["outbox"]
        collection.drop_index("subject_sequence_type")
        try:
            assert faults(stack) == {("index", "activities.outbox.subject_sequence_type")}
        finally:
            collection.create_indexes(list(outbox.INDEXES))

    def test_an_index_that_is_no_longer_unique_is_found(self, stack: Stack, root: Client) -> None:
        feed = root["notifications"]["feed"]
        feed.drop_index("id_1")
        feed.create_index("id")
        try:
            assert faults(stack) == {("index", "notifications.feed.id_1")}
        finally:
            feed.drop_index("id_1")
            feed.create_index("id", unique=True)

    @pytest.mark.parametrize(
        ("options", "severity"),
        [
            ({"expireAfterSeconds": 3600}, Severity.FAULT),
            ({"unique": True}, Severity.FAULT),
            ({}, Severity.WARNING),
        ],
    )
    def test_one_nobody_expects_is_found(
        self, stack: Stack, root: Client, options: dict[str, Any], severity: Severity
    ) -> None:
        people = root["participants"]["people"]
        people.create_index([("stray", ASCENDING)], name="stray", **options)
        try:
            found = [each for each in findings(stack) if each.check not in ("members",)]
        finally:
            people.drop_index("stray")
        assert _named(found, severity) == {("index-unexpected", "participants.people.stray")}
        assert len(found) == 1

    def test_of_the_projections_those_that_are_live_count(
        self, mongo_client: Client, db: Any
    ) -> None:
        """A rebuild leaves the live ones under another prefix; what else is there is no matter."""
        table = json.loads(indexes.EXPECTED.read_text())["reporting"]
        db["settings"].insert_one({"_id": "live", "prefix": "r2_", "beside": None})
        Generation(db, "r2_").create_indexes()
        Generation(db, "r3_").collection("people").create_index("stray", unique=True)
        seen = indexes.live(db, indexes.described(db))
        assert seen == {name: table[name] for name in ("activities", "people", "sessions")}


class TestQueues:
    PARTS: ClassVar = {each.name: each for each in expected(DELAYS_S) if isinstance(each, Queue)}

    @contextmanager
    def without(self, channel: amqp.Channel, name: str) -> Iterator[None]:
        """Take a queue away that is declared at a service's start only; put it back."""
        channel.queue_delete(name)
        try:
            yield
        finally:
            channel.queue_delete(name)
            self.PARTS[name].declare(channel)
            for each in expected(DELAYS_S):
                if isinstance(each, Binding) and each.queue == name:
                    each.declare(channel)

    def test_a_classic_queue_in_place_of_a_quorum_queue_is_found(
        self, stack: Stack, channel: amqp.Channel
    ) -> None:
        name = "reporting.retry.1000"
        arguments = dict(self.PARTS[name].arguments)
        for quorum in ("x-queue-type", "x-dead-letter-strategy"):
            del arguments[quorum]
        with self.without(channel, name):
            channel.queue_declare(name, durable=True, auto_delete=False, arguments=arguments)
            assert faults(stack) == {("queue", name)}

    def test_dead_lettering_that_may_lose_is_found_with_what_it_may_lose(
        self, stack: Stack, channel: amqp.Channel
    ) -> None:
        name = "reporting.retry.1000"
        arguments = {**self.PARTS[name].arguments, "x-dead-letter-strategy": "at-most-once"}
        with self.without(channel, name):
            channel.queue_declare(name, durable=True, auto_delete=False, arguments=arguments)
            found = [each for each in findings(stack) if each.severity is Severity.FAULT]
        assert [each.subject for each in found] == [name]
        assert "x-dead-letter-strategy" in found[0].found
        assert "lost if the broker stops" in found[0].risk

    def test_a_missing_queue_is_found_and_not_made(
        self, stack: Stack, channel: amqp.Channel
    ) -> None:
        name = "notifications.retry.5000"
        with self.without(channel, name):
            assert faults(stack) == {("queue", name)}
            assert faults(stack) == {("queue", name)}

    def test_a_lost_binding_is_found(self, stack: Stack, channel: amqp.Channel) -> None:
        bound = Binding("reporting.events", "foscao.events", "org.foscao.concern.*.v1")
        channel.queue_unbind(bound.queue, bound.exchange, bound.key)
        try:
            assert faults(stack, tools=True) == {("binding", "reporting.events")}
        finally:
            bound.declare(channel)

    def test_a_policy_is_found(self, stack: Stack, rabbitmqctl: Callable[..., None]) -> None:
        rabbitmqctl("set_policy", "-p", VHOST, "short", "events$", '{"max-length": 10}')
        try:
            assert faults(stack, tools=True) == {("policy", "short")}
        finally:
            rabbitmqctl("clear_policy", "-p", VHOST, "short")

    def test_a_memory_alarm_is_found(self, stack: Stack, rabbitmqctl: Callable[..., None]) -> None:
        rabbitmqctl("set_vm_memory_high_watermark", "absolute", "1000000")
        try:
            assert wait_for(lambda: faults(stack), 30) == {("alarm", "broker")}
        finally:
            rabbitmqctl("set_vm_memory_high_watermark", "0.4")
        wait_for(lambda: not faults(stack), 30)


class TestUsers:
    def test_a_role_too_many_is_found(self, stack: Stack, root: Client) -> None:
        extra = [{"role": "read", "db": "participants"}]
        root.admin.command("grantRolesToUser", "reporting", roles=extra)
        try:
            assert faults(stack) == {("database-user", "reporting")}
        finally:
            root.admin.command("revokeRolesFromUser", "reporting", roles=extra)

    def test_a_privilege_too_many_in_the_operators_role_is_found(
        self, stack: Stack, root: Client
    ) -> None:
        extra = [{"resource": {"db": "admin", "collection": ""}, "actions": ["createUser"]}]
        root.admin.command("grantPrivilegesToRole", "foscaoOperator", privileges=extra)
        try:
            assert faults(stack) == {("database-role", "foscaoOperator")}
        finally:
            root.admin.command("revokePrivilegesFromRole", "foscaoOperator", privileges=extra)

    def test_a_stranger_with_access_is_found(self, stack: Stack, root: Client) -> None:
        roles = [{"role": "read", "db": "participants"}]
        root.admin.command("createUser", "curious", pwd="x" * 20, roles=roles)
        try:
            assert warnings(stack) == {("database-user-unexpected", "curious")}
        finally:
            root.admin.command("dropUser", "curious")

    def test_permissions_too_wide_on_the_broker_are_found(
        self, stack: Stack, rabbitmqctl: Callable[..., None]
    ) -> None:
        rabbitmqctl("set_permissions", "-p", VHOST, "reporting", ".*", ".*", ".*")
        try:
            assert faults(stack, tools=True) == {("broker-user", "reporting")}
        finally:
            own = asdict(PERMISSIONS["reporting"])
            rabbitmqctl("set_permissions", "-p", VHOST, "reporting", *own.values())

    def test_the_operator_may_read_and_restore_but_change_no_user(self, stack: Stack) -> None:
        with Client(stack.operator_env()["OPERATOR_MONGO_URI"]) as client:
            client["reporting"]["proof"].insert_one({"_id": 1})
            client["reporting"]["proof"].drop()
            assert client["participants"]["people"].count_documents({}) == 0
            for forbidden in (
                lambda: client.admin.command("createUser", "x", pwd="x" * 20, roles=["root"]),
                lambda: client.admin.command(
                    "grantRolesToUser", "operator", roles=[{"role": "root", "db": "admin"}]
                ),
                lambda: client["elsewhere"]["things"].insert_one({}),
                lambda: client.admin.command("shutdown"),
            ):
                with pytest.raises(OperationFailure) as refused:
                    forbidden()
                assert refused.value.code == 13


class TestFlow:
    def test_an_event_that_is_not_published_is_found(self, stack: Stack, root: Client) -> None:
        rows = root["activities"]["outbox"]
        row = {
            "_id": "nobody-listens",
            "type": "nonsense.happened",
            "subject": "x",
            "sequence": 1,
            "body": b"{}",
            "actor": "test",
            "recorded_at": datetime.now(UTC) - timedelta(minutes=10),
            "published_at": None,
        }
        rows.insert_one(row)
        try:
            assert faults(stack) == {("outbox", "activities")}
            rows.update_one({}, {"$set": {"recorded_at": datetime.now(UTC) - timedelta(minutes=1)}})
            assert faults(stack) == set()
            assert warnings(stack) == {("outbox", "activities")}
        finally:
            rows.delete_one({"_id": row["_id"]})

    def test_a_relay_that_stands_still_is_found(self, stack: Stack) -> None:
        pid = next(each.pid for each in stack.processes() if each.name == "activities")
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            assert wait_for(lambda: faults(stack), 30) == {("lease", "activities")}
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_for(lambda: not faults(stack), 30)

    def test_parked_events_are_a_warning(self, stack: Stack, root: Client) -> None:
        root["reporting"]["parked"].insert_one({"_id": "p", "state": "parked"})
        try:
            assert warnings(stack) == {("parked", "reporting")}
        finally:
            root["reporting"]["parked"].delete_one({"_id": "p"})

    def test_webhooks_of_a_revoked_key_that_nobody_closes_are_found(
        self, stack: Stack, root: Client
    ) -> None:
        pid = next(each.pid for each in stack.processes() if each.name == "gateway")
        assert pid is not None
        keys = root["gateway"]["api_keys"]
        os.kill(pid, signal.SIGSTOP)
        try:
            keys.insert_one({"_id": "leaked", "revoked_at": datetime.now(UTC)})
            assert faults(stack) == set(), "it may still be under way"
            keys.update_one({}, {"$set": {"revoked_at": datetime.now(UTC) - timedelta(minutes=1)}})
            (found,) = (each for each in findings(stack) if each.severity is Severity.FAULT)
            assert (found.check, found.subject) == ("revoked", "gateway")
            assert "leaked" in found.found
        finally:
            os.kill(pid, signal.SIGCONT)
        try:
            wait_for(lambda: not faults(stack), 30)
        finally:
            keys.delete_one({"_id": "leaked"})


class TestKeys:
    def test_a_key_others_can_read_is_found(self, stack: Stack) -> None:
        with mode(stack.home / "secrets" / "webhook.key", 0o644):
            assert faults(stack) == {("key", "webhook.key")}

    def test_a_password_others_can_read_is_found(self, stack: Stack) -> None:
        with mode(stack.home / "operator.env", 0o640):
            assert faults(stack) == {("secret", "operator.env")}

    def test_a_key_cut_short_is_found(self, stack: Stack) -> None:
        path = stack.home / "secrets" / "master.key"
        whole = path.read_text()
        path.write_text(whole[:64])
        try:
            assert faults(stack) == {("key", "master.key")}
        finally:
            path.write_text(whole)

    def test_a_key_mounted_readable_in_a_private_folder_is_well(self, tmp_path: Path) -> None:
        folder = tmp_path / "mounted"
        folder.mkdir(mode=0o700)
        (folder / "key").write_text("x" * 128)
        (folder / "key").chmod(0o444)
        found = machine.check(tmp_path, {"FOSCAO_MASTER_KEY_FILE": str(folder / "key")})
        assert ("key", "master.key") in {
            (each.check, each.subject) for each in found if each.severity is Severity.OK
        }


class TestServers:
    @pytest.mark.parametrize(("limit_s", "severity"), [(2, Severity.FAULT), (60, Severity.WARNING)])
    def test_transactions_cut_off_too_soon_or_too_late_are_found(
        self, stack: Stack, root: Client, limit_s: int, severity: Severity
    ) -> None:
        name = "transactionLifetimeLimitSeconds"
        before = root.admin.command({"getParameter": 1, name: 1})[name]
        root.admin.command({"setParameter": 1, name: limit_s})
        try:
            found = _named(findings(stack), severity)
        finally:
            root.admin.command({"setParameter": 1, name: before})
        assert found - ALWAYS == {("transaction-lifetime", "replica set")}

    @pytest.fixture
    def mongod(self, tmp_path: Path) -> Iterator[Callable[..., tuple[str, Process]]]:
        """Starts a mongod without authentication; returns its address and process."""
        with ExitStack() as ends:

            def start(name: str, *options: str) -> tuple[str, Process]:
                server = Database(tmp_path / name)
                server.prepare()
                words = server.commands()["database"]
                port = words[words.index("--port") + 1]
                data = words[words.index("--dbpath") + 1]
                started = [words[0], "--port", port, "--dbpath", data, "--bind_ip", "127.0.0.1"]
                started += ["--nounixsocket", "--wiredTigerCacheSizeGB", "0.25", *options]
                process = spawn(started, tmp_path / f"{name}.log", {})
                ends.callback(process.wait)
                ends.callback(process.kill)  # a primary would wait long for its set to follow
                wait_for(server.answers, 30)
                return f"127.0.0.1:{port}", process

            yield start

    def test_a_standalone_server_is_found(
        self, stack: Stack, mongod: Callable[..., tuple[str, Process]]
    ) -> None:
        address, _ = mongod("alone")
        uri = f"mongodb://{address}/?replicaSet=rs0"
        assert faults(stack, OPERATOR_MONGO_URI=uri) == {("replica-set", address)}

    def test_a_database_that_is_away_is_found(self, stack: Stack) -> None:
        uri = "mongodb://127.0.0.1:9/?replicaSet=rs0"
        assert faults(stack, OPERATOR_MONGO_URI=uri) == {("primary", "replica set")}

    def test_a_broker_that_is_away_is_found(self, stack: Stack) -> None:
        assert faults(stack, OPERATOR_AMQP_URI="amqp://operator:x@127.0.0.1:9/foscao") == {
            ("broker", "broker")
        }

    def test_an_arbiter_is_found_and_a_member_that_is_down(
        self, mongod: Callable[..., tuple[str, Process]]
    ) -> None:
        (data, _), (second, killed), (arbiter, _) = (
            mongod(name, "--replSet", "rs0") for name in ("data", "second", "arbiter")
        )
        nodes = [
            {"_id": 0, "host": data},
            {"_id": 1, "host": second, "priority": 0},
            {"_id": 2, "host": arbiter, "arbiterOnly": True},
        ]
        with Client(data, directConnection=True) as client:

            def found(severity: Severity) -> Found:
                uri = f"mongodb://{data}/?replicaSet=rs0"
                return _named([e for e in replicas.check(client, uri) if e.risk], severity)

            client.admin.command("replSetInitiate", {"_id": "rs0", "members": nodes})
            wait_for(lambda: client.admin.command("hello")["isWritablePrimary"], 30)
            wait_for(lambda: found(Severity.FAULT) == {("arbiter", "rs0")}, 30)
            # With an arbiter, MongoDB's own default is no majority any more.
            assert ("write-concern", "default") in found(Severity.WARNING)
            killed.kill()
            wait_for(lambda: ("member-health", second) in found(Severity.FAULT), 30)

    @pytest.mark.parametrize(
        ("ahead_s", "expected"),
        [
            ((0.0, 0.2, -0.1), {}),
            ((0.0, 2.0), {"members": Severity.WARNING, "here": Severity.WARNING}),
            ((-4.0, 4.0), {"members": Severity.FAULT, "here": Severity.WARNING}),
            ((300.0, 300.0), {"here": Severity.FAULT}),
        ],
    )
    def test_clocks_apart_are_found(
        self, ahead_s: tuple[float, ...], expected: dict[str, Severity]
    ) -> None:
        asked = [members.Member(str(n), (8, 0, 1), {}, True, s) for n, s in enumerate(ahead_s)]
        found = [each for each in members.clocks(asked) if each.severity is not Severity.OK]
        assert {each.subject: each.severity for each in found} == expected


@contextmanager
def mode(path: Path, bits: int) -> Iterator[None]:
    before = path.stat().st_mode
    path.chmod(bits)
    try:
        yield
    finally:
        path.chmod(before)
