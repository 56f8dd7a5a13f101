"""One hub for all tests of faults, and the chapters whose books are compared after each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cluster import Hub
from tests.faults.world import World

TIMEOUT_S = 1800


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A fault takes its time to be recovered from: these tests may take longer than others."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Three mongods, one broker node, two replicas of each service, one gateway."""
    hub = Hub(tmp_path_factory.mktemp("faults"), election_ms=2_000)
    try:
        hub.up()
        yield hub
    finally:
        hub.down()


@pytest.fixture(scope="session")
def world(hub: Hub) -> Iterator[World]:
    with World(hub) as world:
        for seed, country in enumerate(("ML", "GH")):
            world.join(country, seed)
        yield world


@pytest.fixture
def whole(hub: Hub) -> None:
    """The test finds every process ready."""
    hub.wait_ready()
