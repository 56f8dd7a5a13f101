"""Owns the use cases of people: register and correct, withdraw and reinstate, find, verify."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from services.participants.definitions import PARTICIPANT
from services.participants.handlers import standings
from services.participants.handlers.lookalikes import may_resemble, told_of
from services.participants.handlers.requests import (
    SOURCE,
    filter_of,
    ids_in,
    pushes_of,
    reader_of,
)
from services.participants.handlers.restored import as_said, told, with_reason
from services.participants.layout import GUEST_IN, MERGED_INTO
from services.participants.rules import person
from services.participants.rules.changes import CHANGES, dated
from services.participants.schemas import (
    PERSON,
    PERSON_FILTER,
    person_view,
    said,
)
from services.participants.store import ParticipantStore
from services.participants.store.alike import alike
from shared.caller import Caller
from shared.codes.countries import today
from shared.codes.places import pushed_as
from shared.codes.suggestions import unknown_place
from shared.errors import Problem
from shared.events import Event
from shared.ids import asked_for
from shared.paging import Asked
from shared.records import engine, keys, restoring
from shared.records.collection import recall, remember
from shared.records.keys import Reference, Resolved
from shared.records.pushes import Decision, Record, Status, Write, answer, ids_of
from shared.records.repetitions import Repetitions
from shared.records.restoring import versions_in
from shared.store.mongo import Tx
from shared.types import Answer, Request

_CHANGES_STANDING: Final = frozenset({"withdrawn", "reinstated", "merged", "separated"})
_ELSEWHERE: Final = (Reference("organisation_id", "organisation", None),)


def register(request: Request, store: ParticipantStore) -> Answer:
    """Register and correct people; one receipt per item. A push tells of the pushed places that it
    names, as far as there are such, whether they were withdrawn: `"places": {place id: truth}`.

    Raises: Refused, Forbidden (final); Unavailable (retryable). Nothing was written.
    Effects: one transaction: people, and one `participant.registered|corrected` for each that
        changed, also where only what the events never carry has changed.
    """

    told = {k: v for each in request["pushes"] for k, v in (each.get("places") or {}).items()}

    def check(caller: Caller, after: Record, before: Record | None) -> Iterable[Problem]:
        yield from check_person(caller, after, before)
        stored = before.content if before else {}
        yield from _place_problems(after.content, stored, told)

    def decide(
        tx: Tx, resolved: Resolved, existing: Mapping[str, Record], repetitions: Repetitions
    ) -> Decision:
        looked: list[Record] = []

        def remarks(_: Caller, after: Record, before: Record | None) -> Iterable[Problem]:
            if may_resemble(after, before):
                looked.append(after)
            return person.person_remarks(after.content)

        decision = engine.push(
            resolved.pushes,
            PERSON,
            existing,
            check,
            holders=resolved.holders,
            remarks=remarks,
            dated=dated,
            repetitions=repetitions,
        )
        alike = store.lookalikes.of(tx, looked) if looked else {}
        return told_of(decision, existing, alike) if alike else decision

    return _write_people(request, store, "register", decide)


def withdraw(request: Request, store: ParticipantStore) -> Answer:
    """Set a tombstone on people; one `participant.withdrawn` each, and a `standing.changed`. Raises
    as `register`."""
    return _write_people(
        request,
        store,
        "withdraw",
        lambda _, resolved, *args: _reasoned(engine.withdraw(resolved.pushes, *args)),
    )


def reinstate(request: Request, store: ParticipantStore) -> Answer:
    """Take the tombstone off; one `participant.reinstated` each, and a `standing.changed`. Raises
    as `register`."""
    return _write_people(
        request,
        store,
        "reinstate",
        lambda _, resolved, *args: _reasoned(engine.reinstate(resolved.pushes, *args)),
    )


def restore(request: Request, store: ParticipantStore) -> Answer:
    """Give people the content of one of their versions again, in a new version: items `{"id",
    "version", "reason", "expected_version"?}`; one `participant.corrected` each. Raises as
    `register`, which checks alike."""
    pushes = pushes_of(request)

    def work(tx: Tx) -> Decision:
        repetitions = recall(tx, "restore", pushes)
        find = store.people.find(tx)
        resolved = keys.resolve(pushes, find)
        existing = store.people.load(tx, ids_of(resolved.pushes))

        def check(caller: Caller, after: Record, before: Record | None) -> Iterable[Problem]:
            if into := existing[after.id].content.get(MERGED_INTO):
                yield Problem.at("id", code="IS_MERGED", id=into)
            yield from check_person(caller, after, before)

        kept = store.versions[PARTICIPANT.collection].get(versions_in(resolved.pushes), tx.session)
        decision = restoring.restore(
            resolved.pushes,
            PERSON,
            as_said(existing),
            {key: said(each) for key, each in kept.items()},
            check,
            holders=keys.holders_of(kept.values(), find),
            repetitions=repetitions,
        )
        decision.writes = list(told(decision.writes, existing))
        carry_out(tx, store, decision.writes, repetitions)
        return resolved.told(decision)

    return answer(store.transact(work))


def get_many(request: Request, store: ParticipantStore) -> Answer:
    """{"items": those people of `ids` (at most 500) whom the caller may see, withdrawn or not; in
    the place of who is one with another the other, with `merged`: id → this one's; "damaged": the
    ids of those of them who cannot be shown}."""
    caller = reader_of(request)
    found = store.people.get_many(ids_in(request), caller)
    damaged = [*found.damaged]
    people = dict(found)
    merged = {key: into for key, each in found.items() if (into := each.content.get(MERGED_INTO))}
    if winners := [each for each in set(merged.values()) if each not in found]:
        others = store.people.get_many(winners, caller)
        people |= others
        damaged += others.damaged
    items = [
        person_view(record)
        for key, record in people.items()
        if key not in merged and GUEST_IN not in record.content
    ]
    return {"items": items, "merged": merged, "damaged": damaged}


def lead(request: Request, store: ParticipantStore) -> Answer:
    """{"ids": [id or null]}: whom the `ref` of each of the `items` {"ref", "chapter"?} leads to
    (`shared.records.keys`), 500 at most."""
    caller = reader_of(request)
    [asked] = pushes_of({"pushes": [request]})
    return {"ids": keys.lead(caller, asked.items, store.people.holders)}


def list_people(request: Request, store: ParticipantStore) -> Answer:
    """A page of people (`shared.paging`), in the order of their ids.

    `filter` as `PersonFilter`; the withdrawn ones only if `withdrawn` asks for them. Where a `text`
    finds nobody, those who would be found but for a slip in each of its words.
    """
    caller, asked = reader_of(request), Asked.of(request)
    wanted = dict(filter_of(PERSON_FILTER, request))
    if ids := wanted.get("ids"):
        wanted["ids"] = _as_they_stand(store, ids)
    query = store.people.query(wanted, caller)
    page = store.people.page(query, caller, asked)
    if wanted.get("text") and not page.items and not store.people.any(query, caller):
        page = store.people.page(store.people.query(wanted, caller, slips=True), caller, asked)
    return page.answer(person_view)


def verify_participants(request: Request, store: ParticipantStore) -> Answer:
    """{"unknown": those of `ids` that are nobody whom the caller may enter in a sheet}."""
    ids = ids_in(request)
    known = store.people.known(ids, reader_of(request))
    return {"unknown": [each for each in ids if each not in known]}


def possible_duplicates(request: Request, store: ParticipantStore) -> Answer:
    """A page (`shared.paging`) of groups of people of one chapter who may be the same; of those
    alone in which one of `participant_ids` is, where given.

    An item is {chapter, ids (at most 50 of `count`), count, reasons: same_phone, same_email,
    same_name_and_place, same_name_and_birth_year, or the last two with like_, where the names are
    spelt otherwise}.
    """
    caller = reader_of(request)
    ids = asked_for(request.get("participant_ids"), "participant_ids")
    ids = _as_they_stand(store, ids) if ids else ids
    return alike(store.people.collection, caller, Asked.of(request), ids).answer(dict)


def check_person(_: Caller, after: Record, before: Record | None) -> Iterable[Problem]:
    """The rules of a person, as the push engine asks for them."""
    stored = before.content if before else None
    return person.person_problems(after.content, stored, after.chapter, today(after.chapter))


def _as_they_stand(store: ParticipantStore, ids: Iterable[str]) -> list[str]:
    """The ids, in the place of who is one with another the other's."""
    listed = list(ids)
    winners = store.people.winners(listed)
    return list(dict.fromkeys(winners.get(each, each) for each in listed))


