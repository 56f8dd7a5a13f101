"""What a failure of the database means to those who know no database: the store's border.

Owns the translation of the driver's errors into ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import ConnectionFailure, PyMongoError

from shared.errors import HubError, Unavailable
from shared.telemetry import harmless

# The labels under which the driver says: not your fault, and the same again may work.
RETRYABLE_LABELS = ("TransientTransactionError", "UnknownTransactionCommitResult")

harmless(ConnectionFailure)  # it names servers; other errors repeat what the server was sent


def as_hub_error(error: Exception) -> HubError | None:
    """`error` if it is ours, `Unavailable` for a database that could not answer, else None."""
    if isinstance(error, HubError):
        return error
    if isinstance(error, PyMongoError) and (
        isinstance(error, ConnectionFailure)
        or error.timeout
        or any(error.has_error_label(label) for label in RETRYABLE_LABELS)
    ):
        return Unavailable("DATABASE_UNAVAILABLE")
    return None


@contextmanager
def answered() -> Iterator[None]:
    """Let the driver's errors out as ours.

    Raises: Unavailable (retryable), caused by the driver's error: the database could not answer.
        What it answered with, a fault of ours, passes as it is.
    """
    try:
        yield
    except PyMongoError as error:
        translated = as_hub_error(error)
        if translated is None:
            raise
        raise translated from error
