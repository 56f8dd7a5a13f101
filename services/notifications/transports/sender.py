"""The webhooks' sender: each endpoint's items in order, signed, tried until they arrive.

Delivery is at least once: the cursor moves after the answer, so a crash in between sends the item
again, under the same `webhook-id`. Endpoints wait for nobody but themselves: each has its queue, a
failing one is put aside with a longer wait each time, and a queue that has much to send gives way
after its turn.

Signatures: Standard Webhooks 1.0 (github.com/standard-webhooks/standard-webhooks).
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from prometheus_client import Counter
from standardwebhooks import Webhook

from services.notifications.rules import items, retries
from services.notifications.rules.model import SENDING, Attempt, Endpoint, Item, Resend, State
from services.notifications.sealing import Sealer, SecretUnreadable
from services.notifications.store.endpoint_queues import EndpointQueues
from services.notifications.store.feed import NotificationStore
from services.notifications.transports.posting import HttpOutcome, Poster
from shared.fail_points import fail_point
from shared.ids import new_id

log = logging.getLogger(__name__)

CONCURRENT: Final = 20  # endpoints posted to at once; each costs a green thread and a connection
PAGE: Final = 50  # items read ahead of the posts
TURN_S: Final = 10.0  # then other endpoints that wait get the queue
POLL_S: Final = 1.0  # how soon what another replica has stored, or a wait that ended, is seen

_ATTEMPTS = Counter("foscao_webhook_attempts", "Webhook POSTs by what came of them", ["outcome"])


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard the sender works."""

    concurrent: int = CONCURRENT
    turn_s: float = TURN_S
    poll_s: float = POLL_S


