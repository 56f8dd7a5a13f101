"""Processes die at the points where it hurts most, in the middle of work; the books stay right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest

from shared.bus.connection import Message
from shared.fail_points import NAMES
from shared.ids import new_id
from shared.topology import events_queue
from tests.e2e.client import PUSH
from tests.faults.cluster import Hub, HubProcess
from tests.faults.ledger import Ledger, Line
from tests.faults.world import World
from tests.stack import publish_raw, wait_for

pytestmark = pytest.mark.usefixtures("whole")

Plan = Mapping[str, str]
"""Which service dies at which point."""

TOGETHER: tuple[Plan, ...] = (
    {
        "participants": "transaction.before_commit",
        "activities": "rpc.before_reply",
        "reporting": "consumer.before_apply",
        "notifications": "sender.after_post",
    },
    {
        "participants": "relay.after_confirm",
        "activities": "transaction.after_commit",
        "reporting": "consumer.after_apply",
        "notifications": "transaction.before_commit",
    },
    {
        "participants": "relay.before_publish",
        "reporting": "consumer.after_delay",
        "notifications": "parking.after_park",
        "gateway": "gateway.before_answer",
    },
)
COMMANDED = ("transaction.before_commit", "transaction.after_commit", "rpc.before_reply")
RELAYED = ("relay.before_publish", "relay.after_confirm")
CONSUMED = (
    "transaction.before_commit", "transaction.after_commit", "consumer.before_apply",
    "consumer.after_apply", "consumer.after_delay", "parking.after_park",
)  # fmt: skip
ALONE: tuple[Plan, ...] = (
    *({service: point} for service in ("participants", "activities")
      for point in COMMANDED + RELAYED),
    *({service: point} for service in ("reporting", "notifications") for point in CONSUMED),
    {"notifications": "sender.after_post"},
    {"gateway": "gateway.before_answer"},
    {"activities": "transaction.after_commit:3"},
    {"reporting": "consumer.after_apply:3"},
)  # fmt: skip


def test_every_point_is_hit() -> None:
    alone = ("rebuild.", "gateway.after_revoke")  # operators' work: tested by itself
    of_services = {name for name in NAMES if not name.startswith(alone)}
    assert {point for plan in TOGETHER for point in plan.values()} == of_services


@pytest.mark.parametrize("plan", TOGETHER, ids=lambda plan: " ".join(plan.values()))
def test_several_die_at_once(hub: Hub, world: World, plan: Plan) -> None:
    die(hub, world, plan)


@pytest.mark.faults_long
@pytest.mark.parametrize("plan", ALONE, ids=lambda plan: "-".join([*plan, *plan.values()]))
def test_one_dies(hub: Hub, world: World, plan: Plan) -> None:
    die(hub, world, plan)


def die(hub: Hub, world: World, plan: Plan) -> None:
    """Let each die at its point while chapters work; then compare the books."""
    points = {point.partition(":")[0] for point in plan.values()}
    with doomed(hub, plan) as victims:
        if "parking.after_park" in points:
            (service,) = (each for each, point in plan.items() if point == "parking.after_park")
            leave_what_is_no_event(hub, world, service)
        if "consumer.after_delay" in points:
            with told_too_early(hub, world):
                (early,) = (v for v, point in victims.items() if point == "consumer.after_delay")
                wait_for(lambda: early.exits, 60)
        with ThreadPoolExecutor(len(world.chapters)) as pool:
            working = [pool.submit(work, world, number) for number in range(len(world.chapters))]
            wait_for(lambda: all(victim.exits for victim in victims), 90)
            assert {victim.name: victim.exits for victim in victims} == {
                victim.name: [-9] for victim in victims
            }
            for each in hub.processes.values():
                each.kept = True
            for task in working:
                task.result()
    found = world.account()
    assert not found.wrong, found
    with hub.client() as client:  # what is parked would be a finding of later audits
        for service in ("reporting", "activities", "notifications"):
            client[service].parked.delete_many({})
    world.parked = 0


@contextmanager
def doomed(hub: Hub, plan: Plan) -> Iterator[dict[HubProcess, str]]:
    """Of each service in the plan one process alone, which will die at its point."""
    replicas = {
        service: [hub.processes[service]] if service == "gateway" else hub.replicas(service)
        for service in plan
    }
    for each in chain(*replicas.values()):
        each.kept = False
        each.terminate()
    for each in chain(*replicas.values()):
        each.wait()
    victims = {replicas[service][-1]: point for service, point in plan.items()}
    for victim, point in victims.items():
        victim.exits.clear()
        victim.start_armed(point)
        victim.kept = True
    for victim in victims:
        wait_for(lambda victim=victim: victim.exits or victim.ready(), 60)  # type: ignore[misc]
    try:
        yield victims
    finally:
        for each in hub.processes.values():
            each.kept = True


def work(world: World, number: int) -> None:
    """Every kind of command and event."""
    chapter = world.chapters[number]
    for _ in range(3):
        chapter.register(5)
        chapter.hold()
        chapter.attend()
        chapter.correct_lines()
        chapter.correct_activity()
        chapter.move()


def leave_what_is_no_event(hub: Hub, world: World, service: str) -> None:
    world.parked += 1
    body = f"not an event {new_id()}".encode()
    publish_raw(
        hub.amqp_admin_uri(), [Message("", events_queue(service), body, "application/json")]
    )


@contextmanager
def told_too_early(hub: Hub, world: World) -> Iterator[None]:
    """Inside, the second step of a new sheet is out, and the first is not."""
    chapter = world.chapters[0]
    with hub.client() as client:
        leases, outbox = client.activities.leases, client.activities.outbox
        never = datetime.now(UTC) + timedelta(days=1)
        leases.update_one({"_id": "relay"}, {"$set": {"holder": "the test", "until": never}})
        for each in hub.replicas("activities"):  # who holds a lease trusts it for a while
            each.kill()
        items, made = chapter._new_activities(1)
        chapter.say(PUSH, {"input": {"activities": items}}, made)
        session = next(iter(made.activities.values())).sessions[0]
        for person in chapter.random.sample(chapter._known_people(), 2):
            sheet = {"sessionId": session, "rows": [{"participantId": person}]}
            step = Ledger(sheets={session: {person: Line("present")}}, rows=1)
            chapter.say(PUSH, {"input": {"attendance": [sheet]}}, step)
        first = {"subject": session, "sequence": 1}
        held = outbox.update_many(first, {"$set": {"published_at": never}})
        assert held.modified_count == 2  # a sheet is told in two versions
        leases.update_one({"_id": "relay"}, {"$set": {"until": datetime.fromtimestamp(0, UTC)}})
        try:
            yield
        finally:
            outbox.update_many(first, {"$set": {"published_at": None}})
