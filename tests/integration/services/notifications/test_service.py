"""The whole service over the real broker: events in, feed by RPC, webhooks out, kill -9 between."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.events import Event
from shared.ids import new_id
from tests.notified import PARTNER, attendance
from tests.receiver import Receiver, Reply
from tests.stack import ServiceProcess, publish, wait_for
from tests.world.events import activity

NAME = "Aminata Unmistakable"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "webhook.key"
    path.write_text(base64.b64encode(b"k" * 32).decode())
    return path


@pytest.fixture
def notifications(
    service: Callable[..., ServiceProcess], key_file: Path
) -> Callable[..., ServiceProcess]:
    def start(**env: str) -> ServiceProcess:
        return service(
            "notifications",
            FOSCAO_WEBHOOK_KEY_FILE=str(key_file),
            WEBHOOK_ALLOW_PRIVATE="1",
            LOG_LEVEL="DEBUG",
            **env,
        )

    return start


def subscribe(rpc: Callable[..., Any], receiver: Receiver) -> str:
    made = rpc(
        "notifications.create_endpoint",
        {
            "caller": PARTNER,
            "endpoint": {"id": new_id(), "url": receiver.url},
            "from": "beginning",
        },
    )
    receiver.secrets = [made["secret"]]
    return str(made["endpoint"]["id"])


def feed(rpc: Callable[..., Any]) -> list[dict[str, Any]]:
    page = rpc("notifications.feed", {"caller": PARTNER, "first": 500})
    items: list[dict[str, Any]] = page["items"]
    return items


def test_an_event_reaches_the_feed_and_the_partners_server(
    notifications: Callable[..., ServiceProcess],
    rpc: Callable[..., Any],
    amqp_uri: str,
    receiver: Receiver,
) -> None:
    process = notifications()
    subscribe(rpc, receiver)
    private = activity()
    private.data["description"] = {"fr": NAME}
    private.data["venue"] = NAME
    sheet = attendance(new_id(), 1, present=12)
    publish(amqp_uri, [private, sheet])
    wait_for(lambda: len(receiver.received) == 2)

    assert [item["id"] for item in feed(rpc)] == [each.id for each in receiver.received]
    assert {each.id for each in receiver.received} == {private.id, sheet.id}
    assert all(each.genuine for each in receiver.received)
    sent = b"".join(each.body for each in receiver.received).decode()
    assert NAME not in sent
    assert "ML.SIK.YAN" not in sent
    log = process.log.read_text()
    assert NAME not in log
    assert receiver.secrets[0].removeprefix("whsec_") not in log
    assert process.metric('foscao_webhook_attempts_total{outcome="DELIVERED"}') == 2


def test_kill_9_in_the_middle_loses_nothing_and_keeps_the_order(
    notifications: Callable[..., ServiceProcess],
    rpc: Callable[..., Any],
    amqp_uri: str,
    receiver: Receiver,
    db: Any,
) -> None:
    process = notifications()
    subscribe(rpc, receiver)
    subject = new_id()
    events: list[Event] = [
        activity(subject, n, "corrected" if n > 1 else "recorded") for n in range(1, 61)
    ]
    for start in range(0, 60, 20):
        publish(amqp_uri, events[start : start + 20])
        reached = start + 5
        wait_for(lambda reached=reached: len(receiver.received) >= reached, 60)  # type: ignore[misc]
        process.kill()
        db["endpoints"].update_many({}, [{"$set": {"lease_until": "$$NOW"}}])  # spare us the wait
        process.start()
    wait_for(lambda: 60 in receiver.cursors, 60)

    versions = [each.event["data"]["version"] for each in receiver.received]
    once = list(dict.fromkeys(each.id for each in receiver.received))
    assert once == [item["id"] for item in feed(rpc)]
    # Retried corrections may be overtaken, never turned back; here all 60 came in order.
    assert versions == sorted(versions)
    assert receiver.cursors[-1] == 60


def test_a_termination_finishes_the_post_under_way(
    notifications: Callable[..., ServiceProcess],
    rpc: Callable[..., Any],
    amqp_uri: str,
    receiver: Receiver,
) -> None:
    process = notifications()
    subscribe(rpc, receiver)

    def answer(_: object) -> Reply:
        return Reply(before=process.terminate)

    receiver.answer = answer
    publish(amqp_uri, [activity(), activity()])
    assert process.wait() == 0

    receiver.answer = lambda _: Reply()
    process.start()
    wait_for(lambda: 2 in receiver.cursors)
    assert receiver.cursors == [1, 2]


def test_without_its_key_the_service_says_so_in_one_line(
    service: Callable[..., ServiceProcess],
) -> None:
    process = service("notifications", start=False, FOSCAO_WEBHOOK_KEY_FILE="")
    process.start(wait=False)

    assert process.wait() == 2
    assert "FOSCAO_WEBHOOK_KEY_FILE is missing" in process.last_words().splitlines()[-1]
