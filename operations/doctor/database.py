"""All that is looked at in the database: replica set, indexes, users, flow, records, seals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from operations.doctor import encryption, flow, indexes, records, replicas, users
from operations.doctor.finding import Finding, fault


def check(uri: str) -> Iterator[Finding]:
    """All of it, as far as the user may look; what could not be asked is a finding too."""
    with MongoClient[dict[str, Any]](
        uri,
        appname="foscao-doctor",
        serverSelectionTimeoutMS=3_000,
        connectTimeoutMS=3_000,
        socketTimeoutMS=20_000,
        readConcernLevel="majority",
        tz_aware=True,
    ) as client:
        try:
            client.admin.command("ping")
        except ConnectionFailure as error:
            yield from replicas.unreachable(uri, error)
            return
        except PyMongoError as error:
            yield _refused("sign-in", error)
            return
        parts: dict[str, Callable[[], Iterator[Finding]]] = {
            "replica set": lambda: replicas.check(client, uri),
            "indexes": lambda: indexes.check(client),
            "users": lambda: users.check(client),
            "flow": lambda: flow.check(client),
            "records": lambda: records.check(client),
            "seals": lambda: encryption.check(client),
        }
        for name, part in parts.items():
            try:
                yield from part()
            except PyMongoError as error:
                yield _refused(name, error)


def _refused(part: str, error: PyMongoError) -> Finding:
    """The server's text is not shown: it may repeat what it was sent."""
    code = f" {error.code}" if isinstance(error, OperationFailure) else ""
    return fault(
        "database",
        part,
        f"the check of {part} was broken off: {type(error).__name__}{code}",
        "what is wrong there stays unseen",
        "give the user `operator` the role of shared/access.py (python -m deploy.databases); "
        "see the database's log",
    )
