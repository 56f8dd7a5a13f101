"""The relay: brings committed outbox rows to the broker, at least once, in order per subject.

Owns the publishing side of the exchange `foscao.events`. Ids and times are not in the order of
commits, so it always asks for *all* rows not yet published, never for those after the last one.
A crash between the broker's confirm and the mark publishes a row again; inboxes see to that.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from shared.bus.connection import Message, Publisher
from shared.errors import Unavailable
from shared.events import BATCH_CONTENT_TYPE
from shared.fail_points import fail_point
from shared.layout import BODY, SUBJECT
from shared.store.lease import Lease
from shared.store.outbox import EventKind, Outbox
from shared.telemetry import PUBLISHED, UNROUTABLE, describe, trace
from shared.topology import EXCHANGE, event_key, presence_key

log = logging.getLogger(__name__)

POLL_S = 1.0  # finds what another replica has committed
PACE_S = 0.03  # between two rounds: under load each then brings many commits, for the price of one
BACKOFF_S = (0.2, 5.0)  # first and longest pause while the broker or the database is away
UNROUTABLE_S = (1.0, 60.0)  # likewise for a type nobody is bound for
# One message: what a consumer can take in one transaction, and what a queue swallows easily.
MESSAGE_EVENTS = 200
MESSAGE_BYTES = 512_000
# One round trip of confirms; bounds what a crash publishes again, and the memory.
ROUND_EVENTS = 2_000
ROUND_BYTES = 8_000_000


@dataclass(slots=True)
class _Batch:
    """Events of one kind."""

    kind: EventKind
    ids: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    size: int = 0

    def fits(self, body: bytes) -> bool:
        return len(self.ids) < MESSAGE_EVENTS and self.size + len(body) <= MESSAGE_BYTES

    def body(self) -> bytes:
        """The events as one CloudEvents batch."""
        return b"[" + b",".join(self.bodies) + b"]"

    def to_message(self) -> Message:
        return Message(
            exchange=EXCHANGE,
            routing_key=_key(self.kind),
            body=self.body(),
            content_type=BATCH_CONTENT_TYPE,
        )


def pack(rows: Iterable[dict[str, Any]]) -> list[_Batch]:
    """Outbox rows as few batches, each of one kind, keeping each subject's rows in
    their order; its rows in another version are another history, for other consumers."""
    done: list[_Batch] = []
    filling: dict[EventKind, _Batch] = {}
    last: dict[tuple[str, int], EventKind] = {}
    for row in rows:
        kind, subject, body = EventKind.of(row), row[SUBJECT], bytes(row[BODY])
        version = kind.version
        if last.get((subject, version), kind) != kind:
            # The subject's earlier event waits in a batch of another kind: that must go first.
            done.extend(filling.values())
            filling.clear()
            last.clear()
        batch = filling.get(kind)
        if batch is None or (batch.ids and not batch.fits(body)):
            if batch is not None:
                done.append(batch)
            batch = filling[kind] = _Batch(kind)
        batch.ids.append(row["_id"])
        batch.bodies.append(body)
        batch.size += len(body) + 1
        last[subject, version] = kind
    return done + list(filling.values())


def _key(kind: EventKind) -> str:
    return event_key(kind.type, kind.version, older=kind.older)


def _question(consumer: str) -> Message:
    """A batch of no events, which only the queue of this consumer takes."""
    return Message(
        exchange=EXCHANGE,
        routing_key=presence_key(consumer),
        body=b"[]",
        content_type=BATCH_CONTENT_TYPE,
    )


class Relay:
    """A thread that publishes while it holds the service's lease, and stands by while not."""

    def __init__(
        self, outbox: Outbox, publisher: Publisher, lease: Lease, consumers: tuple[str, ...]
    ) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._lease = lease
        self._consumers = consumers
        self._awaited: set[str] | None = None  # None: nothing is known of this broker yet
        self._held_back: dict[EventKind, tuple[float, float]] = {}  # → (not before, pause)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._turned_at = 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Publish what is left if that can be done now, hand over the lease, and end."""
        self._stopping.set()
        self._outbox.wake()
        self._thread.join(timeout_s)

    def ready(self) -> bool:
        """Whether it publishes or stands by; False while the broker or the database is away."""
        return self._thread.is_alive() and time.monotonic() - self._turned_at < 15.0

    def _run(self) -> None:
        pause = BACKOFF_S[0]
        while True:
            stopping = self._stopping.is_set()
            self._outbox.woken.clear()
            try:
                leads = self._turn()
            except Exception as error:  # noqa: BLE001 - whatever it was, the rows are still there
                self._note(error, pause)
                self._awaited = None  # it may be another broker when it comes back
                if stopping:
                    break
                self._stopping.wait(pause)
                pause = min(pause * 2, BACKOFF_S[1])
                continue
            pause = BACKOFF_S[0]
            self._turned_at = time.monotonic()
            if stopping:
                break
            # A replica that stands by has no use for its own commits' wake-up calls.
            (self._outbox.woken if leads else self._stopping).wait(POLL_S)
        self._leave()

    def _turn(self) -> bool:
        """Publish all there is; returns whether this replica leads."""
        while self._lease.held():
            if not self._consumers_are_there():
                return True
            rows = self._unpublished()
            if not rows:
                return True
            self._publish(rows)
            if len(rows) < MESSAGE_EVENTS:
                self._stopping.wait(PACE_S)
        return False

    def _consumers_are_there(self) -> bool:
        """A topic exchange forgets what nobody is bound for: wait for each expected consumer.

        The broker sends back what finds no queue, so an empty batch by the consumer's own key is
        the question. A producer's user may see nothing else of a consumer, and the user of a
        service that only listens may not even ask: so nobody does who has nothing to publish.
        """
        if self._awaited is None:
            self._publisher.declare_topic(EXCHANGE)
            self._awaited = set(self._consumers)
        if self._awaited and self._outbox.waits():
            asked = sorted(self._awaited)
            found = self._publisher.publish([_question(each) for each in asked])
            there = [each for each, ok in zip(asked, found, strict=True) if ok]
            if there:
                log.info("consumers seen: %s", ", ".join(there))
            self._awaited.difference_update(there)
        return not self._awaited

    def _unpublished(self) -> list[dict[str, Any]]:
        now = time.monotonic()
        held_back = [kind for kind, (at, _) in self._held_back.items() if at > now]
        return self._outbox.to_publish(besides=held_back, rows=ROUND_EVENTS, size=ROUND_BYTES)

    def _publish(self, rows: list[dict[str, Any]]) -> None:
        batches = pack(rows)
        fail_point("relay.before_publish")
        arrived = self._publisher.publish([batch.to_message() for batch in batches])
        fail_point("relay.after_confirm")
        published: list[str] = []
        for batch, ok in zip(batches, arrived, strict=True):
            if ok:
                published.extend(batch.ids)
                self._held_back.pop(batch.kind, None)
            else:
                self._hold_back(batch)
        if published:
            self._outbox.mark_published(published)
            PUBLISHED.inc(len(published))

    def _hold_back(self, batch: _Batch) -> None:
        _, pause = self._held_back.get(batch.kind, (0.0, UNROUTABLE_S[0] / 2))
        pause = min(pause * 2, UNROUTABLE_S[1])
        self._held_back[batch.kind] = (time.monotonic() + pause, pause)
        UNROUTABLE.inc(len(batch.ids))
        log.error(
            "the broker has no queue for %s: %d events wait, next attempt in %.0f s",
            _key(batch.kind),
            len(batch.ids),
            pause,
        )

    def _note(self, error: Exception, pause: float) -> None:
        if isinstance(error, Unavailable):
            cause = describe(error.__cause__ or error)
            log.warning("relay: %s; next attempt in %.1f s", cause, pause)
        else:
            log.error("relay: %s", trace(error))

    def _leave(self) -> None:
        try:
            self._lease.release()
        except Unavailable as error:
            cause = describe(error.__cause__ or error)
            log.warning("relay: the lease runs out by itself: %s", cause)
        self._publisher.close()
