"""Owns the use cases: each opens one transaction at most, and says who may ask.

Chapters and the secretariat deal with people; partners and operators have no business with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import Schema, ValidationError

from services.participants.rules import person
from services.participants.schemas import (
    NOMINATION,
    NOMINATION_FILTER,
    PERSON,
    PERSON_FILTER,
    nomination_view,
    person_view,
)
from services.participants.store.people import ParticipantStore
from shared.caller import Caller
from shared.cursors import bounded
from shared.errors import Forbidden, Problem, Refused, problems_from
from shared.events import Event
from shared.ids import canonical
from shared.records import engine
from shared.records.pushes import MAX_ITEMS, Decision, Push, Record, Write, answer, ids_of, parse
from shared.store.mongo import Tx

SOURCE = "/participants"
MAX_IDS = MAX_ITEMS

_PERSON_EVENTS = {
    "created": "participant.registered",
    "updated": "participant.corrected",
    "withdrawn": "participant.withdrawn",
    "reinstated": "participant.reinstated",
}
_NOMINATION_EVENTS = {
    "proposed": "nomination.proposed",
    "selected": "nomination.decided",
    "not_selected": "nomination.decided",
    "withdrawn": "nomination.withdrawn",
}

Request = Mapping[str, Any]
Answer = dict[str, Any]


def register_many(request: Request, store: ParticipantStore) -> Answer:
    """Register and correct people; one receipt per item.

    Raises: Refused, Forbidden (final); Unavailable (retryable). Nothing was written.
    Effects: one transaction: people, and one `participant.registered|corrected` for each that
        changed, also where only what the events never carry has changed.
    """
    today = _today()

    def check(_: Caller, after: Record, __: Record | None) -> Iterable[Problem]:
        return person.person_problems(after.content, today)

    def decide(pushes: Sequence[Push], existing: Mapping[str, Record]) -> Decision:
        return engine.push(pushes, PERSON, existing, check, hash_key=store.cipher.hash_key)

    return _write_people(request, store, decide)


def withdraw_many(request: Request, store: ParticipantStore) -> Answer:
    """Set a tombstone on people; one `participant.withdrawn` each. Raises as `register_many`."""
    return _write_people(request, store, lambda *args: _reasoned(engine.withdraw(*args)))


def reinstate_many(request: Request, store: ParticipantStore) -> Answer:
    """Take the tombstone off; one `participant.reinstated` each. Raises as `register_many`."""
    return _write_people(request, store, lambda *args: _reasoned(engine.reinstate(*args)))


def get_many(request: Request, store: ParticipantStore) -> Answer:
    """{"items": those people of `ids` (at most 500) whom the caller may see}, withdrawn or not."""
    found = store.people.get_many(_ids(request), _reader(request))
    return {"items": [person_view(record) for record in found.values()]}


def list_people(request: Request, store: ParticipantStore) -> Answer:
    """One page of people, in the order of their ids: {"items", "next"}.

    `filter` as `PersonFilter`; the withdrawn ones only if `withdrawn` asks for them.
    """
    caller = _reader(request)
    query = store.people.query(_filter(PERSON_FILTER, request), caller)
    page, cursor = store.people.page(query, caller, **_page(request))
    return {"items": [person_view(record) for record in page], "next": cursor}


def vouch(request: Request, store: ParticipantStore) -> Answer:
    """{"unknown": those of `ids` that are nobody whom the caller may enter in a sheet}."""
    ids = _ids(request)
    known = store.people.known(ids, _reader(request))
    return {"unknown": [each for each in ids if each not in known]}


def possible_duplicates(request: Request, store: ParticipantStore) -> Answer:
    """One page of groups of people of one chapter who may be the same: {"items", "next"}.

    An item is {chapter, ids (at most 50 of `count`), count, reasons: same_phone, same_email,
    same_name_and_place, same_name_and_birth_year}.
    """
    items, cursor = store.people.alike(_reader(request), **_page(request))
    return {"items": items, "next": cursor}


def nominate_many(request: Request, store: ParticipantStore) -> Answer:
    """Propose people for an activity or a project, and decide on proposals; one receipt per item.

    A nomination belongs to the chapter of its participant. Raises as `register_many`.
    Effects: one transaction: nominations, and one `nomination.proposed|decided|withdrawn` each.
    """
    pushes = _pushes(request)

    def work(tx: Tx) -> Decision:
        stored = store.nominations.load(tx, ids_of(pushes))
        named = _participants(pushes, stored)
        people = store.people.chapters(tx, named)
        standing = store.nominations.standing(tx, named)
        decision = Decision()
        for each in pushes:  # apart: what a dry run would propose shall not stand in another's way
            completed = replace(each, items=[_proposal(i, stored, people) for i in each.items])
            decided = engine.push(
                [completed],
                NOMINATION,
                stored,
                _nomination_check(people, dict(standing)),
                merge=person.merged_nomination,
                hash_key=store.cipher.hash_key,
            )
            decision.receipts += decided.receipts
            decision.writes += decided.writes
            stored |= {write.after.id: write.after for write in decided.writes}
            standing |= _standing(decided.writes)
        store.nominations.save(tx, decision.writes)
        _emit(tx, decision.writes, _nomination_event)
        return decision

    return answer(store.transact(work))


def list_nominations(request: Request, store: ParticipantStore) -> Answer:
    """One page of nominations, in the order of their ids: {"items", "next"}; `filter` as
    `NominationFilter`."""
    caller = _reader(request)
    query = store.nominations.query(_filter(NOMINATION_FILTER, request))
    page, cursor = store.nominations.page(query, caller, **_page(request))
    return {"items": [nomination_view(record) for record in page], "next": cursor}


def _write_people(
    request: Request,
    store: ParticipantStore,
    decide: Callable[[Sequence[Push], Mapping[str, Record]], Decision],
) -> Answer:
    pushes = _pushes(request)

    def work(tx: Tx) -> Decision:
        decision = decide(pushes, store.people.load(tx, ids_of(pushes)))
        store.people.save(tx, decision.writes)
        _emit(tx, decision.writes, _person_event)
        return decision

    return answer(store.transact(work))


def _reasoned(decision: Decision) -> Decision:
    """The reason of a withdrawal may speak of the person: it stays with the record, sealed."""
    decision.writes = [
        replace(write, after=_with_reason(write.after, write.reason)) for write in decision.writes
    ]
    return decision


def _with_reason(record: Record, reason: str | None) -> Record:
    return replace(record, content={**record.content, "status_reason": reason})


def _participants(pushes: Sequence[Push], stored: Mapping[str, Record]) -> set[str]:
    named = {canonical(item.get("participant_id")) for push in pushes for item in push.items}
    return {each for each in named if each} | {r.content["participant_id"] for r in stored.values()}


def _proposal(
    item: Mapping[str, Any], stored: Mapping[str, Record], people: Mapping[str, str]
) -> Mapping[str, Any]:
    """The item; a new one with the chapter of its participant."""
    chapter = people.get(canonical(item.get("participant_id")) or "")
    known = canonical(item.get("id")) in stored
    return item if known or not chapter else {"chapter": chapter, **item}


def _nomination_check(
    people: Mapping[str, str], standing: dict[tuple[str, str], str]
) -> engine.Check:
    """The rules of a nomination; `standing` takes up what the push so far would add."""

    def check(_: Caller, after: Record, before: Record | None) -> Iterable[Problem]:
        content = after.content
        problems = list(person.nomination_problems(content, before.content if before else None))
        if people.get(content["participant_id"]) != after.chapter:
            problems.append(Problem.at("participant_id", code="UNKNOWN_PARTICIPANT"))
        wanted = person.target(content)
        if problems or wanted is None or content["status"] == person.WITHDRAWN:
            return problems
        holder = standing.setdefault((content["participant_id"], wanted), after.id)
        if holder != after.id:
            problems.append(Problem.at("participant_id", code="ALREADY_NOMINATED"))
        return problems

    return check


def _standing(writes: Iterable[Write]) -> dict[tuple[str, str], str]:
    """What the writes let stand. What they take back is free from the next request on: the unique
    index judges a transaction's rows in the order in which they are saved."""
    return {
        (write.after.content["participant_id"], person.target(write.after.content) or ""): (
            write.after.id
        )
        for write in writes
        if write.after.content["status"] != person.WITHDRAWN
    }


