"""How a service talks to its database: the connection and the transaction.

Owns the guarantees: majority and journal on every write, snapshot reads in a transaction, and a
bound on its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

import pymongo
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from shared.config import Config
from shared.contracts import HOUSE
from shared.contracts.allow_list import Contracts
from shared.errors import Unavailable
from shared.events import Event
from shared.fail_points import fail_point
from shared.layout import INBOX, PUSHES
from shared.store import inbox, parking
from shared.store.failures import answered
from shared.store.ledger import Ledger
from shared.store.outbox import Outbox
from shared.types import Document

T = TypeVar("T")


def connect(config: Config) -> Database[Document]:
    """The service's database; nothing is sent before the first operation.

    A server that hangs is given up after 20 s on any one exchange; a primary that is nowhere
    to be found after 2 s.
    """
    client: MongoClient[Document] = MongoClient(
        config.mongo_uri,
        appname=f"foscao-{config.service}",
        serverSelectionTimeoutMS=2_000,
        connectTimeoutMS=2_000,
        socketTimeoutMS=20_000,
        retryWrites=True,
        retryReads=True,
        w="majority",
        journal=True,
        readConcernLevel="majority",
        tz_aware=True,
    )
    return client[config.database]


class Tx:
    """One open transaction; pass `session` to every operation that belongs to it."""

    def __init__(self, store: Store, session: ClientSession) -> None:
        self.session = session
        self._store = store
        self.emitted = 0

    def emit(self, events: Iterable[Event]) -> None:
        """Write the events to the outbox; they are published once the transaction has committed.

        Raises: ContractBroken (final): they carry what their contracts cannot.
        """
        self.emitted += self._store.outbox.insert(events, self.session)

    def claim(self, events: Sequence[Event]) -> list[Event]:
        """The events never claimed before, in their order; they are claimed from now on."""
        return inbox.claim(self._store.inbox, events, self.session)

    @property
    def ledger(self) -> Ledger:
        return self._store.ledger


class Store:
    """What every service's store is built on: its database with outbox, inbox and parking lot.

    `contracts` are those of the events that it emits.
    """

    contracts: Contracts = HOUSE

    def __init__(self, db: Database[Document]) -> None:
        self.db = db
        self.outbox = Outbox(db, self.contracts)
        self.inbox = db[INBOX]
        self.ledger = Ledger(db)
        self.parked = parking.ParkingLot(db)

    def ensure_indexes(self) -> None:
        """Create what is missing; may run at every start. Services extend it, and call this one."""
        self.outbox.ensure_indexes()
        self.parked.collection.create_indexes(list(parking.INDEXES))
        self.create_collections(INBOX, PUSHES)

    def prepare(self) -> None:
        """`ensure_indexes`, for those who know no database. Raises: Unavailable (retryable)."""
        with answered():
            self.ensure_indexes()

    def create_collections(self, *names: str) -> None:
        """Create empty collections, because one that is born inside a transaction conflicts with
        every other transaction that does the same."""
        present = set(self.db.list_collection_names())
        for name in names:
            if name not in present:
                try:
                    self.db.create_collection(name)
                except pymongo.errors.CollectionInvalid:
                    pass  # another replica was faster
                except pymongo.errors.OperationFailure as error:
                    if error.code != 48:  # NamespaceExists: likewise
                        raise

    def transact(self, work: Callable[[Tx], T], timeout_s: float = 5.0) -> T:
        """Run `work` in one transaction and return what it returns.

        `work` may run several times: it must have no effect outside the transaction. It is started
        over on failovers and on write conflicts; that a concurrent twin has just inserted the same
        id is such a conflict too, and the next attempt finds its row.

        Raises: Unavailable (retryable): no answer in `timeout_s`; it may have been committed if the
            failure hit the commit itself, so repeat it with the same ids. Whatever `work` raises:
            nothing was written.
        """
        last: Tx | None = None

        def run(session: ClientSession) -> T:
            nonlocal last
            last = Tx(self, session)
            result = work(last)
            fail_point("transaction.before_commit")
            return result

        with (
            answered(),
            pymongo.timeout(timeout_s),
            self.db.client.start_session() as session,
        ):
            result = session.with_transaction(
                run,
                read_concern=ReadConcern("snapshot"),
                write_concern=WriteConcern("majority", j=True),
                read_preference=ReadPreference.PRIMARY,
            )
        fail_point("transaction.after_commit")
        if last is not None and last.emitted:
            self.outbox.wake()
        return result

    def once(self, operation: str, push_id: str | None, work: Callable[[Tx], T]) -> T | None:
        """`transact`, and remember under the push's id that it was done; None if it was done before
        under this id: then nothing changes. Raises as `transact`."""

        def unless_done(tx: Tx) -> T | None:
            if push_id is None:
                return work(tx)
            name = f"{push_id}/{operation}"
            if tx.ledger.load([name], tx.session):
                return None
            result = work(tx)
            tx.ledger.add({name: [push_id]}, tx.session)
            return result

        return self.transact(unless_done)

    def was_done(self, operation: str, push_id: str | None) -> bool:
        """Whether `once` has done this under the push's id."""
        return push_id is not None and self.transact(
            lambda tx: bool(tx.ledger.load([f"{push_id}/{operation}"], tx.session))
        )

    def claimed(self, ids: Sequence[str]) -> dict[str, datetime]:
        """Those of the events that were applied, each with the time."""
        return inbox.claimed(self.inbox, ids)

    def ping(self) -> None:
        """Raises: Unavailable (retryable), whatever the cause, if no primary answers in 2 s."""
        try:
            with pymongo.timeout(2.0):
                self.db.command("ping")
        except PyMongoError as error:
            raise Unavailable("DATABASE_UNAVAILABLE") from error


Factory = Callable[[Database[Document]], Store]
"""What a service makes its store with."""
