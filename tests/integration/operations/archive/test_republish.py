"""Which events are published again: those that a bound consumer has neither applied nor parked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo import MongoClient

from operations.archive.republishing import Missing, republish
from shared.access import SERVICES

NOW = datetime.now(UTC)
Client = MongoClient[dict[str, Any]]


@pytest.fixture
def client(mongo_client: Client) -> Iterator[Client]:
    for name in SERVICES:
        mongo_client.drop_database(name)
    yield mongo_client
    for name in SERVICES:
        mongo_client.drop_database(name)


def logged(client: Client, event: str, type: str, published: bool = True) -> None:
    producer = "participants" if type.startswith("participant") else "activities"
    row = {"_id": event, "type": type, "published_at": NOW if published else None}
    client[producer]["outbox"].insert_one(row)


def claimed(client: Client, event: str, *consumers: str, inbox: str = "inbox") -> None:
    for consumer in consumers:
        client[consumer][inbox].insert_one({"_id": event, "at": NOW})


def waiting(client: Client) -> set[str]:
    found = [client[name]["outbox"].find({"published_at": None}) for name in SERVICES]
    return {row["_id"] for rows in found for row in rows}


def test_an_event_goes_again_to_whoever_lacks_it(client: Client) -> None:
    for event in ("both", "one", "none"):
        logged(client, event, "activity.recorded")
    claimed(client, "both", "reporting", "notifications")
    claimed(client, "one", "reporting")
    logged(client, "heard", "participant.registered")  # of which notifications is never told
    claimed(client, "heard", "reporting")
    logged(client, "unheard", "participant.registered")
    logged(client, "to come", "activity.recorded", published=False)
    expected = Missing(3, {"reporting": 2, "activities": 0, "notifications": 2})
    assert republish(client, lambda _: None, dry_run=True) == expected
    assert waiting(client) == {"to come"}
    assert republish(client, lambda _: None) == expected
    assert waiting(client) == {"one", "none", "unheard", "to come"}
    assert republish(client, lambda _: None) == Missing(0, dict.fromkeys(expected.lacking, 0))


def test_what_people_decide_or_decided_about_is_left_to_them(client: Client) -> None:
    for state in ("parked", "discarded", "retried"):
        logged(client, state, "activity.recorded")
        claimed(client, state, "notifications")
        client["reporting"]["parked"].insert_one({"_id": state, "state": state})
    assert republish(client, lambda _: None).events == 1
    assert waiting(client) == {"retried"}


def test_after_a_rebuild_the_live_projections_inbox_counts(client: Client) -> None:
    client["reporting"]["settings"].insert_one({"_id": "live", "prefix": "new_", "beside": None})
    for event in ("old", "new"):
        logged(client, event, "participant.registered")
    claimed(client, "old", "reporting")
    claimed(client, "new", "reporting", inbox="new_inbox")
    assert republish(client, lambda _: None).events == 1
    assert waiting(client) == {"old"}
