"""The secrets that sign webhooks: exchanged without a gap, and never to be read anywhere."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from services.notifications.handlers import endpoints
from services.notifications.sealing import Sealer
from services.notifications.store.feed import NotificationStore
from services.notifications.transports.posting import Poster
from services.notifications.transports.sender import Pace, Sender
from tests.integration.services.notifications.webhooks_world import StartSender, state_of
from tests.notified import PARTNER, grow
from tests.receiver import Received, Receiver, Reply
from tests.stack import wait_for


def test_for_a_day_both_secrets_sign_and_then_only_the_new_one(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
    sealer: Sealer,
) -> None:
    identifier = endpoint(receiver)
    (old,) = receiver.secrets
    rotated = endpoints.rotate_secret({"caller": PARTNER, "id": identifier}, store, sealer)
    new = rotated["secret"]
    receiver.secrets = [old, new]
    grow(store, 1)
    sender = start_sender()
    wait_for(lambda: len(receiver.received) == 1)
    assert receiver.received[0].genuine, "each of the two verifies it"
    assert rotated["endpoint"]["previous_secret_until"] is not None

    store.endpoints.update_one({}, [{"$set": {"secrets.expires_at": "$created_at"}}])
    kept = store.endpoints.find_one({})
    assert kept is not None
    kept["secrets"][0]["expires_at"] = None
    store.endpoints.update_one({}, {"$set": {"secrets": kept["secrets"]}})
    grow(store, 1)
    sender.wake()
    wait_for(lambda: len(receiver.received) == 2)
    last: Received = receiver.received[1]
    assert len(last.headers["webhook-signature"].split()) == 1
    receiver.secrets = [new]
    assert receiver._genuine(last.headers, last.body)
    receiver.secrets = [old]
    assert not receiver._genuine(last.headers, last.body)


def test_secrets_are_neither_in_the_database_nor_in_the_logs(
    store: NotificationStore,
    receiver: Receiver,
    start_sender: StartSender,
    endpoint: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.answer = lambda _: Reply(500)
    grow(store, 1)
    identifier = endpoint(receiver, description="ours")
    secret = receiver.secrets[0]
    start_sender()
    wait_for(lambda: state_of(store, identifier).failures == 1)

    raw = "".join(
        str(document)
        for name in store.db.list_collection_names()
        for document in store.db[name].find()
    )
    plain = secret.removeprefix("whsec_")
    assert "ours" in raw
    assert plain not in raw
    assert plain not in caplog.text
    assert "localhost" not in "".join(
        each.getMessage()
        for each in caplog.records
        if each.name.startswith(("httpcore", "services"))
    )


def test_a_secret_that_cannot_be_opened_is_a_failure_like_another(
    store: NotificationStore, receiver: Receiver, endpoint: Callable[..., str]
) -> None:
    grow(store, 1)
    identifier = endpoint(receiver)
    sender = Sender(store, Poster(allow_private=True), Sealer(b"x" * 32), pace=Pace(poll_s=0.05))
    sender.start()
    try:
        wait_for(lambda: state_of(store, identifier).failures == 1)
    finally:
        sender.stop()

    assert receiver.received == []
    assert state_of(store, identifier).last_error == "SECRET_UNREADABLE"
