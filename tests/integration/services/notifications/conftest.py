"""The store, a partner's server, and senders to it, for all tests of notifications."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.notifications.handlers import endpoints
from services.notifications.rules import retries
from services.notifications.sealing import Sealer
from services.notifications.store.feed import NotificationStore
from services.notifications.transports.posting import Poster
from services.notifications.transports.sender import Pace, Sender
from shared.ids import new_id
from shared.types import Document
from tests.integration.services.notifications.webhooks_world import StartSender
from tests.notified import PARTNER
from tests.receiver import Receiver


@pytest.fixture
def store(db: Database[Document]) -> NotificationStore:
    made = NotificationStore(db)
    made.ensure_indexes()
    return made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(b"k" * 32)


@pytest.fixture
def start_sender(store: NotificationStore, sealer: Sealer) -> Iterator[StartSender]:
    senders: list[Sender] = []

    def start(*, timeout_s: float = 5.0, concurrent: int = 8) -> Sender:
        poster = Poster(allow_private=True, total_timeout_s=timeout_s)
        sender = Sender(
            store, poster, sealer, pace=Pace(concurrent=concurrent, turn_s=1.0, poll_s=0.05)
        )
        sender.start()
        senders.append(sender)
        return sender

    yield start
    for sender in senders:
        sender.stop()


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "BACKOFF_S", (0.1,) * 7)


@pytest.fixture
def endpoint(store: NotificationStore, sealer: Sealer) -> Callable[..., str]:
    """Creates an endpoint at a receiver and returns its id."""

    def create(at: Receiver, start: object = "beginning", **fields: Any) -> str:
        made = endpoints.create_endpoint(
            {
                "caller": PARTNER,
                "endpoint": {"id": new_id(), "url": at.url, **fields},
                "from": start,
            },
            store,
            sealer,
            allow_private=True,
        )
        at.secrets = [made["secret"]]
        return str(made["endpoint"]["id"])

    return create