def _write_people(
    request: Request,
    store: ParticipantStore,
    operation: str,
    decide: Callable[[Tx, Resolved, Mapping[str, Record], Repetitions], Decision],
) -> Answer:
    pushes = pushes_of(request)

    def work(tx: Tx) -> Decision:
        resolved = keys.resolve(pushes, store.people.find(tx), _ELSEWHERE)
        people = store.people
        existing = people.as_said(tx, ids_of(resolved.pushes), guests=operation == "register")
        repetitions = recall(tx, operation, pushes if existing else ())
        decision = decide(tx, resolved, existing, repetitions)
        carry_out(tx, store, decision.writes, repetitions)
        merged = {key: each.id for key, each in existing.items() if key != each.id}
        return resolved.told(_led(decision, merged) if merged else decision)

    return answer(store.transact(work))


def carry_out(
    tx: Tx, store: ParticipantStore, writes: Sequence[Write], repetitions: Repetitions
) -> None:
    """Store the writes, remember what is applied, and tell what happened."""
    store.save(tx, store.people, writes)
    remember(tx, repetitions)
    tx.emit(map(_person_event, writes))
    changed = [each for each in writes if each.kind in _CHANGES_STANDING]
    one_with = {each.after.id: each.after.content.get(MERGED_INTO) for each in changed}
    standings.tell(tx, store, changed, one_with)


