"""Logged → published → claimed: each event of the log was handed to the broker, and each consumer
that listens to its type has applied it, or it is parked there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.audit.groups import At, Occurrence
from operations.audit.log import AuditClock, Entry
from operations.audit.tally import FindingKind, Tally
from shared.layout import DECIDED_AT, DECIDED_BY, DECISIONS, REASON, STATE, TEXT
from shared.parked import DISCARDED, PARKED, RETRIED
from shared.times import rfc3339
from shared.types import Document


def check(
    published: Tally, claimed: Mapping[str, Tally], group: Occurrence, clock: AuditClock
) -> None:
    """Compare what logs, brokers' confirms and inboxes have of one event."""
    event, *twins = group.log
    for each in twins:
        published.double(f"event {event.id} is in two logs", **each.ids)
    if event.published_at is not None:
        published.match(event.id)
    elif clock.fresh(event.recorded_at):
        published.in_flight += 1
    else:
        published.expect(event.id)
        published.missing(
            f"{event.name}: recorded at {_time(event.recorded_at)} and not published",
            **event.ids,
        )
    for consumer, tally in claimed.items():
        if event.heard_by(consumer):
            _claimed(tally, consumer, event, group.at[consumer], clock)


def check_unlogged(published: Tally, claimed: Mapping[str, Tally], group: Occurrence) -> None:
    """An event that is known further on and is in no log; or a row of a parking lot that is none.

    A body that is no event is parked under a key of its own.
    """
    key = group.key
    where = [f"applied by {consumer}" for consumer, each in group.at.items() if each.claim]
    if group.items:
        where.append("in the feed")
    if where:
        published.missing(f"event {key} is {' and '.join(where)}; no log has it", event=key)
    for consumer, each in group.at.items():
        if each.parked and not each.claim and each.parked[STATE] == PARKED:
            claimed[consumer].undecided(
                FindingKind.PARKED,
                f"{consumer} has parked {key}, which is no event of the logs: "
                f"{_reason(each.parked)}",
                parked=key,
                consumer=consumer,
            )


def _claimed(tally: Tally, consumer: str, event: Entry, at: At, clock: AuditClock) -> None:
    if at.claim is not None:
        tally.match(event.id)
        return
    if at.parked is None and event.published_at is None:
        return  # the stage before this one has it
    state = at.parked[STATE] if at.parked else None
    if state not in (PARKED, DISCARDED):
        decisions = (at.parked.get(DECISIONS) if at.parked else None) or ()
        if clock.fresh(decisions[-1][DECIDED_AT] if decisions else event.published_at):
            tally.in_flight += 1
            return
    tally.expect(event.id)
    ids = {**event.ids, "consumer": consumer}
    if at.parked and state == PARKED:
        text = f"{event.name}: parked by {consumer}: {_reason(at.parked)}"
        tally.undecided(FindingKind.PARKED, text, **ids)
    elif at.parked and state == DISCARDED:
        tally.undecided(
            FindingKind.DISCARDED,
            f"{event.name}: discarded at {consumer}{_decision(at.parked)}: {_reason(at.parked)}",
            **ids,
        )
    else:
        again = ", tried again and" if state == RETRIED else ","
        tally.missing(
            f"{event.name}: published at {_time(event.published_at)}{again} not applied by "
            f"{consumer}",
            **ids,
        )


def _reason(parked: Document) -> str:
    return f"{parked[REASON]}, {parked[TEXT]}"


def _decision(parked: Document) -> str:
    """By whom and when; nothing where that was not recorded."""
    decisions = parked.get(DECISIONS) or ()
    if not decisions:
        return ""
    return f" by {decisions[-1][DECIDED_BY]} at {_time(decisions[-1][DECIDED_AT])}"


def _time(at: Any) -> str:
    return rfc3339(at) if at else "an unknown time"
