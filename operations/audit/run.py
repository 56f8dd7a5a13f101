"""The audit from the first stage to the last: reads what each stage compares, and keeps the order.

Two passes over the logs: by subject, for what is stored and projected; by event, for the bus and
the feed. A third pass, by position, goes over what partners were sent.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from operator import itemgetter
from typing import Any, Final

from operations.audit import attendance, bus, deliveries, partner_feed, projections, records
from operations.audit.log import FIELDS as LOG
from operations.audit.log import Moment, entries, told_to
from operations.audit.pending import Behind
from operations.audit.reading import Databases, Document, in_chunks, joined
from operations.audit.scope import Asked, Scope, of
from operations.audit.tally import Account, Tally
from operations.sealed import troubles
from operations.server import connected
from shared.nouns import CONSUMERS, NOUNS, PRODUCERS
from shared.store.prefixes import below

Progress = Callable[[str], None]

_SEALS: Final = "people: sealed → opened"
_POSITIONS: Final = 2_000  # in one query
_IN_ORDER: Final = [("sequence", 1)]


def audit_hub(
    uri: str,
    asked: Asked,
    grace: timedelta,
    most: int = 20,
    progress: Progress = lambda _: None,
) -> Account:
    """As `audit`, as the user `operator`, of what is asked for.

    Args: grace: how long an event may take to its next stage.
    Raises: CannotRun: no database knows of the activity, or one does not answer.
    """
    with connected(uri) as client, Databases(client) as db:
        return audit(db, of(db, asked), Moment(db.now, grace), most, progress)


def audit(
    db: Databases, scope: Scope, moment: Moment, most: int = 20, progress: Progress = lambda _: None
) -> Account:
    """Follow everything in scope from stage to stage.

    Args: most: findings named of each stage. progress: told what is being looked at.
    Raises: a PyMongoError.
    """
    account = Account(most)
    _in_order(account)
    behind = {consumer: Behind(db, consumer) for consumer in CONSUMERS}
    progress("seals")
    _seals(db, account)
    progress("people")
    numbers = {row["_id"]: row["n"] for row in db.find("reporting", "people", {}, ("n",))}
    people = attendance.People(numbers)
    _by_subject(db, scope, account, behind, people, progress)
    progress("attendance")
    _sheets(db, scope, account, behind, people)
    for each in behind.values():
        each.resolve()
    progress("events")
    _by_event(db, scope, account, moment)
    progress("deliveries")
    _deliveries(db, scope, account, moment)
    return account


def _in_order(account: Account) -> None:
    """Let the stages be told in the order in which an event comes by, not in that of the passes."""
    account.stage(_SEALS)
    for noun in records.RECORDS:
        account.stage(f"{noun.name}: stored → logged")
    account.stage("attendance: rows → totals")
    account.stage("attendance: stored → logged")
    account.stage("logged → published")
    for consumer in CONSUMERS:
        account.stage(f"published → {consumer}")


def _seals(db: Databases, account: Account) -> None:
    """A sample of what participants could open, and all keys that it needs."""
    tally, sight = account.stage(_SEALS), db.sealed()
    tally.match(_SEALS, sight.opened)
    for each in troubles(sight):
        tally.expect(each.text, each.count)
        tally.missing(f"{each.text}; remedy: {each.remedy}", each.count, **each.ids)


def _by_subject(
    db: Databases,
    scope: Scope,
    account: Account,
    behind: dict[str, Behind],
    people: attendance.People,
    progress: Progress,
) -> None:
    sets = projections.Sets()
    for noun in records.RECORDS:
        name = noun.name
        progress(noun.collection)
        logged = account.stage(f"{name}: stored → logged")
        copied = account.stage(f"{name}: claimed → reporting") if noun.projected else None
        told = "notifications" in noun.heard_by
        known = account.stage(f"{name}: claimed → notifications") if told else None
        streams = joined(
            db.by(noun.owner, noun.collection, "_id", scope.subjects, records.FIELDS),
            _log(db, noun.owner, name, scope),
            db.by("reporting", noun.projected, "_id", scope.subjects, None)
            if noun.projected
            else (),
            _known(db, name, scope) if known else (),
        )
        for key, (stored, rows, copies, subjects) in streams:
            record, copy = _only(stored), _only(copies)
            log = entries(rows)
            if record is not None or log:
                records.check(logged, name, key, record, told_to(None, log))
            if copied is not None:
                add = partial(behind["reporting"].add, copied)
                heard = told_to("reporting", log)
                projections.check(copied, noun, key, record, heard, copy, add)
            if known is not None:
                last, at = (record or {}).get("version", 0), _sequence(subjects)
                add = partial(behind["notifications"].add, known)
                heard = told_to("notifications", log)
                projections.check_subject(known, name, key, last, heard, at, add)
            if name == "participant" and copy is not None:
                sets.add(copy)
    stored_sets = db.find("reporting", "attributes", {}, ("bits",))
    sets.check(account.stage("people's facts → sets of people"), stored_sets, people.names)


def _sheets(
    db: Databases,
    scope: Scope,
    account: Account,
    behind: dict[str, Behind],
    people: attendance.People,
) -> None:
    stages = attendance.Stages(
        account.stage("attendance: rows → totals"),
        account.stage("attendance: stored → logged"),
        account.stage("attendance: claimed → reporting"),
    )
    known = account.stage("attendance: claimed → notifications")
    reported = partial(behind["reporting"].add, stages.projected)
    told = partial(behind["notifications"].add, known)
    streams = joined(
        db.by("activities", "sheets", "_id", scope.subjects, attendance.SHEET_FIELDS),
        db.lines(_sessions(db, scope)),
        _log(db, "activities", "attendance", scope),
        db.by("reporting", "sessions", "_id", scope.subjects, attendance.PROJECTED_FIELDS),
        _known(db, "attendance", scope),
    )
    for session, (sheets, lines, rows, copies, subjects) in streams:
        sheet, log = _only(sheets), entries(rows)
        heard = told_to("reporting", log)
        attendance.check(stages, session, sheet, lines, heard, _only(copies), people, reported)
        last, at = sheet["seq"] if sheet else 0, _sequence(subjects)
        heard = told_to("notifications", log)
        projections.check_subject(known, "attendance", session, last, heard, at, told)


def _by_event(db: Databases, scope: Scope, account: Account, moment: Moment) -> None:
    published = account.stage("logged → published")
    claimed = {each: account.stage(f"published → {each}") for each in CONSUMERS}
    items = account.stage("claimed → feed")
    logs = (db.by(service, "outbox", "_id", scope.events, LOG) for service in PRODUCERS)
    streams = joined(
        heapq.merge(*logs, key=itemgetter(0)),
        *(db.by(each, "inbox", "_id", scope.events, bus.FIELDS_CLAIM) for each in CONSUMERS),
        *(db.by(each, "parked", "_id", scope.events, bus.FIELDS_PARKED) for each in CONSUMERS),
        db.by("notifications", "feed", "id", scope.events, partner_feed.FIELDS),
    )
    for key, (rows, *places, found) in streams:
        claims, parked = places[: len(CONSUMERS)], places[len(CONSUMERS) :]
        at = {
            each: bus.At(_only(claim), _only(row))
            for each, claim, row in zip(CONSUMERS, claims, parked, strict=True)
        }
        if not rows:
            bus.check_unlogged(published, key, at, in_feed=bool(found))
            for consumer, each in at.items():
                if each.parked and not each.claim:
                    bus.check_parked(claimed[consumer], consumer, key, each.parked)
            continue
        log = entries(rows)
        bus.check(published, claimed, log, at, moment)
        if NOUNS[log[0].noun].for_partners:
            partner_feed.check(items, log[0], found, at["notifications"].claim)
    if scope.whole:
        _positions(db, account.stage("feed: positions"))


def _positions(db: Databases, tally: Tally) -> None:
    head, gaps = _counter(db)
    given = head - sum(gap["to"] - gap["after"] for gap in gaps)
    shape: list[dict[str, Any]] = [
        {"$group": {"_id": None, "n": {"$sum": 1}, "last": {"$max": "$_id"}}}
    ]
    found = next(db.aggregate("notifications", "feed", shape), {"n": 0, "last": 0})
    last = head
    for gap in reversed(gaps):
        if gap["to"] == last:  # nothing has come since that restore
            last = gap["after"]
    tally.expect(str(last), given)
    tally.find(str(found["last"]), found["n"])
    if (found["n"], found["last"]) != (given, last):
        rows = db.by("notifications", "feed", "_id", None, ())
        partner_feed.check_positions(tally, head, (position for position, _ in rows), gaps)


def _deliveries(db: Databases, scope: Scope, account: Account, moment: Moment) -> None:
    head, _ = _counter(db)
    alive = {"state": {"$ne": "deleted"}}
    fields = deliveries.ENDPOINT_FIELDS
    endpoints = list(db.by("notifications", "endpoints", "_id", None, fields, alive))
    positions = None
    if scope.events is not None and endpoints:
        found = db.by("notifications", "feed", "id", scope.events, ())
        positions = [row["_id"] for _, row in found]
    for key, endpoint in endpoints:
        tally = account.stage(f"feed → webhook {key}")
        deliveries.check_cursor(tally, endpoint, head)
        if positions is None and endpoint["state"] != "revoked":
            tally.in_flight = db.count("notifications", "feed", deliveries.waiting(endpoint))
        accepted = db.aggregate("notifications", "attempts", deliveries.answered(key))
        streams = joined(
            ((_padded(p), row) for p, row in _wanted(db, endpoint, positions)),
            ((_padded(row["_id"]), row) for row in accepted),
        )
        for _, (items, answers) in streams:
            deliveries.check(tally, endpoint, _only(items), answers, moment)


def _wanted(
    db: Databases, endpoint: Document, positions: Sequence[int] | None
) -> Iterator[tuple[int, Document]]:
    query, fields = deliveries.wanted(endpoint), deliveries.ITEM_FIELDS
    if positions is None:
        yield from db.by("notifications", "feed", "_id", None, fields, query)
        return
    bounds = query.pop("_id")
    passed = sorted(p for p in positions if bounds["$gt"] < p <= bounds["$lte"])
    for chunk in in_chunks(passed, _POSITIONS):
        yield from db.by("notifications", "feed", "_id", chunk, fields, query)


def _log(db: Databases, service: str, noun: str, scope: Scope) -> Iterator[tuple[str, Document]]:
    """The log's rows about things of one kind, by subject and step."""
    types = {"type": below(f"{noun}.")}
    return db.by(service, "outbox", "subject", scope.subjects, LOG, types, _IN_ORDER)


