"""The table of indexes that operators' tools expect, taken from the services themselves.

    python -m deploy.indexes    lets each service prepare an empty, embedded database and writes
                                what it made to operations/doctor/indexes.json

A test compares the file with what the services make.
"""

import asyncio
import json
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient, MongoClient

from deploy.local.database import Database
from gateway.identity.store import KeyStore
from operations.doctor.indexes import EXPECTED, described
from services.activities.store import ActivityStore
from services.notifications.store.feed import NotificationStore
from services.participants.store.people import ParticipantStore
from services.reporting.store.live import ReportingStore
from shared.access import ALL_DATABASES, GATEWAY
from shared.store.mongo import Store


def made_by_services(uri: str) -> dict[str, Any]:
    """By database, collection and name, what the services make of an empty server.

    Args: uri: an administrator's. Effects: the hub's databases, prepared.
    """
    with MongoClient[dict[str, Any]](uri, tz_aware=True) as client:
        stores: list[Store] = [
            ParticipantStore(client["participants"], secrets.token_bytes(96)),
            ActivityStore(client["activities"]),
            ReportingStore(client["reporting"]),
            NotificationStore(client["notifications"]),
        ]
        for store in stores:
            store.ensure_indexes()
        asyncio.run(_prepare_gateway(uri))
        return {name: described(client[name]) for name in ALL_DATABASES}


async def _prepare_gateway(uri: str) -> None:
    async with AsyncMongoClient[dict[str, Any]](uri) as client:
        await KeyStore(client, GATEWAY).prepare()


def as_text(table: dict[str, Any]) -> str:
    """The table as it stands in the file."""
    return json.dumps(table, indent=1) + "\n"


def main() -> int:
    with tempfile.TemporaryDirectory() as home, Database(Path(home)) as server:
        EXPECTED.write_text(as_text(made_by_services(server.root_uri)), encoding="utf-8")
    print(f"{EXPECTED} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
