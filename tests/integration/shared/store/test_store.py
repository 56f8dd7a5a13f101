"""Transactions, leases and the outbox on a real database."""

import threading

import pytest
from pymongo.errors import PyMongoError

from shared.config import Config
from shared.errors import Unavailable
from shared.store import mongo
from shared.store.lease import Lease
from shared.store.mongo import Store
from shared.store.outbox import Outbox
from tests.integration.shared.anything import FreeStore
from tests.integration.shared.bus_world import emit, noted
from tests.stack import wait_for


def test_a_holder_that_fell_silent_loses_the_lease(store: Store) -> None:
    silent, next_one = Lease(store.db, "job", ttl_s=0.5), Lease(store.db, "job", ttl_s=0.5)
    assert silent.held()
    assert not next_one.held()
    wait_for(next_one.held)
    silent._renew_at = 0.0  # as after a pause
    assert not silent.held()


def test_an_unpublished_row_is_found_by_its_index(store: Store) -> None:
    emit(store, noted())
    plan = (
        store.outbox.collection.find({"published_at": None})
        .sort([("recorded_at", 1), ("sequence", 1)])
        .explain()
    )
    assert "'indexName': 'unpublished'" in str(plan["queryPlanner"]["winningPlan"])


def test_twins_that_insert_the_same_id_at_once_both_finish(store: Store) -> None:
    """The one that comes second finds what the first has written."""
    things = store.db["things"]
    store.create_collections("things")
    barrier = threading.Barrier(2, timeout=5)
    found: list[bool] = []

    def push(first_try: list[bool]) -> None:
        def work(tx: mongo.Tx) -> bool:
            present = things.find_one({"_id": "same"}, session=tx.session) is not None
            if not first_try:
                first_try.append(True)
                barrier.wait()
            if not present:
                things.insert_one({"_id": "same"}, session=tx.session)
            return present

        found.append(store.transact(work))

    threads = [threading.Thread(target=push, args=([],)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False, True]


def test_a_database_that_is_away_is_unavailable(config: Config) -> None:
    away = Config(
        service="testing",
        amqp_uri=config.amqp_uri,
        mongo_uri="mongodb://127.0.0.1:1/?replicaSet=none",
        database="x",
    )
    store = FreeStore(mongo.connect(away))
    with pytest.raises(Unavailable):
        store.transact(lambda tx: store.db.things.insert_one({}, session=tx.session), timeout_s=1)
    store.db.client.close()


def test_outbox_refuses_a_sequence_that_is_taken(store: Store) -> None:
    event = noted("subject-1", 1)
    emit(store, event)
    with pytest.raises(PyMongoError):
        emit(store, noted("subject-1", 1))
    assert isinstance(store.outbox, Outbox)