def _emit(tx: Tx, writes: Iterable[Write], event: Callable[[Write], Event]) -> None:
    by_actor: dict[str, list[Event]] = {}
    for write in writes:
        by_actor.setdefault(write.caller.key_id, []).append(event(write))
    for actor, events in by_actor.items():
        tx.emit(events, actor)


def _person_event(write: Write) -> Event:
    record = write.after
    facts = person.facts(record.content)
    data = {
        "id": record.id,
        "chapter": record.chapter,
        **{name: facts[name] for name in ("sex", "birth_year", "groups", "disability", "place")},
        "withdrawn": record.withdrawn,
        "version": record.version,
    }
    kind = _PERSON_EVENTS[write.kind]
    return Event.new(kind, SOURCE, record.id, record.version, data, caller=write.caller)


def _nomination_event(write: Write) -> Event:
    record = write.after
    content = record.content
    data = {
        "id": record.id,
        "participant_id": content["participant_id"],
        "activity_id": content.get("activity_id"),
        "project_id": content.get("project_id"),
        "chapter": record.chapter,
        "proposer_group": content["proposer_group"],
        "status": content["status"],
        "version": record.version,
    }
    kind = _NOMINATION_EVENTS[content["status"]]
    return Event.new(kind, SOURCE, record.id, record.version, data, caller=write.caller)


def _today() -> str:
    """The day it is where it is latest among the chapters' countries (UTC+1)."""
    return (datetime.now(UTC) + timedelta(hours=1)).date().isoformat()


def _pushes(request: Request) -> list[Push]:
    pushes = parse(request)
    for each in pushes:
        _admit(each.caller)
    return pushes


def _reader(request: Request) -> Caller:
    return _admit(Caller.from_dict(request["caller"]))


def _admit(caller: Caller) -> Caller:
    if caller.role not in ("chapter", "secretariat"):
        raise Forbidden()
    return caller


def _ids(request: Request) -> list[str]:
    ids = list(request["ids"])
    if len(ids) > MAX_IDS:
        raise Refused("TOO_MANY_ITEMS", limit=MAX_IDS, count=len(ids))
    return ids


def _page(request: Request) -> dict[str, Any]:
    return {"after": request.get("after"), "first": bounded(request.get("first"))}


def _filter(schema: Schema, request: Request) -> Mapping[str, Any]:
    try:
        asked: Mapping[str, Any] = schema.load(request.get("filter") or {})
    except ValidationError as error:
        first, *_ = problems_from(error.messages)
        # Without the value: it may be somebody's phone number.
        known = {name: value for name, value in first.params.items() if name != "value"}
        raise Refused(first.code, path=["filter", *first.path], **known) from error
    return asked
