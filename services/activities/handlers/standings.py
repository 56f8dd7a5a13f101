"""Hearing how people stand: who is withdrawn, or one with another."""

from __future__ import annotations

from collections.abc import Sequence

from services.activities.rules.standings import newer
from services.activities.store import ActivityStore
from shared.events import Event
from shared.store.mongo import Tx


def hear(events: Sequence[Event], store: ActivityStore) -> None:
    """Note what the events tell of people; what was told before changes nothing.

    Raises: Unavailable (retryable): nothing was written.
    Effects: one transaction: the inbox, `standings`.
    """

    def work(tx: Tx) -> None:
        fresh = tx.claim(events)
        known = store.standings_of(tx, {event.subject for event in fresh})
        store.save_standings(tx, newer(fresh, known))

    store.transact(work)
