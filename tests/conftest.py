"""Fixtures for tests with real parts: one database and one broker per session, started on demand.

    db          a fresh database for this test
    amqp_uri    a vhost of its own for this test module
    config      a Config of these two, for stores, consumers and relays inside the test's process
    service     starts service processes: `service("activities")`; they end with the test
    rpc         calls them: `rpc("activities.get_many", request)`

`AMQP_URI` and `MONGO_URI` in the environment stand for servers to use instead; then all modules
share that vhost, and a module's queues are deleted by `service` when it ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from pymongo import MongoClient
from pymongo.database import Database

from deploy.local.database import Database as LocalDatabase
from shared.config import Config
from shared.types import Document
from tests.stack import RpcClient, ServiceProcess, TestBroker, delete_queues

# How long an example takes says how busy the machine is; a test that hangs ends by its time-out.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(scope="session")
def mongo_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An administrator's URI of the session's database server."""
    if given := os.environ.get("MONGO_URI"):
        yield given
        return
    with LocalDatabase(tmp_path_factory.mktemp("database")) as server:
        yield server.root_uri


@pytest.fixture(scope="session")
def mongo_client(mongo_uri: str) -> Iterator[MongoClient[Document]]:
    with MongoClient[Document](mongo_uri, tz_aware=True) as client:
        yield client


@pytest.fixture
def db(mongo_client: MongoClient[Document]) -> Iterator[Database[Document]]:
    """A fresh database, dropped after the test; use `mongo.connect(config)` for our settings."""
    name = f"test_{os.urandom(6).hex()}"
    yield mongo_client[name]
    mongo_client.drop_database(name)


@pytest.fixture(scope="session")
def _vhosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[str]]:
    if given := os.environ.get("AMQP_URI"):
        yield iter(lambda: given, None)
        return
    with TestBroker(tmp_path_factory.mktemp("broker")) as broker:
        yield iter(broker.test_uris())


@pytest.fixture(scope="module")
def amqp_uri(_vhosts: Iterator[str]) -> str:
    """An administrator's URI of a vhost that no other module uses."""
    uri = next(_vhosts, None)
    assert uri is not None, "more modules than spare vhosts: raise TestBroker.vhosts"
    return uri


@pytest.fixture
def config(db: Database[Document], amqp_uri: str, mongo_uri: str) -> Config:
    """For parts run inside the test's process; no consumers are waited for."""
    return Config(
        service="testing",
        amqp_uri=amqp_uri,
        mongo_uri=mongo_uri,
        database=db.name,
        event_consumers=(),
    )


@pytest.fixture
def service(
    db: Database[Document], amqp_uri: str, mongo_uri: str, tmp_path: Path
) -> Iterator[Callable[..., ServiceProcess]]:
    """`service(name, *, module=None, start=True, **env)`: a process of services.<name>.

    Its database is this test's `db` unless FOSCAO_DB says else; it waits for no consumers. It is
    killed, and its queues are deleted, when the test ends.
    """
    processes: list[ServiceProcess] = []
    names: set[str] = set()

    def start_service(
        name: str, *, module: str | None = None, start: bool = True, **env: str
    ) -> ServiceProcess:
        process = ServiceProcess(
            module or f"services.{name}",
            {
                "AMQP_URI": amqp_uri,
                "MONGO_URI": mongo_uri,
                "FOSCAO_DB": db.name,
                "EVENT_CONSUMERS": "-",
                **env,
            },
            tmp_path / f"{name}-{len(processes)}.log",
        )
        processes.append(process)
        names.add(name)
        return process.start() if start else process

    yield start_service
    for process in processes:
        process.kill()
    retries = [f"{name}.retry.{ms}" for name in names for ms in (1000, 5000, 60000, 600000)]
    delete_queues(
        amqp_uri, [*(f"{n}.events" for n in names), *(f"rpc-{n}" for n in names), *retries]
    )


@pytest.fixture
def rpc(amqp_uri: str) -> Iterator[Callable[..., Any]]:
    """`rpc("service.method", request, timeout_s=10)`; raises the HubError it answers with."""
    client = RpcClient(amqp_uri)
    yield client.call
    client.close()
