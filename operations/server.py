"""Owns the connection to the databases, as the user `operator`, and its failures in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError

from operations.failure import CannotRun

Client = MongoClient[dict[str, Any]]
Session = ClientSession

_SNAPSHOT_TOO_OLD: Final = 239
_SNAPSHOT_UNAVAILABLE: Final = 246


@contextmanager
def connected(uri: str) -> Iterator[Client]:
    """A client whose writes are safe with the majority; PyMongoErrors become CannotRun."""
    client: Client = MongoClient(
        uri,
        appname="foscao-operator",
        serverSelectionTimeoutMS=5_000,
        w="majority",
        journal=True,
        readConcernLevel="majority",
        tz_aware=True,
    )
    try:
        with client:
            yield client
    except PyMongoError as error:
        raise CannotRun(_in_one_line(error)) from error


def _in_one_line(error: PyMongoError) -> str:
    # A server's own text may repeat what it was sent, so that its code and name must do.
    if isinstance(error, ConnectionFailure):
        return f"the database does not answer ({type(error).__name__})"
    if not isinstance(error, OperationFailure):
        return f"the database failed ({type(error).__name__})"
    if error.code == _SNAPSHOT_TOO_OLD:
        return (
            "reading took longer than the database remembers the past: read less, or raise its "
            "parameter minSnapshotHistoryWindowInSeconds (see docs/operators.md)"
        )
    if error.code == _SNAPSHOT_UNAVAILABLE:
        return "collections were being made or changed at this moment: run it again"
    name = (error.details or {}).get("codeName", "")
    return f"the database refused: {error.code} {name}".rstrip()
