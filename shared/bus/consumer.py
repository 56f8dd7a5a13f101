"""One service's consumer of events: takes batches from its queue and settles each event.

Owns the forming of batches and the rules of failure. A message is acknowledged only when each of
its events is applied, waits safely in a retry tier, or is parked.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import orjson

from shared import topology
from shared.bus.connection import Message, Publisher
from shared.bus.listener import Listener
from shared.config import Config
from shared.errors import HubError, OutOfOrder, TooNew, Unavailable
from shared.events import CONTENT_TYPE, Event, Undecodable
from shared.fail_points import fail_point
from shared.store.failures import as_hub_error
from shared.store.mongo import Store
from shared.telemetry import BATCH_EVENTS, EVENTS, describe, trace

log = logging.getLogger(__name__)

BATCH = 500  # events in one call of the handler: what one transaction takes comfortably
BATCH_BYTES = 2_000_000  # likewise, for events that speak of many rows: some 25,000 of attendance
LINGER_S = 0.005  # how long a batch waits for company once its first event is there
PREFETCH = 64  # messages on the way; at most 64 x 512 kB in memory
BACKOFF_S = (0.2, 5.0)
# A database that answers pings but never this batch: after so many attempts the batch is at fault.
PATIENCE = 5
ATTEMPT_HEADER = "x-attempt"
REASON_HEADER = "x-reason"

Handle = Callable[[list[Event]], Sequence[Event] | None]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as it came: `raw` is its document; `attempt` counts from 1."""

    event: Event
    raw: dict[str, Any]
    attempt: int


