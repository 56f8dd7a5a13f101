"""The service's database: which generation of the projections is live, writing it, reading it.

Owns the collection `settings` (`services.reporting.layout`). Its one document is read inside each
transaction and each snapshot, so that a swap is one step for all.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.reporting.layout import (
    BESIDE,
    COLLECTIONS,
    LIVE,
    PREFIX,
    SETTINGS,
    WHILE_BUILDING,
    under,
)
from services.reporting.store.generation import Generation
from services.reporting.store.snapshot import Snapshot
from shared.layout import INBOX
from shared.store import inbox
from shared.store.failures import answered
from shared.store.mongo import Store, Tx
from shared.store.replay import Stopped
from shared.types import Document

READ_TIMEOUT_S: Final = 10.0


class ReportingStore(Store):
    """The projections, written by batches of events, read in snapshots.

    Args: pinned: the prefix of one generation to work on, for a rebuild; None: whichever is live.
    """

    def __init__(self, db: Database[Document], pinned: str | None = None) -> None:
        super().__init__(db)
        self.settings = db[SETTINGS]
        self._pinned = pinned
        self._numbers: dict[str, dict[str, int]] = {}  # by prefix: each has numbers of its own

    def ensure_indexes(self) -> None:
        super().ensure_indexes()
        prefix = self._prefix()
        names = COLLECTIONS if self._pinned is None else (*COLLECTIONS, *WHILE_BUILDING)
        self.create_collections(SETTINGS, *(prefix + name for name in names))
        Generation(self.db, prefix).create_indexes()

    def live(self, session: ClientSession | None = None) -> tuple[str, Document | None]:
        """The prefix of the live generation, and what is said of the one built beside it."""
        row = self.settings.find_one({"_id": LIVE}, session=session) or {PREFIX: ""}
        return row[PREFIX], row.get(BESIDE)

    def claimed(self, ids: Sequence[str]) -> dict[str, datetime]:
        """Those of the events that were applied to the projections, each with the time."""
        return inbox.claimed(self.db[under(self._prefix(), INBOX)], ids)

    def generation(self, tx: Tx) -> Generation:
        """The projections that this transaction is to write.

        Raises: Stopped: those this store is pinned to are not, or no longer, being built.
        """
        prefix, beside = self.live(tx.session)
        if self._pinned is not None:
            if beside is None or beside[PREFIX] != self._pinned:
                raise Stopped("the projections are no longer being built")
            prefix, beside = self._pinned, None
        if prefix not in self._numbers:
            self._numbers = {prefix: {}}
        return Generation(
            self.db, prefix, self._numbers[prefix], beside[PREFIX] if beside else None
        )

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """All reads inside see one moment: figures and the event they stand by belong together.

        Raises: Unavailable (retryable): the database did not answer in time.
        """
        with (
            answered(),
            pymongo.timeout(READ_TIMEOUT_S),
            self.db.client.start_session(snapshot=True) as session,
        ):
            yield Snapshot(self.db, self._prefix(session), session)

    def _prefix(self, session: ClientSession | None = None) -> str:
        return self.live(session)[0] if self._pinned is None else self._pinned
