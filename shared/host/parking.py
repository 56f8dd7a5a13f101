"""What operators may ask of every consumer of events: its parking lot, by RPC.

Owns the methods `parked`, `parked_event`, `retry_parked` and `discard_parked`, which a service
class inherits from `ParkingService`, and the way of a parked event back to its queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson

from shared import topology
from shared.bus.connection import Message, Publisher
from shared.bus.relay import pack
from shared.caller import Caller
from shared.codes.suggestions import unknown_code
from shared.errors import Forbidden, NotFound, Refused, Unavailable
from shared.events import BATCH_CONTENT_TYPE, CONTENT_TYPE
from shared.host.component import Component
from shared.host.rpc import rpc
from shared.ids import asked_for
from shared.paging import Asked
from shared.parked import PARKED, STATES
from shared.store.mongo import Store
from shared.texts import plain
from shared.types import Answer, Document, Request

MAX_IDS: Final = 200
MAX_WHY: Final = 500


class Requeue(Component):
    """Puts what is parked back into the service's first retry tier."""

    def open(self) -> Publisher:
        """A publisher of the caller's own; close it."""
        return Publisher(self.config.amqp_uri, f"{self.config.service} parking lot")

    def send(self, publisher: Publisher, rows: Sequence[Document]) -> None:
        """Publish the rows' bodies as a first attempt, each subject's in order; the broker has them
        on return. They come after the first retry tier, which leaves the time to record it.

        Raises: Unavailable (retryable): some may not have arrived.
        """
        delays = self.config.retry_delays_s
        key = topology.retry_key(delays[0]) if delays else topology.AGAIN
        exchange = topology.retry_exchange(self.config.service)
        events = [row for row in rows if row.get("subject") is not None]
        raw = [row for row in rows if row.get("subject") is None]
        messages = [
            Message(exchange, key, batch.body(), BATCH_CONTENT_TYPE) for batch in pack(events)
        ]
        messages += [Message(exchange, key, bytes(row["body"]), CONTENT_TYPE) for row in raw]
        if not all(publisher.publish(messages)):
            raise Unavailable("BROKER_UNAVAILABLE")


class ParkingService:
    """Base of every service with `@on_events`; it has a StoreProvider named `store`."""

    store: Any  # a StoreProvider in the class, the Store in its instances
    requeue = Requeue()

    @rpc
    def parked(self, request: Request) -> Answer:
        """A page (`shared.paging`) of the rows in `state` (all states without one), of `subject`
        and `reason` and among `ids` where given, oldest first; and `counts` of all by state."""
        _operator(request)
        state = request.get("state")
        if state and state not in STATES:
            raise Refused("UNKNOWN_CODE", **unknown_code("state", state, STATES))
        wanted = {
            "state": state,
            "subject": request.get("subject"),
            "reason": request.get("reason"),
        }
        given = {n: plain(_text(value)) for n, value in wanted.items() if value is not None}
        query: Document = {name: text for name, text in given.items() if text}
        ids = asked_for(request.get("ids"), "ids", read=_text)
        if ids is not None:
            query["_id"] = {"$in": ids}
        store: Store = self.store
        page = store.parked.page(query, Asked.of(request))
        return {
            "items": _shown(store, page.items),
            "counts": store.parked.counts(),
            **page.frame(),
        }

    @rpc
    def parked_event(self, request: Request) -> Answer:
        """One row with its event. Raises NotFound."""
        _operator(request)
        store: Store = self.store
        row = store.parked.get(_text(request.get("id")))
        if row is None:
            raise NotFound
        body = bytes(row["body"])
        # What is no event may be anything, also what nobody should read; its size says enough.
        event = None if row.get("subject") is None else orjson.loads(body)
        return {**_shown(store, [row])[0], "event": event, "size_bytes": len(body)}

    @rpc
    def retry_parked(self, request: Request) -> Answer:
        """Send the rows `ids` to the queue again, each with what is parked behind it.

        Discarded ones too. Answers `{"items": the first rows as they are now, "count": of all,
        followers included, "unknown": those of `ids` that are none}`. What was applied before is
        not applied again; what was sent under this `push_id` is not sent again. Raises:
        Unavailable (retryable).
        """
        by = _operator(request).key_id
        ids, push_id = _ids(request), request.get("push_id")
        store: Store = self.store
        chosen = store.parked.with_followers(ids)
        if store.was_done("parked/retry", push_id):
            return _decided(store, ids, chosen)
        publisher = self.requeue.open()
        try:
            for rows in store.parked.portions(chosen):
                self.requeue.send(publisher, rows)
                store.parked.mark_retried(rows, by)
        finally:
            publisher.close()
        # Not before: whoever never heard an answer may repeat what was half done.
        store.once("parked/retry", push_id, lambda _: None)
        return _decided(store, ids, chosen)

    @rpc
    def discard_parked(self, request: Request) -> Answer:
        """Give the rows `ids` up, on record, with the `reason` of whoever decides; answer as above.

        They can still be retried. Raises: Refused without a reason.
        """
        by = _operator(request).key_id
        ids = _ids(request)
        why = _text(request.get("reason") or "").strip()
        if not why:
            raise Refused("REASON_REQUIRED")
        if len(why) > MAX_WHY:
            raise Refused("TOO_LONG", limit=MAX_WHY)
        store: Store = self.store
        store.once(
            "parked/discard",
            request.get("push_id"),
            lambda tx: store.parked.discard(ids, by, why, tx.session),
        )
        return _decided(store, ids, store.parked.known(ids))


def _operator(request: Request) -> Caller:
    caller = Caller.of(request)
    if caller.role != "operator" or not caller.key_id:
        raise Forbidden
    return caller


def _ids(request: Request) -> list[str]:
    ids = request.get("ids")
    if not isinstance(ids, list) or not ids:
        raise Refused("REQUIRED")
    if len(ids) > MAX_IDS:
        raise Refused("TOO_MANY_ITEMS", count=len(ids), limit=MAX_IDS)
    return list(dict.fromkeys(_text(each) for each in ids))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused("NOT_A_TEXT")
    return value


def _decided(store: Store, asked: Sequence[str], chosen: Sequence[str]) -> Answer:
    shown = [row for rows in store.parked.portions(chosen[:MAX_IDS]) for row in rows]
    known = set(chosen)
    return {
        "items": _shown(store, shown),
        "count": len(chosen),
        "unknown": [key for key in asked if key not in known],
    }


def _shown(store: Store, rows: Sequence[Document]) -> list[Answer]:
    applied = store.claimed([row["_id"] for row in rows])
    standings = store.parked.standings(rows, applied)
    return [
        {
            "id": row["_id"],
            "state": row["state"],
            "type": row.get("type"),
            "subject": row.get("subject"),
            "sequence": row.get("sequence"),
            "reason": row["reason"],
            "params": row.get("params") or {},
            "attempts": row["attempts"],
            "first_at": row["first_at"],
            "last_at": row["last_at"],
            "applied_at": applied.get(row["_id"]),
            "holds_up": standings[row["_id"]].holds_up if row["state"] == PARKED else 0,
            "waits_for": standings[row["_id"]].waits_for,
            "decisions": row.get("decisions") or [],
        }
        for row in rows
    ]