class Consumer:
    """A thread beside its listener's. `handle` is what `@on_events` promises to its method."""

    def __init__(
        self, config: Config, patterns: tuple[str, ...], store: Store, handle: Handle
    ) -> None:
        self._config = config
        self._patterns = patterns
        self._version_read = cache(partial(topology.version_read, patterns))
        self._store = store
        self._handle = handle
        self._publisher = Publisher(config.amqp_uri, f"{config.service} retries")
        self._arrived: queue.Queue[Any] = queue.Queue()  # PREFETCH bounds it
        self._carried: Any = None  # a message that would have made the last batch too large
        self._stopping = threading.Event()
        self._listener = Listener(
            config.amqp_uri, f"{config.service} events", config.heartbeat_s, self._subscribe
        )
        self._worker = threading.Thread(target=self._work, name="events worker", daemon=True)

    def start(self) -> None:
        self._listener.start()
        self._worker.start()

    def stop(self) -> None:
        """Finish and acknowledge the batch in hand, leave the others to the broker, and end."""
        self._stopping.set()
        self._arrived.put(None)
        self._listener.cancel()
        self._worker.join()
        self._listener.stop()

    def ready(self) -> bool:
        """Whether it consumes, or stands by behind another replica."""
        return self._listener.channel is not None and self._worker.is_alive()

    def _subscribe(self, channel: Any) -> str:
        service = self._config.service
        delays = self._config.retry_delays_s
        topology.declare(channel, topology.for_events(service, self._patterns, delays))
        channel.basic_qos(0, PREFETCH, False)
        tag: str = channel.basic_consume(topology.events_queue(service), callback=self._arrived.put)
        return tag

    def _work(self) -> None:
        while not self._stopping.is_set():
            messages = self._collect()
            if messages:
                self._settle(messages)
        self._publisher.close()

    def _collect(self) -> list[Any]:
        """The next messages, at most BATCH events in BATCH_BYTES unless the first alone is larger;
        empty if there is nothing to do."""
        first = self._carried or self._arrived.get()
        self._carried = None
        messages: list[Any] = []
        events = size = 0
        deadline = time.monotonic() + LINGER_S
        while first is not None:
            if (
                first.channel is self._listener.channel
            ):  # else its connection is gone: it comes again
                events += _events_in(first)
                size += len(first.body)
                if messages and (events > BATCH or size > BATCH_BYTES):
                    self._carried = first
                    break
                messages.append(first)
            try:
                first = self._arrived.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
        return messages

    def _settle(self, messages: list[Any]) -> None:
        """Bring every event to an end, as often as database or broker make us start over."""
        pause, tries = BACKOFF_S[0], 0
        while True:
            tries += 1
            try:
                patient = tries < PATIENCE or self._db_away()
                deliveries = self._decode(messages)
                for start in range(0, len(deliveries), BATCH):
                    self._apply(deliveries[start : start + BATCH], patient=patient)
                self._listener.ack(messages[-1], multiple=True)
                return
            except Unavailable as error:
                log.warning("events wait: %s; next attempt in %.1f s", error, pause)
            except Exception as error:  # noqa: BLE001 - the messages stay with the broker
                log.error("events wait; next attempt in %.1f s\n%s", pause, trace(error))
            self._stopping.wait(pause)
            if self._stopping.is_set() or messages[-1].channel is not self._listener.channel:
                return
            pause = min(pause * 2, BACKOFF_S[1])

    def _db_away(self) -> bool:
        try:
            self._store.ping()
        except Exception as error:  # noqa: BLE001 - any failure is an answer
            log.warning("the database: %s", describe(error.__cause__ or error))
            return True
        return False

    def _decode(self, messages: list[Any]) -> list[Delivery]:
        deliveries: list[Delivery] = []
        for message in messages:
            headers = message.properties.get("application_headers") or {}
            attempt = headers.get(ATTEMPT_HEADER)
            attempt = attempt if isinstance(attempt, int) else 1
            body = _bytes(message)
            try:
                documents = orjson.loads(body)
            except ValueError as error:
                self._park_raw(body, error)
                continue
            for raw in documents if isinstance(documents, list) else [documents]:
                try:
                    deliveries.append(Delivery(Event.from_json(raw), raw, attempt))
                except Undecodable as error:
                    self._park_raw(orjson.dumps(raw) if raw is not documents else body, error)
        return deliveries

    def _apply(self, deliveries: list[Delivery], *, patient: bool) -> None:
        """Hand the events to the handler; on failure halve them until the culprit is alone.

        Raises: Unavailable, if `patient`: it is not the events' fault.
        """
        if not deliveries:
            return
        deliveries = self._readable(deliveries)
        if not deliveries:
            return
        BATCH_EVENTS.observe(len(deliveries))
        fail_point("consumer.before_apply")
        try:
            early = self._handle([each.event for each in deliveries]) or ()
        except Exception as error:  # whatever it is, it must not cost the neighbours
            known = as_hub_error(error)
            if isinstance(known, Unavailable) and patient:
                raise known from error
            if len(deliveries) == 1:
                self._fail({deliveries[0].event.id: known or error}, deliveries)
                return
            half = len(deliveries) // 2
            self._apply(deliveries[:half], patient=patient)
            self._apply(deliveries[half:], patient=patient)
            return
        fail_point("consumer.after_apply")
        EVENTS.labels("applied").inc(len(deliveries) - len(early))
        self._fail({event.id: OutOfOrder() for event in early}, deliveries)

    def _readable(self, deliveries: list[Delivery]) -> list[Delivery]:
        """Put off what was said in a later version than this program reads.

        The queue is bound for that once a replica of the next release has started, which applies it
        when its turn comes; if the release is taken back, it ends in the parking lot.
        """
        too_new = {
            each.event.id: TooNew(type=each.event.type, version=each.event.schema_version)
            for each in deliveries
            if each.event.schema_version > self._version_read(each.event.type)
        }
        if not too_new:
            return deliveries
        self._fail(too_new, deliveries)
        return [each for each in deliveries if each.event.id not in too_new]

    def _fail(self, errors: Mapping[str, Exception], deliveries: list[Delivery]) -> None:
        """Put each failed event in a retry tier or into the parking lot."""
        later: list[Message] = []
        for each in deliveries:
            error = errors.get(each.event.id)
            if error is None:
                continue
            if _is_final(error) or each.attempt > len(self._config.retry_delays_s):
                self._park(each, error)
            else:
                later.append(self._retry(each, error))
        if later:
            if not all(self._publisher.publish(later)):
                raise Unavailable("BROKER_UNAVAILABLE")  # a retry tier is missing: keep, do not ack
            fail_point("consumer.after_delay")
            EVENTS.labels("retried").inc(len(later))

    def _retry(self, delivery: Delivery, error: Exception) -> Message:
        delay_s = self._config.retry_delays_s[delivery.attempt - 1]
        _log_failure(delivery, error, f"next attempt in {delay_s:g} s")
        return Message(
            exchange=topology.retry_exchange(self._config.service),
            routing_key=topology.retry_key(delay_s),
            body=orjson.dumps(delivery.raw),
            content_type=CONTENT_TYPE,
            headers={ATTEMPT_HEADER: delivery.attempt + 1, REASON_HEADER: _code(error)},
        )

    def _park(self, delivery: Delivery, error: Exception) -> None:
        _log_failure(delivery, error, "parked")
        params = error.params if isinstance(error, HubError) else {"where": _where(error)}
        body = orjson.dumps(delivery.raw)
        self._keep(body, _code(error), params, delivery.attempt, delivery.event)

    def _park_raw(self, body: bytes, error: ValueError) -> None:
        log.error("parked a body that is no event: %s", type(error).__name__)
        why = str(error) if isinstance(error, Undecodable) else "not JSON"
        self._keep(body, "UNDECODABLE", {"why": why}, 1, None)

    def _keep(
        self,
        body: bytes,
        reason: str,
        params: Mapping[str, Any],
        attempts: int,
        event: Event | None,
    ) -> None:
        try:
            self._store.parked.park(
                body, reason=reason, params=params, attempts=attempts, event=event
            )
        except Exception as error:
            known = as_hub_error(error)
            if known is None:
                raise
            raise known from error
        fail_point("parking.after_park")
        EVENTS.labels("parked").inc()


def _events_in(message: Any) -> int:
    """How many events a message holds, near enough without decoding it: never too few."""
    return _bytes(message).count(b'"specversion"') or 1


def _bytes(message: Any) -> bytes:
    """The body; py-amqp decodes one whose sender claimed a text encoding."""
    return message.body.encode() if isinstance(message.body, str) else bytes(message.body)


def _is_final(error: Exception) -> bool:
    return isinstance(error, HubError) and not error.retryable


def _code(error: Exception) -> str:
    return error.code if isinstance(error, HubError) else "INTERNAL"


def _where(error: Exception) -> str:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None:
        return type(error).__name__
    code = frame.tb_frame.f_code
    return f"{type(error).__name__} in {code.co_qualname}, line {frame.tb_lineno}"


def _log_failure(delivery: Delivery, error: Exception, outcome: str) -> None:
    event = delivery.event
    log.warning(
        "event %s %s (%s #%d), attempt %d: %s; %s",
        event.id,
        event.type,
        event.subject,
        event.sequence,
        delivery.attempt,
        error if isinstance(error, HubError) else "\n" + trace(error),
        outcome,
    )
