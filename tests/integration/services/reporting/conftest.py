"""A store of projections, and events told to it."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.reporting.store.live import ReportingStore
from shared.store import replay
from shared.types import Document
from tests.integration.services.reporting.rebuild_world import Logs
from tests.world.events import Told


@pytest.fixture
def store(db: Database[dict[str, Any]]) -> ReportingStore:
    store = ReportingStore(db)
    store.ensure_indexes()
    return store


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def logs(db: Database[Document]) -> Iterator[Logs]:
    logs = Logs(db)
    yield logs
    logs.drop()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many steps even in a small history."""
    monkeypatch.setattr(replay, "BATCH", 20)
