"""Logged → published → claimed: each event of the log was handed to the broker, and each consumer
that listens to its type has applied it, or it is parked there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from operations.audit.log import Entry, Moment
from operations.audit.tally import Kind, Tally
from shared.subscriptions import listens
from shared.times import rfc3339

FIELDS_CLAIM: Final = ("overtaken",)
FIELDS_PARKED: Final = ("state", "reason", "text", "last_at", "decisions")
Document = Mapping[str, Any]


@dataclass(slots=True)
class At:
    """What one consumer has of an event."""

    claim: Document | None
    parked: Document | None


def check(
    published: Tally,
    claimed: Mapping[str, Tally],
    log: Sequence[Entry],
    at: Mapping[str, At],
    moment: Moment,
) -> None:
    """Compare what logs, brokers' confirms and inboxes have of one event."""
    event, *twins = log
    for each in twins:
        published.double(f"event {event.id} is in two logs", **each.ids)
    if event.published_at is not None:
        published.match(event.id)
    elif moment.fresh(event.recorded_at):
        published.in_flight += 1
    else:
        published.expect(event.id)
        published.missing(
            f"{event.name}: recorded at {_time(event.recorded_at)} and not published",
            **event.ids,
        )
    for consumer, tally in claimed.items():
        if listens(consumer, event.type, event.schema_version):
            _claimed(tally, consumer, event, at[consumer], moment)


def check_unlogged(published: Tally, key: str, at: Mapping[str, At], *, in_feed: bool) -> None:
    """An event that is known further on and is in no log."""
    where = [f"applied by {consumer}" for consumer, each in at.items() if each.claim]
    if in_feed:
        where.append("in the feed")
    if where:
        published.missing(f"event {key} is {' and '.join(where)}; no log has it", event=key)


def check_parked(tally: Tally, consumer: str, key: str, parked: Document) -> None:
    """A row of the parking lot that is no event of any log."""
    if parked["state"] == "parked":
        tally.undecided(
            Kind.PARKED,
            f"{consumer} has parked {key}, which is no event of the logs: {_reason(parked)}",
            parked=key,
            consumer=consumer,
        )


def _claimed(tally: Tally, consumer: str, event: Entry, at: At, moment: Moment) -> None:
    if at.claim is not None:
        tally.match(event.id)
        return
    if at.parked is None and event.published_at is None:
        return  # the stage before this one has it
    state = at.parked["state"] if at.parked else None
    if state not in ("parked", "discarded"):
        decisions = (at.parked.get("decisions") if at.parked else None) or ()
        if moment.fresh(decisions[-1]["at"] if decisions else event.published_at):
            tally.in_flight += 1
            return
    tally.expect(event.id)
    ids = {**event.ids, "consumer": consumer}
    if at.parked and state == "parked":
        tally.undecided(Kind.PARKED, f"{event.name}: parked by {consumer}: {_reason(at.parked)}",
                        **ids)  # fmt: skip
    elif at.parked and state == "discarded":
        tally.undecided(
            Kind.DISCARDED,
            f"{event.name}: discarded at {consumer}{_decision(at.parked)}: {_reason(at.parked)}",
            **ids,
        )
    else:
        again = ", tried again and" if state == "retried" else ","
        tally.missing(
            f"{event.name}: published at {_time(event.published_at)}{again} not applied by "
            f"{consumer}",
            **ids,
        )


def _reason(parked: Document) -> str:
    return f"{parked['reason']}, {parked['text']}"


def _decision(parked: Document) -> str:
    """By whom and when; nothing where that was not recorded."""
    decisions = parked.get("decisions") or ()
    if not decisions:
        return ""
    return f" by {decisions[-1]['by']} at {_time(decisions[-1]['at'])}"


def _time(at: Any) -> str:
    return rfc3339(at) if at else "an unknown time"