def _led(decision: Decision, merged: Mapping[str, str]) -> Decision:
    """The decision, with a remark where something was applied to whom a person is one with."""
    for receipts in decision.receipts:
        for place, receipt in enumerate(receipts):
            into = merged.get(receipt.id or "")
            if into and receipt.status is not Status.REJECTED:
                remark = Problem.at("id", code="MERGED_INTO", id=into)
                receipts[place] = replace(receipt, problems=(*receipt.problems, remark))
    return decision


def _place_problems(
    content: Mapping[str, Any], stored: Mapping[str, Any], told: Mapping[str, bool]
) -> Iterator[Problem]:
    """A home that chapters pushed must be there, since whatever day; one that was withdrawn since
    is kept."""
    for place_id in sorted(_homes(content) - _homes(stored)):
        if (withdrawn := told.get(place_id)) is None:
            yield Problem("UNKNOWN_PLACE", ("place",), unknown_place(place_id))
        elif withdrawn:
            yield Problem.at("place", code="WITHDRAWN")


def _homes(content: Mapping[str, Any]) -> set[str]:
    """The pushed places in which a person lives, lived or will."""
    dated = content.get(CHANGES)
    days = dated.values() if isinstance(dated, Mapping) else ()
    told = [content, *(each for each in days if isinstance(each, Mapping))]
    named: Iterable[Any] = (each.get("place") for each in told)
    return {place_id for place_id in named if pushed_as(place_id)}


def _reasoned(decision: Decision) -> Decision:
    """The reason of a withdrawal may speak of the person: it stays with the record, sealed."""
    decision.writes = [
        replace(write, after=with_reason(write.after, write.reason)) for write in decision.writes
    ]
    return decision


def _person_event(write: Write) -> Event:
    record = write.after
    one_with = {MERGED_INTO: record.content.get(MERGED_INTO)}
    data = {**record.standing(), **person.facts(record.content), **one_with}
    if changed := person.history(record.content):
        data["history"] = changed
    event_type = PARTICIPANT.event(write.kind)
    return Event.new(event_type, SOURCE, record.id, record.version, data, caller=write.caller)
