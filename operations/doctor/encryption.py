"""Whether people's names can be opened, as `participants` proves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pymongo import MongoClient

from operations.doctor.finding import Finding, fault, ok, warning
from operations.sealed import look, troubles

SERVICE: Final = "participants"


def check(client: MongoClient[dict[str, Any]]) -> Iterator[Finding]:
    """One finding for each trouble. Raises PyMongoError."""
    sight = look(client[SERVICE])
    found = list(troubles(sight))
    for each in found:
        risk = "names, phones and e-mails of the people; without the key they are lost for good"
        yield fault("seal", SERVICE, each.text, risk, each.remedy)
    if sight.left:
        yield warning(
            "seal",
            SERVICE,
            f"{sight.left} records are still sealed with the one key of the release before",
            "a backup of them opens with that key; erasing a person's own key erases nothing yet",
            "wait: participants seals them anew; those that it cannot open are told above",
        )
    if not found:
        yield ok("seal", SERVICE, f"{sight.opened} records opened {sight.age_s:.0f} s ago")
