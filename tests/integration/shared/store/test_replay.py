"""A consumer that is added later catches up from the first event, each event once."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from pymongo.database import Database

from shared.bus.consumer import Consumer
from shared.config import Config
from shared.errors import Unavailable
from shared.events import Event
from shared.store import replay
from shared.store.inbox import in_order
from shared.store.mongo import Store, Tx
from shared.store.replay import Failure, apply
from shared.types import Document
from tests.integration.services.reporting.rebuild_world import Logs, Programme
from tests.stack import publish, wait_for

LISTENS = ("attendance.*.v1", "activity.*.v2")


@pytest.fixture
def logs(db: Database[Document]) -> Iterator[Logs]:
    logs = Logs(db)
    yield logs
    logs.drop()


class Newcomer:
    """Counts who is present in each session, in order, as any consumer of deltas must."""

    def __init__(self, db: Database[Document]) -> None:
        self.store = Store(db)
        self.store.ensure_indexes()
        self.store.create_collections("counts")
        self._counts = db["counts"]

    def handle(self, events: Sequence[Event]) -> list[Event]:
        return self.store.transact(lambda tx: self._apply(tx, events))

    def counted(self) -> int:
        return sum(row["present"] for row in self._counts.find())

    def _apply(self, tx: Tx, events: Sequence[Event]) -> list[Event]:
        sheets = [each for each in events if each.type.startswith("attendance.")]
        applied = {row["_id"]: row["seq"] for row in self._counts.find({}, session=tx.session)}
        order = in_order(sheets, applied)
        early = {each.id for each in order.early}
        for event in tx.claim([each for each in events if each.id not in early]):
            if event in sheets:
                change = Counter(row["present"] for row in event.data["rows"])
                self._counts.update_one(
                    {"_id": event.subject},
                    {
                        "$inc": {"present": change[True] - change[False]},
                        "$set": {"seq": event.sequence},
                    },
                    upsert=True,
                    session=tx.session,
                )
        return order.early


def test_a_new_consumer_catches_up_while_events_come_through_its_queue(
    db: Database[Document], logs: Logs, amqp_uri: str, config: Config
) -> None:
    programme = Programme(21)
    before = [*programme.beginning(), *programme.steps(150)]
    logs.write(before)
    newcomer = Newcomer(db)
    wanted = [each for each in before if each.type.split(".")[0] in ("attendance", "activity")]
    consumer = Consumer(config, LISTENS, newcomer.store, newcomer.handle)
    consumer.start()
    try:
        wait_for(consumer.ready)

        def push() -> None:
            for _ in range(20):
                fresh = list(programme.steps(5))
                logs.write(fresh)
                some = [each for each in fresh if each.type.startswith("attendance.")]
                publish(amqp_uri, some)
                wanted.extend(some)

        pushing = threading.Thread(target=push)
        pushing.start()
        for log in logs.logs(LISTENS):
            for events, _ in log.read():
                apply(newcomer.handle, events)
        pushing.join()
        claimed = db["inbox"].count_documents
        wait_for(lambda: claimed({}) == len(wanted), deadline_s=30)
    finally:
        consumer.stop()
    assert {row["_id"] for row in db["inbox"].find()} == {each.id for each in wanted}
    assert newcomer.counted() == programme.person_sessions()


def test_a_log_is_read_in_bounded_batches_each_subject_in_sequence_from_any_mark(
    logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "BATCH", 7)
    programme = Programme(22)
    history = [*programme.beginning(), *programme.steps(100)]
    logs.write(history)
    for log in logs.logs():
        parts = list(log.read())
        assert all(len(events) <= 7 for events, _ in parts)
        assert sum(len(events) for events, _ in parts) == log.count()
        last: dict[tuple[str, str], int] = {}
        for event in (each for events, _ in parts for each in events):
            history_of = (event.subject, event.type.partition(".")[0])
            assert event.sequence == last.get(history_of, 0) + 1
            last[history_of] = event.sequence
        for index, (_, mark) in enumerate(parts):
            assert list(log.read(mark)) == parts[index + 1 :]
    (sheets, _) = (log.count() for log in reversed(logs.logs(["attendance.*.v1"])))
    assert sheets == sum(each.type.startswith("attendance.") for each in history)


def test_a_page_ends_with_its_bytes(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "BATCH_BYTES", 1)
    history = Programme(23).beginning()
    logs.write(history)
    parts = [events for log in logs.logs() for events, _ in log.read()]
    assert [len(events) for events in parts] == [1] * len(history)


def test_those_at_fault_are_found_alone_and_their_neighbours_are_applied() -> None:
    events = Programme(24).beginning()
    bad = {events[3].id, events[20].id}
    done: list[Event] = []

    def handle(some: Sequence[Event]) -> list[Event]:
        if bad & {each.id for each in some}:
            raise KeyError("rows")
        done.extend(some)
        return []

    early, failed = apply(handle, events)
    assert early == []
    assert failed == [Failure(events[3], "KeyError"), Failure(events[20], "KeyError")]
    assert done == [each for each in events if each.id not in bad]


@pytest.mark.parametrize("error", [Unavailable(), replay.Stopped("over")])
def test_a_failure_that_is_no_events_fault_ends_the_replay(error: Exception) -> None:
    calls: list[Callable[..., Any]] = []

    def handle(some: Sequence[Event]) -> list[Event]:
        calls.append(handle)
        raise error

    with pytest.raises(type(error)):
        apply(handle, Programme(25).beginning())
    assert len(calls) == 1
