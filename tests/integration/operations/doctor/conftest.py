"""One whole hub, running, for all that the doctor is to find."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator

import amqp
import pytest

from deploy.local.stack import Stack
from operations.settings import Settings
from shared.bus.connection import connect
from tests.integration.operations.doctor.doctor_world import Client


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("AMQP_URI", "MONGO_URI", "FOSCAO_MASTER_KEY_FILE", "FOSCAO_WEBHOOK_KEY_FILE"):
            environment.delenv(name, raising=False)
        environment.setenv("FOSCAO_MONGO_CACHE_GB", "0.25")
        hub = Stack(tmp_path_factory.mktemp("hub"))
        hub.up(dies_with_parent=True)
        yield hub
        hub.down()


@pytest.fixture(scope="package")
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
