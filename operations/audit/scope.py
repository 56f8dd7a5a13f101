"""What an audit is about: everything, one activity, or whatever was recorded in a period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operations.audit.reading import Databases
from operations.audit.records import RECORDS
from operations.failure import CannotRun
from services.activities import layout as activities
from services.participants.layout import NOMINATIONS, TARGET
from services.reporting import layout as reporting
from shared.layout import CONTENT, OUTBOX, RECORDED_AT, SUBJECT, UPDATED_AT
from shared.record_types import PRODUCERS


@dataclass(frozen=True, slots=True)
class AuditScope:
    """The ids of records and sessions, and of all their events; None: of whatever there is."""

    subjects: frozenset[str] | None = None
    events: frozenset[str] | None = None

    @property
    def whole(self) -> bool:
        return self.subjects is None


EVERYTHING = AuditScope()


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator wants audited: one activity; or what was recorded from `since` until before
    `until`; or, if nothing is said, everything."""

    activity_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def of(db: Databases, asked: Asked) -> AuditScope:
    """Raises: CannotRun: no database knows of the activity."""
    if asked.activity_id is not None:
        try:
            return of_activity(db, asked.activity_id)
        except LookupError as error:
            raise CannotRun(f"no database knows of activity {asked.activity_id}") from error
    if asked.since is not None or asked.until is not None:
        return of_period(db, asked.since, asked.until)
    return EVERYTHING


def of_activity(db: Databases, activity_id: str) -> AuditScope:
    """The activity, its sessions, who is on their sheets, and who was nominated for it.

    Raises: LookupError if no database knows of it.
    """
    stored, copied = {activities.ACTIVITY_ID: activity_id}, {reporting.ACTIVITY_ID: activity_id}
    subjects = {row["_id"] for row in db.find("activities", activities.SHEETS, stored, ())}
    subjects |= {row["_id"] for row in db.find("reporting", reporting.SESSIONS, copied, ())}
    itself, fields = {"_id": activity_id}, (f"{CONTENT}.sessions",)
    for record in db.find("activities", activities.ACTIVITIES, itself, fields):
        subjects.add(activity_id)
        subjects |= {each["id"] for each in record[CONTENT].get("sessions") or ()}
    subjects |= {activities.participant_of(line["_id"]) for _, line in db.lines(subjects)}
    nominated = db.find("participants", NOMINATIONS, {TARGET: activity_id}, ())
    subjects |= {row["_id"] for row in nominated}
    scope = _of(db, subjects | {activity_id})
    if not subjects and not scope.events:
        raise LookupError(activity_id)
    return scope


def of_period(db: Databases, since: datetime | None, until: datetime | None) -> AuditScope:
    """Every record and session of which something was recorded from `since` until before `until`,
    with its whole history."""
    bounds: dict[str, Any] = {"$gte": since, "$lt": until}
    period = {operator: at for operator, at in bounds.items() if at is not None}
    subjects = {
        row[SUBJECT]
        for service in PRODUCERS
        for row in db.find(service, OUTBOX, {RECORDED_AT: period}, (SUBJECT,))
    }
    # What was stored and never came into the log shall not be missed.
    for record_type in RECORDS:
        stored = db.find(record_type.owner, record_type.collection, {UPDATED_AT: period}, ())
        subjects |= {row["_id"] for row in stored}
    return _of(db, subjects)


def _of(db: Databases, subjects: set[str]) -> AuditScope:
    def events() -> Iterator[str]:
        for service in PRODUCERS:
            for _, row in db.by(service, OUTBOX, SUBJECT, subjects):
                yield row["_id"]

    return AuditScope(frozenset(subjects), frozenset(events()))
