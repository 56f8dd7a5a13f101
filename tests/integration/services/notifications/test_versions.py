"""A second version of what partners read: each partner gets the one it can read, under one cursor,
by every transport, and keeps it when versions come later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from services.notifications.handlers import endpoints, feed
from services.notifications.rules import items
from services.notifications.sealing import Sealer
from services.notifications.store.feed import NotificationStore
from services.notifications.transports.posting import Poster
from services.notifications.transports.sender import Pace, Sender
from shared import contracts
from shared.contracts import parts
from shared.contracts.allow_list import Contracts
from shared.errors import Refused
from shared.ids import new_id
from tests.notified import OTHER, PARTNER, grow, pull
from tests.receiver import Receiver
from tests.stack import wait_for
from tests.world.events import activity

KIND = "feed.activity.recorded"
FIRST = contracts.of("notifications", version=1)[KIND]
SECOND = parts.part({"id": parts.ID, "type": parts.code("activity_type"), "sessions": parts.COUNT})


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on activities are told in two versions."""
    told = Contracts({KIND: {1: FIRST, 2: SECOND}})
    monkeypatch.setattr(items, "HOUSE", told)


@pytest.fixture
def receivers() -> Iterator[tuple[Receiver, Receiver]]:
    with Receiver() as old, Receiver() as new:
        yield old, new


def told(store: NotificationStore, reader: int | None) -> list[tuple[int, set[str]]]:
    wanted = {} if reader is None else {"schema_version": reader}
    page = pull(store, filter=wanted)
    return [(item["schema_version"], set(item["data"])) for item in page["items"]]


@pytest.mark.usefixtures("both")
def test_each_reader_pulls_the_latest_version_it_knows(store: NotificationStore) -> None:
    grow(store, 1)
    [(version, old)] = told(store, None)
    assert (version, "withdrawn" in old) == (1, True)
    assert told(store, 1) == [(1, old)]
    assert told(store, 2) == told(store, 7) == [(2, {"id", "type", "sessions"})]


def test_an_entry_keeps_the_versions_of_its_day(
    store: NotificationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(items, "HOUSE", Contracts({KIND: {1: FIRST}}))
    grow(store, 1)
    monkeypatch.setattr(items, "HOUSE", Contracts({KIND: {1: FIRST, 2: SECOND}}))
    grow(store, 1)
    monkeypatch.setattr(items, "HOUSE", Contracts({KIND: {2: SECOND}}))
    grow(store, 1)

    assert [version for version, _ in told(store, 1)] == [1, 1, 2]  # no other is there any more
    assert [version for version, _ in told(store, 2)] == [1, 2, 2]
    assert [item["position"] for item in pull(store)["items"]] == [1, 2, 3]


@pytest.mark.usefixtures("both")
def test_webhooks_of_two_partners_get_one_event_in_two_versions(
    store: NotificationStore, receivers: tuple[Receiver, Receiver]
) -> None:
    sealer = Sealer(b"k" * 32)
    for version, (receiver, caller) in enumerate(zip(receivers, (PARTNER, OTHER), strict=True), 1):
        asked = {"id": new_id(), "url": receiver.url, "filter": {"schema_version": version}}
        made = endpoints.create_endpoint(
            {"caller": caller, "endpoint": asked}, store, sealer, allow_private=True
        )
        assert made["endpoint"]["filter"]["schema_version"] == version
        receiver.secrets = [made["secret"]]
    sender = Sender(store, Poster(allow_private=True), sealer, pace=Pace(poll_s=0.05))
    sender.start()
    try:
        event = activity()
        feed.record_events([event], store)
        wait_for(lambda: all(each.received for each in receivers))
    finally:
        sender.stop()

    bodies = [each.received[0].event for each in receivers]
    assert [body["type"] for body in bodies] == [
        f"org.foscao.feed.activity.recorded.v{version}" for version in (1, 2)
    ]
    assert [body["dataschema"] for body in bodies] == [
        f"urn:foscao:contract:feed.activity.recorded:{version}" for version in (1, 2)
    ]
    assert {body["id"] for body in bodies} == {event.id}
    assert {body["cursor"] for body in bodies} == {"1"}
    assert set(bodies[1]["data"]) == {"id", "type", "sessions"}


@pytest.mark.parametrize("version", [0, -1, "2", 1.5, True])
def test_a_version_that_is_none_is_refused(store: NotificationStore, version: Any) -> None:
    with pytest.raises(Refused) as refused:
        pull(store, filter={"schema_version": version})
    [problem] = refused.value.params["problems"]
    assert problem["path"] == ["schema_version"]
