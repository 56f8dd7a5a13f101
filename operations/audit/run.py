"""The audit from the first stage to the last, in their order.

Two passes over the logs: by subject, for what is stored and projected; by event, for the bus and
the feed. A third pass, by position, goes over what partners were sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial

from operations.audit import (
    attendance,
    bus,
    deliveries,
    encryption,
    partner_feed,
    projections,
    records,
    standings,
)
from operations.audit.attendance import People
from operations.audit.groups import Occurrence, Session, Subject
from operations.audit.log import AuditClock
from operations.audit.pending import Behind
from operations.audit.projections import Sets
from operations.audit.reading import Databases
from operations.audit.scope import Asked, AuditScope, of
from operations.audit.standings import Standings, Told
from operations.audit.streams import Streams
from operations.audit.tally import Account
from operations.server import connected
from shared.record_types import CONSUMERS, RECORD_TYPES, RecordType

Progress = Callable[[str], None]


def audit_hub(
    uri: str, asked: Asked, grace: timedelta, most: int = 20, progress: Progress = lambda _: None
) -> Account:
    """As `audit`, as the user `operator`, of what is asked for.

    Args: grace: how long an event may take to its next stage.
    Raises: CannotRun: no database knows of the activity, or one does not answer.
    """
    with connected(uri) as client, Databases(client) as db:
        return audit(db, of(db, asked), AuditClock(db.now, grace), most, progress)


def audit(
    db: Databases,
    scope: AuditScope,
    clock: AuditClock,
    most: int = 20,
    progress: Progress = lambda _: None,
) -> Account:
    """Follow everything in scope from stage to stage.

    Args: most: findings named of each stage. progress: told what is being looked at.
    Raises: a PyMongoError.
    """
    account = Account(most)
    _in_order(account)
    streams = Streams(db, scope)
    behind = {each: Behind(each, partial(streams.claimed, each)) for each in CONSUMERS}
    progress("seals")
    encryption.check(account.stage(encryption.STAGE), streams.sealed())
    progress("people")
    people, sets, told = People(streams.numbers()), Sets(), Told()
    for record_type in records.RECORDS:
        progress(record_type.collection)
        _records(record_type, streams.records(record_type), account, behind, sets, told)
    told.check(account.stage("participant: stored → standing"))
    sets.check(account.stage("people's facts → sets of people"), streams.sets(), people.names)
    progress("attendance")
    stand = Standings(streams.standings(), clock)
    _sheets(streams.sheets(), account, behind, people, stand)
    for each in behind.values():
        each.resolve()
    progress("events")
    _events(streams.events(), account, clock)
    if scope.whole:
        partner_feed.check_feed(account.stage("feed: positions"), streams.feed())
    progress("deliveries")
    for webhook in streams.webhooks():
        deliveries.check(account.stage(f"feed → webhook {webhook.key}"), webhook, clock)
    return account


def _in_order(account: Account) -> None:
    """Let the stages be told in the order in which an event comes by, not in that of the passes."""
    account.stage(encryption.STAGE)
    for record_type in records.RECORDS:
        account.stage(f"{record_type.name}: stored → logged")
        if record_type.name == "participant":
            account.stage("participant: stored → standing")
    account.stage("attendance: standing → rows")
    account.stage("attendance: rows → totals")
    account.stage("attendance: stored → logged")
    account.stage("logged → published")
    for consumer in CONSUMERS:
        account.stage(f"published → {consumer}")


def _records(
    record_type: RecordType,
    subjects: Iterable[Subject],
    account: Account,
    behind: Mapping[str, Behind],
    sets: Sets,
    told: Told,
) -> None:
    logged = account.stage(f"{record_type.name}: stored → logged")
    copied = (
        account.stage(f"{record_type.name}: claimed → reporting") if record_type.projected else None
    )
    for_feed = "notifications" in record_type.heard_by
    known = account.stage(f"{record_type.name}: claimed → notifications") if for_feed else None
    standing = record_type.name == "standing"
    heard = account.stage("standing: claimed → activities") if standing else None
    for subject in subjects:
        records.check(logged, record_type.name, subject)
        if copied is not None:
            projections.check(
                copied, record_type, subject, partial(behind["reporting"].add, copied)
            )
        if known is not None:
            add = partial(behind["notifications"].add, known)
            projections.check_known(known, record_type.name, subject, add)
        if record_type.name == "participant":
            told.person(subject)
            if subject.copy is not None:
                sets.add(subject.copy)
        if heard is not None:
            told.standing(subject)
            standings.check_copy(heard, subject, partial(behind["activities"].add, heard))


def _sheets(
    sessions: Iterable[Session],
    account: Account,
    behind: Mapping[str, Behind],
    people: People,
    stand: Standings,
) -> None:
    stages = attendance.Stages(
        account.stage("attendance: standing → rows"),
        account.stage("attendance: rows → totals"),
        account.stage("attendance: stored → logged"),
        account.stage("attendance: claimed → reporting"),
    )
    known = account.stage("attendance: claimed → notifications")
    reported = partial(behind["reporting"].add, stages.projected)
    told = partial(behind["notifications"].add, known)
    for session in sessions:
        attendance.check(stages, session, people, stand, reported)
        projections.check_known(known, "attendance", session, told)


def _events(events: Iterable[Occurrence], account: Account, clock: AuditClock) -> None:
    published = account.stage("logged → published")
    claimed = {each: account.stage(f"published → {each}") for each in CONSUMERS}
    items = account.stage("claimed → feed")
    for event in events:
        if not event.log:
            bus.check_unlogged(published, claimed, event)
            continue
        bus.check(published, claimed, event, clock)
        if RECORD_TYPES[event.log[0].record_type].for_partners:
            partner_feed.check(items, event)