def _known(db: Databases, noun: str, scope: Scope) -> Iterator[tuple[str, Document]]:
    """The last steps that notifications knows of, by subject."""
    keys = None if scope.subjects is None else [f"{noun}/{each}" for each in scope.subjects]
    query = {"_id": below(f"{noun}/")} if keys is None else None
    for key, row in db.by("notifications", "subjects", "_id", keys, ("sequence",), query):
        yield key.partition("/")[2], row


def _sessions(db: Databases, scope: Scope) -> list[str] | None:
    """The ids in scope that are sessions: those with a sheet, or with a step of one."""
    if scope.subjects is None:
        return None
    sheets = {key for key, _ in db.by("activities", "sheets", "_id", scope.subjects, ())}
    return sorted(sheets | {key for key, _ in _log(db, "activities", "attendance", scope)})


def _counter(db: Databases) -> tuple[int, list[Document]]:
    """The feed's last position, and the gaps that restores of a backup have left."""
    counters = db.find("notifications", "counters", {"_id": "feed"}, ("position", "gaps"))
    counter: Document = next(counters, {"position": 0})
    return int(counter["position"]), counter.get("gaps", [])


def _sequence(subjects: Sequence[Document]) -> int:
    return int(subjects[0]["sequence"]) if subjects else 0


def _only(found: Sequence[Document]) -> Document | None:
    return found[0] if found else None


def _padded(position: int) -> str:
    """A position as a key that sorts as numbers do."""
    return f"{position:020d}"
