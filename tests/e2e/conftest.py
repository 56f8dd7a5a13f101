"""The whole hub as `make up` starts it, once for all end-to-end tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Database, broker, the four services and the gateway in a folder of their own, all ready."""
    hub = Stack(tmp_path_factory.mktemp("hub"))
    hub.up(dies_with_parent=True)
    try:
        yield hub
    finally:
        hub.down()
