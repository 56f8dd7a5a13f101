"""A break of a contract is a second version beside the first: who reads the first goes on, and who
reads the second has it, from the outbox to the parking lot and back, and in a replay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import orjson
import pytest
from pymongo.database import Database

from shared.bus.connection import Publisher
from shared.bus.consumer import Consumer
from shared.bus.relay import Relay
from shared.config import Config
from shared.contracts import parts
from shared.contracts.allow_list import Contracts
from shared.events import Event
from shared.ids import new_id
from shared.store.lease import Lease
from shared.store.mongo import Store
from shared.store.outbox import Outbox
from shared.store.replay import EventLog
from shared.types import Document
from tests.stack import wait_for

FIRST = parts.part({"text": parts.TEXT})
SECOND = parts.part({"texts": parts.array(parts.TEXT)})
KINDS: Final = ("noted.down", "noted.again")
BOTH = Contracts({kind: {1: FIRST, 2: SECOND} for kind in KINDS})


class Producer(Store):
    contracts = BOTH

    def note(self, subject: str, sequence: int, text: str, kind: str = KINDS[0]) -> Event:
        event = Event.new(kind, "/test", subject, sequence, {"text": text, "texts": [text]})
        self.transact(lambda tx: tx.emit([event]))
        return event


class BeforeVersions(Producer):
    contracts = Contracts({kind: {1: FIRST} for kind in KINDS})


class Reader:
    """A consumer, with what it was told of, in order, each event once."""

    def __init__(self, config: Config, db: Database[Document], name: str, *patterns: str) -> None:
        self.told: list[Event] = []
        self.broken = False
        self.store = Store(db.client[f"{db.name}_{name}"])
        self.store.ensure_indexes()
        config = replace(config, service=name, retry_delays_s=(0.05,))
        self.consumer = Consumer(config, patterns, self.store, self.handle)
        self.consumer.start()

    def handle(self, events: list[Event]) -> None:
        if self.broken:
            raise ValueError
        self.told += self.store.transact(lambda tx: tx.claim(events))

    def stop(self) -> None:
        self.consumer.stop()

    def close(self) -> None:
        self.stop()
        self.store.db.client.drop_database(self.store.db.name)


@pytest.fixture
def producer(db: Database[Document]) -> Producer:
    made = Producer(db)
    made.ensure_indexes()
    return made


@pytest.fixture
def readers(config: Config, db: Database[Document]) -> Iterator[tuple[Reader, Reader]]:
    old = Reader(config, db, "oldreader", "noted.*.v1")
    new = Reader(config, db, "newreader", "noted.*.v2")
    for each in (old, new):
        wait_for(each.consumer.ready)
    yield old, new
    for each in (old, new):
        each.close()


@contextmanager
def relaying(producer: Producer, amqp_uri: str) -> Iterator[None]:
    publisher = Publisher(amqp_uri, "test relay")
    running = Relay(producer.outbox, publisher, Lease(producer.db, "relay"), ())
    running.start()
    yield
    running.stop()


@pytest.fixture
def relay(producer: Producer, readers: tuple[Reader, Reader], amqp_uri: str) -> Iterator[None]:
    with relaying(producer, amqp_uri):
        yield


def test_each_reader_hears_each_event_once_in_its_own_version(
    producer: Producer, readers: tuple[Reader, Reader], relay: None
) -> None:
    subject = new_id()
    told = [producer.note(subject, n, f"step {n}", KINDS[n % 2]) for n in range(1, 21)]
    old, new = readers
    wait_for(lambda: len(old.told) == len(new.told) == len(told))

    assert [event.id for event in old.told] == [event.id for event in told]
    assert [event.data for event in old.told] == [{"text": f"step {n}"} for n in range(1, 21)]
    assert [event.data for event in new.told] == [{"texts": [f"step {n}"]} for n in range(1, 21)]
    for one, other, said in zip(old.told, new.told, told, strict=True):
        assert (one.schema_version, other.schema_version) == (1, 2)
        assert one.wire_type == f"org.foscao.{said.type}.v1"
        assert other.wire_type == f"org.foscao.{said.type}.v2"
        assert (other.subject, other.sequence, other.time) == (one.subject, one.sequence, one.time)
        assert other.id != one.id
        assert other.causationid == one.id


def test_a_step_is_taken_once_in_each_version(producer: Producer) -> None:
    subject = new_id()
    producer.note(subject, 1, "first")
    with pytest.raises(Exception, match="duplicate key"):
        producer.note(subject, 1, "again")
    rows = list(producer.outbox.collection.find({"subject": subject}))
    assert sorted(row.get("schema_version", 1) for row in rows) == [1, 2]


def test_what_one_reader_cannot_apply_is_parked_for_it_alone_with_its_version(
    producer: Producer, readers: tuple[Reader, Reader], relay: None
) -> None:
    old, new = readers
    new.broken = True
    said = producer.note(new_id(), 1, "hard to read")
    row = wait_for(lambda: new.store.parked.collection.find_one())

    assert (row["type"], row["schema_version"], row["subject"]) == (said.type, 2, said.subject)
    assert orjson.loads(row["body"])["type"] == f"org.foscao.{said.type}.v2"
    wait_for(lambda: [event.id for event in old.told] == [said.id])
    assert old.store.parked.collection.count_documents({}) == 0


def test_a_log_is_read_again_in_the_version_that_the_reader_knows(producer: Producer) -> None:
    subjects = sorted(new_id() for _ in range(5))
    for subject in subjects:
        for sequence, kind in enumerate(KINDS, 1):
            producer.note(subject, sequence, "x", kind)
    for pattern, data in (("noted.*.v1", {"text": "x"}), ("noted.*.v2", {"texts": ["x"]})):
        log = EventLog("testing", producer.outbox.collection, (pattern,))
        read = [event for events, _ in log.read() for event in events]
        assert [event.subject for event in read] == [each for each in subjects for _ in KINDS]
        assert [event.data for event in read] == [data] * 10
        assert log.count() == 10


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_what_was_recorded_before_a_version_is_read_again_in_the_one_before(
    producer: Producer, db: Database[Document], monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("shared.store.replay.BATCH", batch)
    before = BeforeVersions(db)
    subjects = sorted(new_id() for _ in range(3))
    first = [before.note(subject, n, "old").id for subject in subjects for n in (1, 2)]
    for subject in subjects:
        producer.note(subject, 3, "new")
    log = EventLog("testing", producer.outbox.collection, ("noted.*.v2",))

    read = [event for events, _ in log.read() for event in events]

    assert log.count() == 9
    assert [(e.subject, e.sequence, e.schema_version) for e in read] == [
        (subject, *told) for subject in subjects for told in ((1, 1), (2, 1), (3, 2))
    ]
    assert [event.data for event in read[:3]] == [{"text": "old"}] * 2 + [{"texts": ["new"]}]
    assert log.of_subjects_of(first[:1]) == read[:3]
    for events, mark in log.read():  # from any mark the rest, and nothing twice
        begun = read.index(events[-1]) + 1
        assert [event for rest, _ in log.read(mark) for event in rest] == read[begun:]


def test_a_consumer_that_moves_to_the_second_version_hears_each_event_once(
    producer: Producer, config: Config, db: Database[Document], amqp_uri: str
) -> None:
    """While another consumer stays with the first."""
    steps = [*range(1, 31)]
    subject = new_id()
    stays = Reader(config, db, "stays", "noted.*.v1")
    before = Reader(config, db, "moves", "noted.*.v1")
    for each in (stays, before):
        wait_for(each.consumer.ready)
    with relaying(producer, amqp_uri):
        for n in steps[:10]:
            BeforeVersions(db).note(subject, n, f"step {n}")
        for n in steps[10:20]:
            producer.note(subject, n, f"step {n}")
        wait_for(lambda: len(before.told) == 20)
        before.stop()
        after = Reader(config, db, "moves", "noted.*.v2")
        wait_for(after.consumer.ready)
        for n in steps[20:25]:
            producer.note(subject, n, f"step {n}")
        for n in steps[25:]:  # a replica of the release before is still there
            BeforeVersions(db).note(subject, n, f"step {n}")
        wait_for(lambda: len(after.told) == 10)
        wait_for(lambda: len(stays.told) == 30)

    assert [event.sequence for event in before.told + after.told] == steps
    assert [event.schema_version for event in before.told + after.told] == [
        *[1] * 20,
        *[2] * 5,
        *[1] * 5,
    ]
    assert {event.schema_version for event in stays.told} == {1}
    assert after.store.parked.collection.count_documents({}) == 0
    for each in (stays, after):
        each.close()


def test_what_a_reader_cannot_read_yet_waits_for_the_program_that_can(
    producer: Producer, config: Config, db: Database[Document], amqp_uri: str
) -> None:
    """As when the first replica of the next release has bound the queue, and stands by."""
    old = Reader(replace(config, retry_delays_s=(0.05, 2.0)), db, "rolling", "noted.*.v1")
    wait_for(old.consumer.ready)
    new = Reader(config, db, "rolling", "noted.*.v2")
    wait_for(new.consumer.ready)
    told = [producer.note(new_id(), 1, "x") for _ in range(5)]
    with relaying(producer, amqp_uri):
        wait_for(lambda: not producer.outbox.waits())
        old.stop()
        wait_for(lambda: len(new.told) == len(told))

    assert old.told == []
    assert {event.subject for event in new.told} == {event.subject for event in told}
    assert {event.schema_version for event in new.told} == {2}
    new.close()


def test_an_event_is_recorded_only_in_the_versions_that_somebody_reads(
    db: Database[Document],
) -> None:
    versions = {KINDS[0]: {1: FIRST, 2: SECOND}}
    event = Event.new(KINDS[0], "/test", new_id(), 1, {"text": "x", "texts": ["x"]})
    recorded: list[set[tuple[int, bool]]] = []
    for readers in ((1,), (2,), (1, 2), (3,)):
        outbox = Outbox(db, Contracts(versions, {KINDS[0]: readers}))
        outbox.ensure_indexes()
        with db.client.start_session() as session, session.start_transaction():
            outbox.insert([event], session)
        rows = outbox.collection.find()
        recorded.append({(row.get("schema_version", 1), row.get("older", False)) for row in rows})
        outbox.collection.delete_many({})
    assert recorded == [{(1, False)}, {(2, False)}, {(1, True), (2, False)}, {(2, False)}]
    with pytest.raises(LookupError, match=KINDS[0]):
        Contracts({KINDS[0]: {2: SECOND}}, {KINDS[0]: (1,)})


def test_an_outbox_of_before_takes_a_second_version(db: Database[Document]) -> None:
    keys = [("subject", 1), ("sequence", 1), ("type", 1)]
    db["outbox"].create_index(keys, name="subject_sequence_type", unique=True)
    before = Store(db)
    Outbox(db, Contracts({KINDS[0]: {1: FIRST}})).ensure_indexes()
    producer = Producer(db)
    producer.ensure_indexes()

    producer.note(new_id(), 1, "x")

    assert before.outbox.collection.count_documents({}) == 2
    assert "subject_sequence_type" not in db["outbox"].index_information()
