"""A store of activities with one project in it."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo.database import Database

from services.activities.store import ActivityStore
from tests.integration.services.activities.activities_world import World


@pytest.fixture
def world(db: Database[dict[str, Any]]) -> World:
    store = ActivityStore(db)
    store.ensure_indexes()
    return World(store)
