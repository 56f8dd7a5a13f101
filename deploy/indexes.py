"""The table of indexes that operators' tools expect, taken from the services themselves.

    python -m deploy.indexes    lets each service prepare an empty, embedded database and writes
                                what it made to operations/doctor/indexes.json

A test compares the file with what the services make.
"""

import asyncio
import json
import os
import secrets
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient, MongoClient

from deploy.local.database import Database
from gateway.identity.store import KeyStore
from operations.doctor.indexes import EXPECTED, described
from shared.access import ALL_DATABASES, GATEWAY, SERVICES
from shared.host.store import StoreProvider
from shared.store.mongo import Factory


def made_by_services(uri: str) -> dict[str, Any]:
    """By database, collection and name, what the services make of an empty server.

    Args: uri: an administrator's. Effects: the hub's databases, prepared. Raises: ConfigError: a
    service's store asks the environment for what is not there.
    """
    with MongoClient[dict[str, Any]](uri, tz_aware=True) as client:
        for service in SERVICES:
            store_of(service)(client[service]).ensure_indexes()
        asyncio.run(_prepare_gateway(uri))
        return {name: described(client[name]) for name in ALL_DATABASES}


def store_of(service: str) -> Factory:
    """What makes the service's store, as its service class says. Raises: LookupError: none does."""
    for each in vars(import_module(f"services.{service}.service")).values():
        if isinstance(each, type) and getattr(each, "name", None) == service:
            for part in vars(each).values():
                if isinstance(part, StoreProvider):
                    return part.factory
    raise LookupError(f"services/{service}/service.py has no class with a store")


async def _prepare_gateway(uri: str) -> None:
    async with AsyncMongoClient[dict[str, Any]](uri) as client:
        await KeyStore(client, GATEWAY).prepare()


def as_text(table: dict[str, Any]) -> str:
    """The table as it stands in the file."""
    return json.dumps(table, indent=1) + "\n"


def main() -> int:
    with tempfile.TemporaryDirectory() as home, Database(Path(home)) as server:
        key = Path(home, "master.key")
        key.write_bytes(secrets.token_bytes(96))
        os.environ["FOSCAO_MASTER_KEY_FILE"] = str(key)
        EXPECTED.write_text(as_text(made_by_services(server.root_uri)), encoding="utf-8")
    print(f"{EXPECTED} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
