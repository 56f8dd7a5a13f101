"""The services side by side, several replicas of each, for the model of what they are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from services.activities.store import ActivityStore
from services.notifications.store.feed import NotificationStore
from services.participants.store import ParticipantStore
from services.reporting.store.live import ReportingStore
from shared.config import Config
from shared.store import mongo
from shared.store.mongo import Store

REPLICAS = 3


@dataclass(slots=True)
class Hub:
    """Each service's replicas, each with its own connections and caches."""

    participants: list[ParticipantStore]
    activities: list[ActivityStore]
    reporting: list[ReportingStore]
    notifications: list[NotificationStore]

    @property
    def producers(self) -> tuple[Store, ...]:
        return self.participants[0], self.activities[0]


@contextmanager
def opened(uri: str, prefix: str) -> Iterator[Hub]:
    """Stores on fresh databases, which are dropped afterwards."""
    hub = Hub([], [], [], [])
    with ExitStack() as stack:
        for _ in range(REPLICAS):
            for service, stores in (
                ("participants", hub.participants),
                ("activities", hub.activities),
                ("reporting", hub.reporting),
                ("notifications", hub.notifications),
            ):
                config = Config(service, "", uri, f"{prefix}_{service}")
                db = mongo.connect(config)
                stack.callback(db.client.close)
                make: Any = {
                    "participants": lambda db: ParticipantStore(db, b"k" * 96),
                    "activities": ActivityStore,
                    "reporting": ReportingStore,
                    "notifications": NotificationStore,
                }[service]
                store = make(db)
                store.ensure_indexes()
                stores.append(store)
                if service == "participants":
                    stack.callback(store.cipher.close)
        yield hub
