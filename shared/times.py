"""How a moment is written for others: RFC 3339, UTC, to the millisecond that databases keep."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(moment: datetime) -> str:
    """`2021-11-04T09:30:00.000Z`.

    Args: moment: aware.
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
