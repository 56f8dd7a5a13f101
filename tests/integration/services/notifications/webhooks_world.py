"""A partner's webhooks, as the tests ask for them and change them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.notifications.handlers import endpoints
from services.notifications.rules import model
from services.notifications.store.feed import NotificationStore
from services.notifications.transports.sender import Sender
from tests.notified import PARTNER

StartSender = Callable[..., Sender]


def update(store: NotificationStore, **fields: Any) -> dict[str, Any]:
    request = {"caller": PARTNER, "endpoint": fields}
    changed = endpoints.update_endpoint(request, store, allow_private=True)
    endpoint: dict[str, Any] = changed["endpoint"]
    return endpoint


def attempts(store: NotificationStore, endpoint_id: str) -> list[dict[str, Any]]:
    """Oldest first."""
    request = {"caller": PARTNER, "endpoint_id": endpoint_id, "first": 200}
    items: list[dict[str, Any]] = endpoints.list_attempts(request, store)["items"]
    return items[::-1]


def state_of(store: NotificationStore, endpoint_id: str) -> model.Endpoint:
    found = store.endpoint(endpoint_id, None)
    assert found is not None
    return found
