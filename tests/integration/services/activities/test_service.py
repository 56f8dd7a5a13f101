"""The service as a process: asked by RPC, heard on the exchange."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from shared import topology
from shared.bus.connection import connect
from shared.errors import NotFound, Refused
from shared.ids import new_id
from tests.integration.services.activities.activities_world import MALI, request, short, statuses
from tests.stack import ServiceProcess, wait_for
from tests.world.items import concern, organisation, present, project


def test_what_is_pushed_by_rpc_is_answered_stored_and_heard(
    service: Callable[..., ServiceProcess], rpc: Callable[..., Any], amqp_uri: str
) -> None:
    connection = connect(amqp_uri, "test")
    channel = connection.channel()
    channel.exchange_declare(topology.EXCHANGE, "topic", durable=True, auto_delete=False)
    heard = channel.queue_declare("", exclusive=True).queue
    channel.queue_bind(heard, topology.EXCHANGE, "#")
    service("activities")

    def push(method: str, *items: dict[str, Any], kind: str = "activity") -> list[str]:
        answer = rpc(f"activities.{method}", request(items, kind=kind))
        return statuses(answer["pushes"][0]["receipts"])

    def ask(method: str, **asked: Any) -> Any:
        return rpc(f"activities.{method}", {"caller": MALI.to_dict(), **asked})

    gppac, emmmda, person = organisation(), project(), new_id()
    activity = {
        "id": new_id(),
        "project_id": emmmda["id"],
        "organisation_ids": [gppac["id"]],
        "type": "policy_dialogue",
        "title": {"fr": "Dialogue de haut niveau"},
        "starts_on": "2021-11-04",
        "ends_on": "2021-11-05",
        "place": "ML.BKO.BAMAKO",
    }
    assert push("push", gppac, kind="organisation") == ["CREATED"]
    assert push("push", emmmda, kind="project") == ["CREATED"]
    assert push("push", activity, {**activity, "id": new_id(), "type": "x"}) == [
        "CREATED",
        "REJECTED",
    ]
    assert push("push", concern(activity_id=activity["id"]), kind="concern") == ["CREATED"]
    sheet = {"session_id": activity["id"], "rows": present(person)}
    assert push("record_attendance", sheet) == ["CREATED"]
    withdrawal = {"id": activity["id"], "reason": "twice"}
    assert push("withdraw", withdrawal) == ["UPDATED"]
    assert push("reinstate", withdrawal) == ["UPDATED"]

    [shown] = ask("get_many", ids=[activity["id"]], kind="activity")["items"]
    assert (shown["version"], shown["title"]) == (3, activity["title"])
    assert ask("list", kind="concern")["items"][0]["category"] == "child_labour"
    assert ask("attendance", session_id=activity["id"])["items"][0]["participant_id"] == person
    assert len(ask("changes", id=activity["id"])["items"]) == 3
    with pytest.raises(NotFound):
        ask("attendance", session_id=new_id())
    with pytest.raises(Refused):
        ask("list", kind="picnic")

    types: list[str] = []

    def all_heard() -> bool:
        while message := channel.basic_get(heard, no_ack=True):
            types.extend(short(event) for event in orjson.loads(message.body))
        return len(types) >= 8

    wait_for(all_heard)
    connection.close()
    assert sorted(types) == [
        "activity.recorded",
        "activity.reinstated",
        "activity.withdrawn",
        "attendance.recorded",  # in version 1,
        "attendance.recorded",  # and in version 2
        "concern.recorded",
        "organisation.recorded",
        "project.recorded",
    ]
