"""Owns guests: ids by which another chapter enters a person in its sheets, and learns nothing.

A guest is a record of the person's own chapter that says nothing and is one with the person
(`rules.merging`). So it answers the other chapter as whatever is not its own does, and figures
count the person: once, with what is known of them at home.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from services.participants.handlers.merging import MOST_IDS
from services.participants.handlers.people import carry_out
from services.participants.handlers.requests import pushes_of, reader_of
from services.participants.handlers.restored import with_reason
from services.participants.layout import GUEST_IN, GUEST_OF, MERGED_IDS, MERGED_INTO, MERGES
from services.participants.schemas import guest_view
from services.participants.store import ParticipantStore
from shared.codes import code_list
from shared.codes.suggestions import unknown_code
from shared.errors import Problem
from shared.ids import asked_for, canonical
from shared.paging import Asked
from shared.records import keys
from shared.records.collection import recall
from shared.records.pushes import Decision, Push, Receipt, Record, Status, Write, answer, ids_of
from shared.records.repetitions import already_applied
from shared.records.walk import (
    Claim,
    Overlay,
    each_push,
    no_id,
    reason_of,
    refused,
    version_problems,
)
from shared.store.mongo import Tx
from shared.texts import plain
from shared.types import Answer, Request

Item = Mapping[str, Any]
_RANKS: Final = {"id": 0, "participant_id": 1, "chapter": 2}
_FIRST: Final = "FIRST_REASON_STANDS"


def invite(request: Request, store: ParticipantStore) -> Answer:
    """Let other chapters enter people: items `{"id": the guest's, "participant_id", "chapter"}`.

    One guest of a person stands in each chapter; one that was taken back is given again under its
    id. Raises as `people.register`.
    Effects: one transaction: a `participant.merged` and a `standing.changed` for each guest, a
        `participant.corrected` for the person.
    """
    pushes = pushes_of(request)

    def work(tx: Tx) -> Decision:
        ids = ids_of(pushes)
        existing = _load(tx, store, [*ids, *_named(pushes)])
        repetitions = recall(tx, "invite", pushes if any(each in existing for each in ids) else ())
        guests = store.people.guests(tx, existing)
        decision = each_push(pushes, existing, _invited, repetitions, guests)
        carry_out(tx, store, decision.writes, repetitions)
        return decision

    return answer(store.transact(work))


def withdraw(request: Request, store: ParticipantStore) -> Answer:
    """Take guests back: items `{"id", "reason", "expected_version"?}`. What other chapters said
    under these ids counts no more. Raises as `people.register`.

    Effects: one transaction: a `participant.withdrawn` and a `standing.changed` for each guest, a
        `participant.corrected` for the person.
    """
    pushes = keys.resolve(pushes_of(request), lambda _: {}).pushes

    def work(tx: Tx) -> Decision:
        existing = _load(tx, store, ids_of(pushes))
        repetitions = recall(tx, "withdraw guests", pushes if existing else ())
        decision = each_push(pushes, existing, _taken_back, repetitions)
        carry_out(tx, store, decision.writes, repetitions)
        return decision

    return answer(store.transact(work))


def list_guests(request: Request, store: ParticipantStore) -> Answer:
    """A page (`shared.paging`) of the guests whose people the caller may see, those taken back
    included, in the order of ids (`guest_view`); of those of `participant_ids` alone, where
    given."""
    caller = reader_of(request)
    people = asked_for(request.get("participant_ids"), "participant_ids")
    if people is not None:
        people = [*people, *store.people.winners(people).values()]
    return store.people.page_of_guests(caller, Asked.of(request), people).answer(guest_view)


def _invited(push: Push, row: int, item: Item, state: Overlay) -> Receipt:
    identifier = canonical(item.get("id"))
    chapter: Any = item.get("chapter")
    chapter = plain(chapter) if isinstance(chapter, str) else chapter
    before = state.get(identifier) if identifier else None
    if before and not (push.caller.may_touch(before.chapter) and GUEST_IN in before.content):
        return refused(row, identifier, [Problem.at("id", code="ID_TAKEN")])
    named = canonical(item.get("participant_id"))
    problems = state.said_otherwise(identifier, (named, chapter))
    if before and identifier and not problems and state.repeats(push, identifier):
        return already_applied(row, identifier, before.version)
    person = _person(state, named)
    person = person if person and push.caller.may_touch(person.chapter) else None
    problems += [no_id(item)] if identifier is None else []
    problems += _problems(item, chapter, person)
    if person and before:
        problems += _unlike(state, before, person, chapter)
    if problems or person is None or identifier is None:
        return refused(row, identifier, problems, _RANKS)
    if before and MERGED_INTO in before.content:
        return Receipt(row, identifier, Status.UNCHANGED, before.version)
    claim = Claim((person.id, chapter), ("id",), "ALREADY_A_GUEST", names_holder=True)
    problems += state.taken([claim], identifier)
    if len(person.content.get(MERGED_IDS, ())) >= MOST_IDS:
        problems.append(Problem.at("participant_id", code="TOO_MANY", limit=MOST_IDS))
    if problems:
        return refused(row, identifier, problems, _RANKS)
    guest = _guest(state, identifier, chapter, person, before)
    state.put(Write(before, guest, "merged", push.caller), [claim])
    _list(state, push, person, {*person.content.get(MERGED_IDS, ()), identifier})
    status = Status.UPDATED if before else Status.CREATED
    return Receipt(row, identifier, status, guest.version)


def _problems(item: Item, chapter: Any, person: Record | None) -> Iterable[Problem]:
    """What is wrong with whom an item invites, and where."""
    if person is None:
        code = "UNKNOWN_PARTICIPANT" if item.get("participant_id") else "REQUIRED"
        yield Problem.at("participant_id", code=code)
    elif person.withdrawn:
        yield Problem.at("participant_id", code="WITHDRAWN", version=person.version)
    if not chapter:
        yield Problem.at("chapter", code="REQUIRED")
    elif not (isinstance(chapter, str) and chapter in code_list("country")):
        yield Problem("UNKNOWN_CODE", ("chapter",), unknown_code("country", chapter))
    elif person and chapter == person.chapter:
        yield Problem.at("chapter", code="AT_HOME")


def _unlike(state: Overlay, guest: Record, person: Record, chapter: Any) -> Iterable[Problem]:
    """A guest stays that person's, in that chapter."""
    whom = _person(state, guest.content[GUEST_OF])
    if whom is None or whom.id != person.id:
        yield Problem.at("participant_id", code="CANNOT_CHANGE")
    if chapter != guest.content[GUEST_IN]:
        yield Problem.at("chapter", code="CANNOT_CHANGE")


