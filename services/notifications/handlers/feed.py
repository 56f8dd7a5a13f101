"""The feed grows and is read. A chapter's key reads its own chapter's items alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from services.notifications import schemas
from services.notifications.rules import items
from services.notifications.rules.model import Filter
from services.notifications.store.feed import NotificationStore
from shared.caller import Caller
from shared.errors import Refused
from shared.events import Event
from shared.paging import bounded
from shared.store.mongo import Tx
from shared.types import Answer, Request

FEED_PAGE: Final = 500


def record_events(events: Sequence[Event], store: NotificationStore) -> list[Event]:
    """Append to the feed what partners may learn of these events.

    Returns: the events that came before their predecessors; nothing was done about them.
    Raises: Unavailable (retryable): nothing was written. KeyError: an event breaks its contract.
    Effects: one transaction: the inbox, `feed`, `subjects`.
    """

    def work(tx: Tx) -> list[Event]:
        growth = items.grow(events, store.known(tx, items.keys_of(events)))
        early = {event.id for event in growth.early}
        fresh = {each.id for each in tx.claim([e for e in events if e.id not in early])}
        store.append(tx, growth.items, growth.applied)
        store.note_superseded(tx, [each for each in growth.superseded if each in fresh])
        return growth.early

    return store.transact(work)


def read_feed(request: Request, store: NotificationStore) -> Answer:
    """The items behind cursor `after`, at most `first` (500), that match `filter`.

    Returns: `items`; `next`, the cursor to go on from, now or when there is more; `head`, the
        feed's last position.
    Raises: Refused BAD_CURSOR, PAGE_SIZE or INVALID_INPUT (final).
    """
    caller = Caller.of(request)
    after = schemas.load_position(request.get("after"))
    first = bounded(request.get("first"), limit=FEED_PAGE)
    wanted = confined(schemas.load_filter(request.get("filter")), caller)
    page = store.read(after, wanted, first)
    if after > page.head:
        raise Refused("BAD_CURSOR")
    return {
        "items": [items.to_dict(item, wanted.schema_version) for item in page.items],
        "next": str(page.next),
        "head": page.head,
    }


def confined(wanted: Filter, caller: Caller) -> Filter:
    """What of it the caller may learn."""
    if caller.role == "chapter" and caller.chapter:
        return replace(wanted, chapters=(caller.chapter,))
    return wanted
