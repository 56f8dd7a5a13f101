"""Servers that are away, alone, an arbiter or apart in time are found."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from deploy.local.database import Database
from deploy.local.process import spawn
from deploy.local.stack import Stack
from operations.doctor import members, replicas
from operations.doctor.finding import Severity
from tests.integration.operations.doctor.doctor_world import (
    ALWAYS,
    Client,
    Found,
    faults,
    findings,
    named,
)
from tests.stack import wait_for

Process = subprocess.Popen[bytes]


@pytest.mark.parametrize(("limit_s", "severity"), [(2, Severity.FAULT), (60, Severity.WARNING)])
def test_transactions_cut_off_too_soon_or_too_late_are_found(
    stack: Stack, root: Client, limit_s: int, severity: Severity
) -> None:
    name = "transactionLifetimeLimitSeconds"
    before = root.admin.command({"getParameter": 1, name: 1})[name]
    root.admin.command({"setParameter": 1, name: limit_s})
    try:
        found = named(findings(stack), severity)
    finally:
        root.admin.command({"setParameter": 1, name: before})
    assert found - ALWAYS == {("transaction-lifetime", "replica set")}


@pytest.fixture
def mongod(tmp_path: Path) -> Iterator[Callable[..., tuple[str, Process]]]:
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
    stack: Stack, mongod: Callable[..., tuple[str, Process]]
) -> None:
    address, _ = mongod("alone")
    uri = f"mongodb://{address}/?replicaSet=rs0"
    assert faults(stack, OPERATOR_MONGO_URI=uri) == {("replica-set", address)}


def test_a_database_that_is_away_is_found(stack: Stack) -> None:
    uri = "mongodb://127.0.0.1:9/?replicaSet=rs0"
    assert faults(stack, OPERATOR_MONGO_URI=uri) == {("primary", "replica set")}


def test_a_broker_that_is_away_is_found(stack: Stack) -> None:
    assert faults(stack, OPERATOR_AMQP_URI="amqp://operator:x@127.0.0.1:9/foscao") == {
        ("broker", "broker")
    }


def test_an_arbiter_is_found_and_a_member_that_is_down(
    mongod: Callable[..., tuple[str, Process]],
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
            return named([e for e in replicas.check(client, uri) if e.risk], severity)

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
def test_clocks_apart_are_found(ahead_s: tuple[float, ...], expected: dict[str, Severity]) -> None:
    asked = [members.Member(str(n), (8, 0, 1), {}, True, s) for n, s in enumerate(ahead_s)]
    found = [each for each in members.clocks(asked) if each.severity is not Severity.OK]
    assert {each.subject: each.severity for each in found} == expected
