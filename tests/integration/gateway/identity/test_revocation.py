"""A key is revoked in the gateway, and its webhooks in notifications stop: over the real broker and
the real database, whichever process is away or dies in between."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient
from pymongo.database import Database

from shared.ids import new_id
from tests.receiver import Receiver
from tests.stack import ServiceProcess, publish, wait_for
from tests.world.events import activity

ADMIN = "fhk_admin_0123456789"
PROMISED_S = 5.0
REVOKE = "mutation($id: ID!) { revokeApiKey(id: $id) { revokedAt webhooksClosedAt } }"
KEY = 'mutation { createApiKey(role: partner, label: "test") { key apiKey { id } } }'
WEBHOOK = """mutation($id: ID!, $url: String!) {
  createWebhook(id: $id, url: $url) { secret webhook { id state } } }"""

Start = Callable[..., ServiceProcess]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def other() -> Iterator[Receiver]:
    """Of another key, which is never revoked."""
    with Receiver() as running:
        yield running


@pytest.fixture
def notifications(service: Start, tmp_path: Path) -> Start:
    key = tmp_path / "webhook.key"
    key.write_text(base64.b64encode(b"k" * 32).decode())

    def start() -> ServiceProcess:
        return service("notifications", FOSCAO_WEBHOOK_KEY_FILE=str(key), WEBHOOK_ALLOW_PRIVATE="1")

    return start


@pytest.fixture
def gateway(
    service: Start, db: Database[Any], mongo_client: MongoClient[dict[str, Any]]
) -> Iterator[Start]:
    """Starts gateways over one database of keys, apart from that of notifications."""
    keys = f"{db.name}_keys"
    admin = hashlib.sha256(ADMIN.encode()).hexdigest()

    def start(**env: str) -> ServiceProcess:
        return service(
            "gateway", module="gateway", FOSCAO_DB=keys, HUB_ADMIN_KEY_SHA256=admin, **env
        )

    yield start
    mongo_client.drop_database(keys)


def ask(gateway: ServiceProcess, query: str, key: str = ADMIN, **variables: Any) -> Any:
    """The answer's only field. Fails the test where there are errors."""
    answer = asked(gateway, query, key, **variables).json()
    assert "errors" not in answer, answer
    (value,) = answer["data"].values()
    return value


def asked(gateway: ServiceProcess, query: str, key: str, **variables: Any) -> httpx.Response:
    return httpx.post(
        f"http://127.0.0.1:{gateway.port}/graphql",
        json={"query": query, "variables": variables},
        headers={"authorization": f"Bearer {key}"},
        trust_env=False,
        timeout=15,
    )


def subscribed(gateway: ServiceProcess, at: Receiver) -> tuple[str, str]:
    """A new key with a webhook at the receiver: its id, and the key."""
    made = ask(gateway, KEY)
    hook = ask(gateway, WEBHOOK, made["key"], id=new_id(), url=at.url)
    at.secrets = [hook["secret"]]
    return made["apiKey"]["id"], made["key"]


def states(db: Database[Any], owner: str) -> list[str]:
    return [each["state"] for each in db["endpoints"].find({"owner": owner})]


def assert_silent(amqp_uri: str, revoked: Receiver, other: Receiver) -> None:
    """What happens from now on reaches the other key's receiver, and not the revoked one's."""
    before = len(revoked.received)
    events = [activity() for _ in range(3)]
    publish(amqp_uri, events)
    wait_for(lambda: {each.id for each in events} <= {each.id for each in other.received}, 20)
    assert len(revoked.received) == before


def test_the_webhooks_of_a_revoked_key_get_nothing_more_and_other_keys_do(
    gateway: Start,
    notifications: Start,
    db: Database[Any],
    amqp_uri: str,
    receiver: Receiver,
    other: Receiver,
) -> None:
    notifications()
    hub = gateway()
    (revoked, key), _ = subscribed(hub, receiver), subscribed(hub, other)
    publish(amqp_uri, [activity()])
    wait_for(lambda: receiver.received and other.received)

    answer = ask(hub, REVOKE, id=revoked)

    assert None not in answer.values(), "dead, and its webhooks closed, once it is answered"
    assert states(db, revoked) == ["revoked"]
    assert_silent(amqp_uri, receiver, other)
    assert asked(hub, WEBHOOK, key, id=new_id(), url=receiver.url).status_code == 401
    seen = ask(hub, "{ webhooks { nodes { state } } }")["nodes"]
    assert sorted(each["state"] for each in seen) == ["active", "revoked"]
    assert ask(hub, REVOKE, id=revoked) == answer, "and again, nothing changes"


def test_a_gateway_that_dies_between_key_and_webhooks_leaves_them_to_the_next(
    gateway: Start,
    notifications: Start,
    db: Database[Any],
    amqp_uri: str,
    receiver: Receiver,
    other: Receiver,
) -> None:
    notifications()
    doomed = gateway(FOSCAO_KILL_AT="gateway.after_revoke")
    (revoked, key), _ = subscribed(doomed, receiver), subscribed(doomed, other)
    with pytest.raises(httpx.TransportError):
        asked(doomed, REVOKE, ADMIN, id=revoked)
    assert doomed.wait() == -9
    assert states(db, revoked) == ["active"], "so far nobody has told"

    hub = gateway()

    wait_for(lambda: states(db, revoked) == ["revoked"], PROMISED_S)
    assert asked(hub, "{ me { role } }", key).status_code == 401
    assert_silent(amqp_uri, receiver, other)


def test_notifications_that_is_away_hears_of_it_once_it_is_back(
    gateway: Start,
    notifications: Start,
    db: Database[Any],
    amqp_uri: str,
    receiver: Receiver,
    other: Receiver,
) -> None:
    sending = notifications()
    hub = gateway()
    (revoked, key), _ = subscribed(hub, receiver), subscribed(hub, other)
    sending.kill()
    publish(amqp_uri, [activity()])  # waits for it in the queue

    answer = ask(hub, REVOKE, id=revoked)

    assert answer["revokedAt"] is not None
    assert answer["webhooksClosedAt"] is None, "it says that they are not"
    assert asked(hub, "{ me { role } }", key).status_code == 401, "the key is dead all the same"
    sending.start()
    wait_for(lambda: states(db, revoked) == ["revoked"], PROMISED_S)
    closed_at = "{ apiKeys { nodes { id webhooksClosedAt } } }"
    wait_for(
        lambda: all(
            each["webhooksClosedAt"]
            for each in ask(hub, closed_at)["nodes"]
            if each["id"] == revoked
        )
    )
    assert_silent(amqp_uri, receiver, other)


def test_a_gateway_that_still_believes_the_key_makes_no_webhook_with_it(
    gateway: Start, notifications: Start, db: Database[Any], receiver: Receiver
) -> None:
    notifications()
    here, there = gateway(), gateway()
    made = ask(here, KEY)
    ask(there, "{ me { role } }", made["key"])  # from now on it believes for 5 s
    ask(here, REVOKE, id=made["apiKey"]["id"])

    answer = asked(there, WEBHOOK, made["key"], id=new_id(), url=receiver.url).json()

    codes = [each["extensions"]["code"] for each in answer["errors"]]
    assert codes in (["KEY_REVOKED"], ["UNAUTHENTICATED"])  # the latter if this took 5 s
    assert db["endpoints"].count_documents({}) == 0
