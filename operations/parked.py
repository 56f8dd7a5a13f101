"""Events that services could not apply: found and decided about through the hub, by GraphQL.

Owns the documents that are sent. The hub itself decides and records; here is only which rows an
operator means, and that all of them are known before the first is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from operations.failure import CannotRun
from operations.hub import Hub
from operations.progress import Count, Watch
from operations.settings import Settings
from shared.ids import new_id
from shared.parked import DISCARDED, PARKED, RETRIED, STATES

CHUNK: Final = 200  # what the hub takes at once

FIELDS: Final = """
    service id state type subject sequence reason reasonText attempts firstAt lastAt appliedAt
    holdsUp waitsFor decisions { action at by why }
"""
COUNTS: Final = "{ parkedCounts { service parked retried discarded } }"
LIST: Final = f"""
query($service: EventConsumer!, $state: ParkedState, $subject: ID, $reason: String, $ids: [ID!],
      $first: Int, $after: String) {{
  parked(service: $service, state: $state, subject: $subject, reason: $reason, ids: $ids,
         first: $first, after: $after) {{
    nodes {{ {FIELDS} }} pageInfo {{ endCursor hasNextPage }}
  }}
}}"""
SHOW: Final = f"""
query($service: EventConsumer!, $id: ID!) {{
  parkedEvent(service: $service, id: $id) {{ {FIELDS} event sizeBytes }}
}}"""
RETRY: Final = """
mutation($service: EventConsumer!, $ids: [ID!]!, $pushId: ID) {
  retryParked(service: $service, ids: $ids, pushId: $pushId) { count unknown }
}"""
DISCARD: Final = """
mutation($service: EventConsumer!, $ids: [ID!]!, $reason: String!, $pushId: ID) {
  discardParked(service: $service, ids: $ids, reason: $reason, pushId: $pushId) { count unknown }
}"""

ParkedEvent = dict[str, Any]
ParkedCounts = dict[str, Any]
Reached = dict[str, int]
"""Service → how many events a decision reached, those behind the named ones included."""


@dataclass(frozen=True, slots=True)
class Listed:
    """By service how many events it holds in each state, and those that were asked for."""

    counts: list[ParkedCounts]
    rows: list[ParkedEvent]

    @property
    def waiting(self) -> bool:
        """Whether any waits for a decision."""
        return any(count[PARKED] for count in self.counts)


def listed(
    settings: Settings,
    service: str | None,
    *,
    state: str | None,
    subject: str | None,
    reason: str | None,
    limit: int,
) -> Listed:
    """At most `limit` events of each service (None: all), the one that waits longest first.

    Raises: CannotRun: `state` is none, no service of this name takes events, or one does not
        answer.
    """
    if state not in (*STATES, None):
        raise CannotRun(f"no state is called {state!r}: it is {', '.join(STATES)} or all")
    wanted = {"state": state, "subject": subject, "reason": reason}
    with Hub(settings) as hub:
        counts = _counts(hub, service)
        found = (_rows(hub, count["service"], limit=limit, **wanted) for count in counts)
        return Listed(counts, [row for rows in found for row in rows])


def shown(settings: Settings, key: str, service: str | None) -> list[ParkedEvent]:
    """The event with this id and its content, at each service that has it. Raises: CannotRun."""
    with Hub(settings) as hub:
        found = _found(hub, [key], service)
        return [hub.ask(SHOW, service=each["service"], id=key)["parkedEvent"] for each in found]


def retry(
    settings: Settings,
    ids: Sequence[str] | None,
    service: str | None,
    reason: str | None,
    watch: Watch,
) -> Reached:
    """Send these events to their service again, or all that wait, each with what is behind it.

    Raises: CannotRun: an id is nowhere, and nothing was sent; or the hub did not answer: repeat it,
        what was applied before is not applied twice.
    """
    with Hub(settings) as hub:
        if ids is not None:
            rows = _found(hub, ids, service)
        else:
            # All are listed before the first is sent: one that fails again is back at the end.
            rows = [
                row
                for count in _counts(hub, service)
                for row in _rows(hub, count["service"], state=PARKED, reason=reason)
            ]
        first = leading(rows)
        return _decide(hub, RETRY, first, Count(watch, RETRIED, len(first)))


def discard(
    settings: Settings,
    ids: Sequence[str],
    service: str | None,
    why: str,
    confirm: Callable[[Sequence[ParkedEvent]], bool],
    watch: Watch,
) -> Reached | None:
    """Give events up, on record; None: `confirm` refused, and nothing was.

    Raises: CannotRun as `retry`; discarding twice is once.
    """
    with Hub(settings) as hub:
        rows = _found(hub, ids, service)
        if not confirm(rows):
            return None
        return _decide(hub, DISCARD, rows, Count(watch, DISCARDED, len(rows)), reason=why)


def leading(rows: Sequence[ParkedEvent]) -> list[ParkedEvent]:
    """The rows without those that go along with another of them."""
    named = {(row["service"], row["id"]) for row in rows}
    return [
        row
        for row in rows
        if row["state"] != PARKED or (row["service"], row["waitsFor"]) not in named
    ]


def _counts(hub: Hub, service: str | None) -> list[ParkedCounts]:
    """The services with how many they hold. Raises CannotRun if one does not answer."""
    counts: list[ParkedCounts] = hub.ask(COUNTS)["parkedCounts"]
    if service is not None:
        names = [count["service"] for count in counts]
        counts = [count for count in counts if count["service"] == service]
        if not counts:
            raise CannotRun(f"no service {service!r} takes events: {', '.join(names)} do")
    silent = [count["service"] for count in counts if count[PARKED] is None]
    if silent:
        raise CannotRun(f"no answer from {', '.join(silent)}; --service asks one of the others")
    return counts


def _rows(
    hub: Hub, service: str, *, limit: int | None = None, **wanted: Any
) -> Iterator[ParkedEvent]:
    """A service's rows, page by page."""
    after, taken = None, 0
    while limit is None or taken < limit:
        first = CHUNK if limit is None else min(CHUNK, limit - taken)
        answer = hub.ask(LIST, service=service, first=first, after=after, **wanted)["parked"]
        yield from answer["nodes"]
        taken += len(answer["nodes"])
        after = answer["pageInfo"]["endCursor"]
        if not answer["pageInfo"]["hasNextPage"]:
            return


def _found(hub: Hub, ids: Sequence[str], service: str | None) -> list[ParkedEvent]:
    """The rows with these ids, of each service that has them; CannotRun if an id is nowhere."""
    asked = list(dict.fromkeys(ids))
    rows = [
        row
        for count in _counts(hub, service)
        for start in range(0, len(asked), CHUNK)
        for row in _rows(hub, count["service"], ids=asked[start : start + CHUNK])
    ]
    missing = set(asked) - {row["id"] for row in rows}
    if missing:
        raise CannotRun(
            f"not in the parking lot, so nothing was done: {', '.join(sorted(missing))}"
        )
    return rows


def _decide(
    hub: Hub, mutation: str, rows: Sequence[ParkedEvent], count: Count, **more: str
) -> Reached:
    """Send a decision about the rows, service by service."""
    by_service: dict[str, list[str]] = {}
    for row in rows:
        by_service.setdefault(row["service"], []).append(row["id"])
    reached = dict.fromkeys(by_service, 0)
    for service, ids in by_service.items():
        for start in range(0, len(ids), CHUNK):
            chunk = ids[start : start + CHUNK]
            (answer,) = hub.ask(
                mutation, service=service, ids=chunk, pushId=new_id(), **more
            ).values()
            reached[service] += answer["count"]
            count.add(len(chunk))
    return reached
