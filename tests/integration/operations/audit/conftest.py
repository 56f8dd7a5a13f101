"""A programme gone through all services, put back after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pymongo import MongoClient

from shared.ids import new_id
from shared.types import Document
from tests.integration.operations.audit.audit_world import Hub, Programme, as_it_was
from tests.integration.services.participants import participants_world
from tests.receiver import Receiver


@pytest.fixture(scope="package")
def programme(mongo_client: MongoClient[Document], mongo_uri: str) -> Iterator[Programme]:
    name = f"test_{new_id()[-12:]}"
    with (
        participants_world.opened(mongo_client[f"{name}_participants"], mongo_uri) as people,
        Receiver() as receiver,
    ):
        hub = Hub(mongo_client, people, name)
        yield Programme(hub, receiver)
        hub.drop()
        mongo_client.drop_database(people.db.name)


@pytest.fixture
def hub(programme: Programme) -> Iterator[Hub]:
    with as_it_was(programme.hub):
        assert programme.hub.audit()["clean"] is True
        yield programme.hub
