"""Which generation of reporting's projections is live: a rebuild makes one under a new prefix."""

from __future__ import annotations

from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.reporting.layout import LIVE, PREFIX, SETTINGS


def live_prefix(database: Database[dict[str, Any]], session: ClientSession | None = None) -> str:
    """The prefix of the live generation; empty before the first rebuild, and in the database of any
    other service. Raises a PyMongoError."""
    row = database[SETTINGS].find_one({"_id": LIVE}, session=session)
    return str(row[PREFIX]) if row else ""