def _taken_back(push: Push, row: int, item: Item, state: Overlay) -> Receipt:
    identifier = canonical(item.get("id"))
    before = state.get(identifier) if identifier else None
    if before and not (push.caller.may_touch(before.chapter) and GUEST_IN in before.content):
        before = None
    reason, problems = reason_of(item)
    problems += state.said_otherwise(identifier, reason)
    if before and identifier and not problems and state.repeats(push, identifier):
        return already_applied(row, identifier, before.version)
    if identifier is None:
        problems.append(no_id(item))
    elif before is None:
        problems.append(Problem.at("id", code="NOT_FOUND"))
    problems += version_problems(item, before.version if before else None)
    if problems or before is None or identifier is None:
        return refused(row, identifier, problems)
    person = _person(state, before.content.get(MERGED_INTO))
    if person is None:
        remark = Problem.at("reason", code=_FIRST)
        return Receipt(row, identifier, Status.UNCHANGED, before.version, (remark,))
    left = {GUEST_IN: before.content[GUEST_IN], GUEST_OF: before.content[GUEST_OF]}
    after = with_reason(_next(before, left, withdrawn=True), reason)
    state.put(Write(before, after, "withdrawn", push.caller, reason))
    _list(state, push, person, {*person.content.get(MERGED_IDS, ())} - {identifier})
    return Receipt(row, identifier, Status.UPDATED, after.version)


def _guest(
    state: Overlay, identifier: str, chapter: str, person: Record, before: Record | None
) -> Record:
    if before is None:
        now = datetime.now(UTC)
        fresh = {GUEST_IN: chapter, GUEST_OF: person.id, **_one_with(person, person)}
        return Record(identifier, person.chapter, 1, False, fresh, now, now)
    of = state.get(before.content[GUEST_OF]) or person
    known = {GUEST_IN: chapter, GUEST_OF: before.content[GUEST_OF]}
    return _next(before, known | _one_with(of, person), withdrawn=False)


def _one_with(of: Record, person: Record) -> dict[str, Any]:
    """What a guest remembers of how it came to count as the person, as if it had been of `of`, for
    whom it was made, when this one became one with the person: so it leaves with them too."""
    own = {"into": of.id, "before": of.version, "taken": []}
    since = [
        {
            "into": each["into"],
            "before": each["before"],
            "taken": [],
            "with": each.get("with", of.id),
        }
        for each in of.content.get(MERGES, ())
    ]
    return {MERGED_INTO: person.id, MERGES: [own, *since]}


def _list(state: Overlay, push: Push, person: Record, ids: Collection[str]) -> None:
    """Let the person have these other ids."""
    content = {name: value for name, value in person.content.items() if name != MERGED_IDS}
    listed = {MERGED_IDS: sorted(ids)} if ids else {}
    after = _next(person, content | listed, withdrawn=person.withdrawn)
    state.put(Write(person, after, "updated", push.caller))


def _next(before: Record, content: Mapping[str, Any], *, withdrawn: bool) -> Record:
    return replace(
        before,
        version=before.version + 1,
        content=content,
        withdrawn=withdrawn,
        updated_at=datetime.now(UTC),
    )


def _person(state: Overlay, identifier: str | None) -> Record | None:
    """The person of an id, or whom they are one with; none of a guest that was taken back."""
    found = state.get(identifier) if identifier else None
    if found and (into := found.content.get(MERGED_INTO)):
        found = state.get(into)
    return None if found is None or GUEST_IN in found.content else found


def _named(pushes: Sequence[Push]) -> list[str]:
    named = (canonical(item.get("participant_id")) for push in pushes for item in push.items)
    return list({each for each in named if each})


def _load(tx: Tx, store: ParticipantStore, ids: Collection[str]) -> dict[str, Record]:
    """The records of these ids, and of whom they are guests of or one with."""
    found: dict[str, Record] = {}
    asked: set[str] = set()
    while wanted := set(ids) - asked:
        asked |= wanted
        fresh = store.people.load(tx, list(wanted))
        found |= fresh
        leads = (each.content.get(n) for each in fresh.values() for n in (MERGED_INTO, GUEST_OF))
        ids = {each for each in leads if each}
    return found