class Sender:
    """One loop per process; what it sends is agreed with the other replicas by leases."""

    def __init__(
        self,
        store: NotificationStore,
        poster: Poster,
        sealer: Sealer,
        *,
        pace: Pace = Pace(),
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._queues = EndpointQueues(store, holder=new_id())
        self._poster = poster
        self._sealer = sealer
        self._pace = pace
        self._chance = chance
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._busy: set[str] = set()
        self._pool = ThreadPoolExecutor(pace.concurrent, thread_name_prefix="endpoint")
        self._loop = threading.Thread(target=self._run, name="sender", daemon=True)

    def start(self) -> None:
        self._loop.start()

    def stop(self) -> None:
        """Finish the POSTs under way (15 s at most), give the queues back, and return."""
        self._stopping.set()
        self._woken.set()
        if self._loop.is_alive():
            self._loop.join()
        self._pool.shutdown(wait=True)
        self._poster.close()

    def alive(self) -> bool:
        """Whether the loop runs."""
        return self._loop.is_alive()

    def wake(self) -> None:
        """Say that there may be something to send."""
        self._woken.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                for endpoint in self._queues.take(
                    tuple(self._busy), self._pace.concurrent - len(self._busy)
                ):
                    self._busy.add(endpoint.id)
                    self._pool.submit(self._serve, endpoint)
            except Exception:  # the database may be away for a while; the loop outlives that
                log.exception("cannot look for webhooks to send")
                self._stopping.wait(self._pace.poll_s)
            self._woken.wait(self._pace.poll_s)
            self._woken.clear()

    def _serve(self, endpoint: Endpoint) -> None:
        try:
            current = self._send_feed(endpoint) if _may_send(endpoint) else endpoint
            if current is not None and current.state in SENDING:
                current = self._send_resends(current)
            if current is not None:
                self._queues.release(current)
        except Exception:  # a queue's fault is its own; its lease runs out, then it is tried again
            log.exception("queue broke off", extra={"endpoint": endpoint.id})
        finally:
            self._busy.discard(endpoint.id)
            self._woken.set()

    def _send_feed(self, endpoint: Endpoint) -> Endpoint | None:
        """Send what is behind the cursor until caught up, refused, or the turn is over.

        Returns: the endpoint as it is now, None if the lease was lost.
        """
        turn_ends = time.monotonic() + self._pace.turn_s
        current = endpoint
        while True:
            page = self._store.read(current.last_position, current.filter, PAGE)
            as_read = current.updated_at
            for item in page.items:
                if self._stopping.is_set() or time.monotonic() > turn_ends:
                    return current
                answer = self._post(current, item)
                fail_point("sender.after_post")
                if answer.error is not None:
                    return self._refused(current, item, answer)
                self._record(current, item, answer, number=current.failures + 1)
                moved = self._queues.moved(current, item.position)
                if moved is None or moved.state not in SENDING:
                    return moved
                current = moved
                if current.updated_at != as_read:
                    break  # its owner wants something else now
            else:
                if page.next > current.last_position:
                    moved = self._queues.skipped(current, page.next)
                    if moved is None or moved.state not in SENDING:
                        return moved
                    current = moved
                if current.last_position >= page.head:
                    return current

    def _refused(self, endpoint: Endpoint, item: Item, answer: HttpOutcome) -> Endpoint | None:
        failures = endpoint.failures + 1
        wait_s = self._wait_s(failures, answer)
        gone = answer.status == retries.GONE
        state = State.DISABLED if gone else retries.state_after(failures)
        self._record(endpoint, item, answer, failures, wait_s=None if gone else wait_s)
        changed = self._queues.failed(endpoint, state, str(answer.error), wait_s)
        if state is not endpoint.state:
            log.warning("webhook is now %s", state, extra={"endpoint": endpoint.id})
        return changed

    def _send_resends(self, endpoint: Endpoint) -> Endpoint | None:
        """Send again what its owner asked for. A failure delays that item alone."""
        current = endpoint
        due = self._queues.due_resends(endpoint, PAGE)
        items = {
            item.position: item
            for item in self._store.matching((each.position for each in due), endpoint.filter)
        }
        self._queues.finish_resends([each for each in due if each.position not in items])
        turn_ends = time.monotonic() + self._pace.turn_s
        for resend in due:
            if self._stopping.is_set() or time.monotonic() > turn_ends:
                break
            if resend.position in items:
                self._resend(current, resend, items[resend.position])
                renewed = self._queues.renew(current)
                if renewed is None or renewed.state not in SENDING:
                    return renewed
                current = renewed
        return current

    def _resend(self, endpoint: Endpoint, resend: Resend, item: Item) -> None:
        answer = self._post(endpoint, item)
        failures = resend.failures + 1
        over = answer.error is None or retries.resend_given_up(failures)
        wait_s = None if over else self._wait_s(failures, answer)
        self._record(endpoint, item, answer, failures, resend=True, wait_s=wait_s)
        if wait_s is None:
            self._queues.finish_resends([resend])
        else:
            self._queues.postpone_resend(resend, datetime.now(UTC) + timedelta(seconds=wait_s))

    def _post(self, endpoint: Endpoint, item: Item) -> HttpOutcome:
        body = items.to_cloud_event(item, endpoint.filter.schema_version)
        now = datetime.now(UTC)
        try:
            signatures = [
                Webhook(self._sealer.open(each.sealed, endpoint.id)).sign(
                    item.id, now, body.decode()
                )
                for each in endpoint.secrets
                if each.expires_at is None or each.expires_at > now
            ]
        except SecretUnreadable:
            return HttpOutcome(status=None, error="SECRET_UNREADABLE", duration_ms=0)
        headers = {
            "content-type": "application/cloudevents+json",
            "user-agent": "FOSCAO-Hub/1",
            "webhook-id": item.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        return self._poster.post(endpoint.url, headers, body)

    def _wait_s(self, failures: int, answer: HttpOutcome) -> float:
        return retries.delay_s(failures, retry_after_s=answer.retry_after_s, chance=self._chance())

    def _record(
        self,
        endpoint: Endpoint,
        item: Item,
        answer: HttpOutcome,
        number: int,
        *,
        resend: bool = False,
        wait_s: float | None = None,
    ) -> None:
        now = datetime.now(UTC)
        _ATTEMPTS.labels(answer.error or "DELIVERED").inc()
        self._queues.record(
            Attempt(
                endpoint_id=endpoint.id,
                position=item.position,
                event_id=item.id,
                number=number,
                resend=resend,
                status=answer.status,
                error=answer.error,
                duration_ms=answer.duration_ms,
                at=now,
                next_attempt_at=None if wait_s is None else now + timedelta(seconds=wait_s),
            )
        )


def _may_send(endpoint: Endpoint) -> bool:
    """Whether the feed's items may be sent now: the queue may be open for a resend alone, and its
    owner may have closed it in the moment it was taken."""
    due = endpoint.failures == 0 or endpoint.next_attempt_at <= datetime.now(UTC)
    return due and endpoint.state in SENDING
