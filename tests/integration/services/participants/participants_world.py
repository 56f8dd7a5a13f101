"""A store of people over a fresh database with a key of its own, and what it says and tells."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from jsonschema import Draft202012Validator
from pymongo.database import Database

from services.participants.handlers import people
from services.participants.store import ParticipantStore
from shared import contracts
from shared.config import Config
from shared.events import Event
from shared.store import mongo
from tests.walking import walk

Item = dict[str, Any]

CONTRACTS = contracts.of("participants")
MALI = {"role": "chapter", "chapter": "ML", "key_id": "key-of-mali"}
NIGER = {"role": "chapter", "chapter": "NE", "key_id": "key-of-niger"}
SECRETARIAT = {"role": "secretariat", "key_id": "key-of-the-secretariat"}


@contextmanager
def opened(
    db: Database[Item], uri: str, master_key: bytes | None = None
) -> Iterator[ParticipantStore]:
    """The service's store with the service's own settings; key vault and client go with it."""
    config = Config(service="participants", amqp_uri="", mongo_uri=uri, database=db.name)
    store = ParticipantStore(mongo.connect(config), master_key or os.urandom(96))
    try:
        store.ensure_indexes()
        yield store
    finally:
        store.cipher.close()
        store.db.client.drop_database(f"{db.name}_keys")
        store.db.client.close()


def push(
    store: ParticipantStore,
    *items: Item,
    caller: Mapping[str, Any] = MALI,
    use: Any = people.register,
    **how: Any,
) -> list[dict[str, Any]]:
    """The receipts of one push."""
    answer = use({"pushes": [{"caller": caller, "items": items, **how}]}, store)
    (pushed,) = answer["pushes"]
    return list(pushed["receipts"])


def statuses(receipts: list[dict[str, Any]]) -> list[str]:
    return [receipt["status"] for receipt in receipts]


def codes(receipts: list[dict[str, Any]]) -> list[str]:
    return [problem["code"] for receipt in receipts for problem in receipt["problems"]]


def problems(receipt: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {problem["code"]: problem["path"] for problem in receipt["problems"]}


def read(
    store: ParticipantStore, *ids: str, caller: Mapping[str, Any] = MALI
) -> list[dict[str, Any]]:
    items = people.get_many({"caller": caller, "ids": ids}, store)["items"]
    return sorted(items, key=lambda item: ids.index(item["id"]))


def found(store: ParticipantStore, caller: Mapping[str, Any] = MALI, **asked: Any) -> set[str]:
    """The ids of all people of the list, through all its pages."""
    everybody = walk(
        lambda **page: people.list_people({"caller": caller, "filter": asked, **page}, store)
    )
    ids = [item["id"] for item in everybody]
    assert len(set(ids)) == len(ids)
    return set(ids)


def emitted(store: ParticipantStore) -> list[Event]:
    """All events so far, each checked against its contract, by subject and sequence."""
    rows = store.outbox.collection.find().sort([("subject", 1), ("sequence", 1)])
    events = [Event.from_json(row["body"]) for row in rows]
    for event in events:
        Draft202012Validator(
            CONTRACTS[event.type], format_checker=Draft202012Validator.FORMAT_CHECKER
        ).validate(event.data)
    return events


def types(store: ParticipantStore, record_type: str = "") -> list[str]:
    """Those of all events, or of those of one record type."""
    return [event.type for event in emitted(store) if event.type.startswith(record_type)]


def anonymous(event: Event) -> Event:
    """The event without what tells one emission from another."""
    return replace(event, id="", sequence=0, data={**event.data, "version": 0}, type="")
