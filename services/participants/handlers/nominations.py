"""Owns the use cases of nominations: propose people for activities and projects, and decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.participants.handlers.requests import (
    SOURCE,
    Answer,
    Request,
    filter_of,
    pushes_of,
    reader_of,
)
from services.participants.kinds import NOMINATED
from services.participants.rules import person
from services.participants.schemas import NOMINATION, NOMINATION_FILTER, nomination_view
from services.participants.store.people import ParticipantStore
from shared.caller import Caller
from shared.errors import Problem
from shared.events import Event
from shared.ids import canonical
from shared.paging import Asked
from shared.records import engine
from shared.records.pushes import Decision, Push, Record, Write, answer, ids_of
from shared.store.mongo import Tx


def nominate(request: Request, store: ParticipantStore) -> Answer:
    """Propose people for an activity or a project, and decide on proposals; one receipt per item.

    A nomination belongs to the chapter of its participant. Raises as `people.register`.
    Effects: one transaction: nominations, and one `nomination.proposed|decided|withdrawn` each.
    """
    pushes = pushes_of(request)

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
        tx.emit(map(_nomination_event, decision.writes))
        return decision

    return answer(store.transact(work))


def list_nominations(request: Request, store: ParticipantStore) -> Answer:
    """A page of nominations (`shared.paging`), in the order of their ids; `filter` as
    `NominationFilter`."""
    caller = reader_of(request)
    query = store.nominations.query(filter_of(NOMINATION_FILTER, request))
    return store.nominations.page(query, caller, Asked.of(request)).answer(nomination_view)


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


def _nomination_event(write: Write) -> Event:
    record = write.after
    open_fields = dict.fromkeys(("activity_id", "project_id"))  # told as null where there is none
    data = {**record.standing(), **open_fields, **record.content}
    kind = NOMINATED.event(record.content["status"])
    return Event.new(kind, SOURCE, record.id, record.version, data, caller=write.caller)
