"""The parking lot through real parts: listed, explained, retried in order, discarded on record."""

from typing import Any

import pytest

from shared import topology
from shared.bus.connection import Message
from shared.caller import ROLES, Caller
from shared.errors import Forbidden, NotFound, Refused
from shared.events import CONTENT_TYPE, Event
from shared.ids import new_id
from shared.paging import Asked
from shared.store.mongo import Store
from tests.integration.shared.bus_world import Db, Rpc, applied, counted, noted
from tests.stack import ServiceProcess, publish, publish_raw, wait_for
from tests.walking import plans, walk

OPERATOR = {"caller": Caller("operator", None, "op-key").to_dict()}
APPLIED = 'foscao_events_total{outcome="applied"}'


def mend(db: Db) -> None:
    """From now on the service takes poison."""
    db.mended.insert_one({"_id": "so"})


def parked(rpc: Rpc, **wanted: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = rpc("bus.parked", {**OPERATOR, "state": "parked", **wanted})[
        "items"
    ]
    return items


def park_history(amqp_uri: str, rpc: Rpc) -> list[Event]:
    """Four steps of one subject: the first applied, the second poison, the others behind it."""
    subject = new_id()
    steps = [counted(subject, n, **({"poison": "x"} if n == 2 else {})) for n in range(1, 5)]
    publish(amqp_uri, steps)
    wait_for(lambda: len(parked(rpc)) == 3)
    return steps


def test_a_parked_event_tells_why_and_what_it_holds_up(
    bus: ServiceProcess, rpc: Rpc, amqp_uri: str, db: Db
) -> None:
    _, poison, third, fourth = park_history(amqp_uri, rpc)
    shown = {item["id"]: item for item in parked(rpc)}
    assert shown.keys() == {poison.id, third.id, fourth.id}
    first = shown[poison.id]
    assert (first["reason"], first["attempts"], first["applied_at"]) == ("INTERNAL", 3, None)
    assert first["params"]["where"].startswith("ValueError in BusService.receive")
    assert (first["type"], first["subject"], first["sequence"]) == (
        "counted.up",
        poison.subject,
        2,
    )
    assert (first["holds_up"], first["waits_for"]) == (2, None)
    last = shown[fourth.id]
    assert (last["reason"], last["holds_up"], last["waits_for"]) == ("OUT_OF_ORDER", 0, poison.id)
    assert shown[third.id]["holds_up"] == 1
    assert rpc("bus.parked", OPERATOR)["counts"] == {"parked": 3, "retried": 0, "discarded": 0}


def test_after_the_handler_is_mended_a_retry_brings_the_followers_in_order_and_each_once(
    bus: ServiceProcess, rpc: Rpc, amqp_uri: str, db: Db
) -> None:
    steps = park_history(amqp_uri, rpc)
    subject = steps[0].subject
    mend(db)
    answer = rpc("bus.retry_parked", {**OPERATOR, "ids": [steps[1].id]})
    assert [item["id"] for item in answer["items"]] == [each.id for each in steps[1:]]
    assert (answer["count"], answer["unknown"]) == (3, [])
    wait_for(lambda: applied(db, subject) == [1, 2, 3, 4])
    assert parked(rpc) == []
    for item in rpc("bus.parked", {**OPERATOR, "state": "retried"})["items"]:
        assert item["applied_at"] is not None
        assert [(d["action"], d["by"]) for d in item["decisions"]] == [("retried", "op-key")]

    before = bus.metric(APPLIED)
    rpc("bus.retry_parked", {**OPERATOR, "ids": [each.id for each in steps[1:]]})
    wait_for(lambda: bus.metric(APPLIED) == before + 3)
    assert applied(db, subject) == [1, 2, 3, 4]


def test_a_retry_before_anything_was_mended_parks_the_event_anew_on_record(
    bus: ServiceProcess, rpc: Rpc, amqp_uri: str
) -> None:
    poison = noted(poison="x")
    publish(amqp_uri, [poison])
    (before,) = wait_for(lambda: parked(rpc))
    rpc("bus.retry_parked", {**OPERATOR, "ids": [poison.id]})
    (after,) = wait_for(lambda: [i for i in parked(rpc) if i["last_at"] != before["last_at"]])
    assert (after["attempts"], after["first_at"]) == (3, before["first_at"])
    assert [each["action"] for each in after["decisions"]] == ["retried"]


def test_what_came_back_before_the_retry_was_recorded_stays_in_the_list(store: Store) -> None:
    event = noted()
    park = {"reason": "INTERNAL", "params": {}, "attempts": 1, "event": event}
    store.parked.park(event.to_json(), **park)  # type: ignore[arg-type]
    (rows,) = store.parked.portions([event.id])
    wait_for(lambda: _parked_later(store, event, park, rows[0]["last_at"]))
    store.parked.mark_retried(rows, "op-key")
    row = store.parked.get(event.id)
    assert row is not None
    assert (row["state"], row["decisions"]) == ("parked", [])


def _parked_later(store: Store, event: Event, park: dict[str, Any], than: Any) -> bool:
    store.parked.park(event.to_json(), **park)
    row = store.parked.get(event.id)
    return row is not None and row["last_at"] > than


def test_discarding_asks_for_a_reason_is_recorded_once_and_can_be_taken_back(
    bus: ServiceProcess, rpc: Rpc, amqp_uri: str, db: Db
) -> None:
    poison, other = noted(poison="x"), noted(poison="x")
    publish(amqp_uri, [poison, other])
    wait_for(lambda: len(parked(rpc)) == 2)
    for why in (None, "", "  "):
        with pytest.raises(Refused, match="REASON_REQUIRED"):
            rpc("bus.discard_parked", {**OPERATOR, "ids": [poison.id], "reason": why})
    request = {**OPERATOR, "ids": [poison.id, "unheard-of"], "reason": "test data"}
    answer = rpc("bus.discard_parked", request)
    rpc("bus.discard_parked", request)
    assert (answer["count"], answer["unknown"]) == (1, ["unheard-of"])
    assert [item["id"] for item in parked(rpc)] == [other.id]
    shown = rpc("bus.parked_event", {**OPERATOR, "id": poison.id})
    assert shown["state"] == "discarded"
    ((action, by, why),) = [(d["action"], d["by"], d["why"]) for d in shown["decisions"]]
    assert (action, by, why) == ("discarded", "op-key", "test data")
    assert shown["decisions"][0]["at"] > shown["last_at"]
    assert applied(db, poison.subject) == []

    mend(db)
    rpc("bus.retry_parked", {**OPERATOR, "ids": [poison.id]})
    wait_for(lambda: applied(db, poison.subject) == [1])
    shown = rpc("bus.parked_event", {**OPERATOR, "id": poison.id})
    assert [each["action"] for each in shown["decisions"]] == ["discarded", "retried"]


def test_a_discarded_step_is_named_as_what_the_later_ones_wait_for(
    bus: ServiceProcess, rpc: Rpc, amqp_uri: str
) -> None:
    _, poison, *behind = park_history(amqp_uri, rpc)
    rpc("bus.discard_parked", {**OPERATOR, "ids": [poison.id], "reason": "to see"})
    assert {item["waits_for"] for item in parked(rpc)} == {poison.id}
    assert [item["id"] for item in parked(rpc)] != []
    assert len(behind) == 2


def test_a_single_event_shows_its_content_and_a_body_that_is_none_shows_its_size(
    bus: ServiceProcess, rpc: Rpc, amqp_uri: str
) -> None:
    poison, garbage = noted(poison="x"), b"+223 70 00 00 00, by mistake"
    publish(amqp_uri, [poison])
    publish_raw(amqp_uri, [Message(topology.EXCHANGE, poison.wire_type, garbage, CONTENT_TYPE)])
    items = wait_for(lambda: found if len(found := parked(rpc)) == 2 else None)
    assert all("event" not in item and "body" not in item for item in items)
    shown = rpc("bus.parked_event", {**OPERATOR, "id": poison.id})
    assert Event.from_json(shown["event"]) == poison
    (raw,) = [item for item in items if item["id"].startswith("raw-")]
    shown = rpc("bus.parked_event", {**OPERATOR, "id": raw["id"]})
    assert (shown["event"], shown["size_bytes"]) == (None, len(garbage))
    assert (shown["reason"], shown["params"]) == ("UNDECODABLE", {"why": "not JSON"})
    with pytest.raises(NotFound):
        rpc("bus.parked_event", {**OPERATOR, "id": "unheard-of"})


def test_what_is_no_event_comes_back_to_the_same_row_when_retried(
    bus: ServiceProcess, rpc: Rpc, amqp_uri: str, db: Db
) -> None:
    publish_raw(amqp_uri, [Message(topology.EXCHANGE, noted().wire_type, b"no json", CONTENT_TYPE)])
    (before,) = wait_for(lambda: parked(rpc))
    rpc("bus.retry_parked", {**OPERATOR, "ids": [before["id"]]})
    wait_for(lambda: [i for i in parked(rpc) if i["last_at"] != before["last_at"]])
    assert db.parked.count_documents({}) == 1


def test_a_list_is_narrowed_to_ids_and_counted(bus: ServiceProcess, rpc: Rpc, db: Db) -> None:
    store = Store(db)
    events = [counted(new_id(), 1) for _ in range(4)]
    for each in events:
        store.parked.park(each.to_json(), reason="INTERNAL", params={}, attempts=1, event=each)

    def ask(**asked: Any) -> Any:
        return rpc("bus.parked", {**OPERATOR, **asked})

    narrowed = ask(ids=[events[2].id, events[0].id, "raw-unheard-of"], count=True)
    assert {each["id"] for each in narrowed["items"]} == {events[0].id, events[2].id}
    assert narrowed["total_count"] == 2
    assert ask(ids=[])["items"] == []
    assert ask(last=1, count=True)["total_count"] == 4
    with pytest.raises(Refused, match="TOO_MANY"):
        ask(ids=["x"] * 201)


@pytest.mark.parametrize("role", [each for each in ROLES if each != "operator"])
@pytest.mark.parametrize("method", ["parked", "parked_event", "retry_parked", "discard_parked"])
def test_only_operators_are_let_near(bus: ServiceProcess, rpc: Rpc, role: str, method: str) -> None:
    caller = Caller(role, "ML" if role == "chapter" else None, "k").to_dict()
    with pytest.raises(Forbidden):
        rpc(f"bus.{method}", {"caller": caller, "id": "x", "ids": ["x"], "reason": "y"})


def test_a_list_is_paged_and_can_be_narrowed(store: Store) -> None:
    subject = new_id()
    events = [counted(subject, n) for n in range(1, 8)]
    for each in events:
        store.parked.park(each.to_json(), reason="OUT_OF_ORDER", params={}, attempts=1, event=each)

    def ask(**page: Any) -> dict[str, Any]:
        return store.parked.page({"state": "parked"}, Asked.of(page)).answer(dict)

    seen = walk(ask, 3)
    assert all("body" not in row for row in seen)
    assert sorted(row["_id"] for row in seen) == sorted(each.id for each in events)
    assert walk(ask, 3, backwards=True) == seen
    assert store.parked.page({"subject": new_id()}, Asked()).items == []


def test_histories_of_different_things_under_one_id_are_kept_apart(store: Store) -> None:
    """An activity without sessions has one of its own id, with sheets in a history of their own."""
    shared_id = new_id()
    activity = Event.new("activity.corrected", "/testing", shared_id, 2, {})
    sheets = [Event.new("attendance.recorded", "/testing", shared_id, n, {}) for n in (1, 3)]
    for each in (activity, *sheets):
        store.parked.park(each.to_json(), reason="INTERNAL", params={}, attempts=1, event=each)
    rows = store.parked.page({}, Asked()).items
    standings = store.parked.standings(rows, {})
    assert (standings[activity.id].holds_up, standings[activity.id].waits_for) == (0, None)
    assert standings[sheets[0].id].holds_up == 1
    assert standings[sheets[1].id].waits_for == sheets[0].id
    assert store.parked.with_followers([sheets[0].id]) == [each.id for each in sheets]
    assert store.parked.with_followers([activity.id]) == [activity.id]


def test_the_operators_list_is_read_by_its_index(store: Store) -> None:
    def ask(**page: Any) -> object:
        return store.parked.page({"state": "parked"}, Asked.of(page))

    for page in ({"first": 2}, {"last": 2}):
        plan = plans(store.db, "parked", ask, **page)
        assert plan == ["IXSCAN { state: 1, last_at: 1, _id: 1 }"]
