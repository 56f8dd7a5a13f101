"""Owns the use cases of nominations: propose people for activities and projects, and decide."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.participants.definitions import NOMINATED, PARTICIPANT
from services.participants.handlers.requests import SOURCE, filter_of, pushes_of, reader_of
from services.participants.handlers.restored import as_said, told
from services.participants.rules import person
from services.participants.rules.person import FIXED
from services.participants.schemas import (
    NOMINATION,
    NOMINATION_FILTER,
    nomination_view,
    said,
)
from services.participants.store import ParticipantStore
from services.participants.store.people import Standing
from shared.caller import Caller
from shared.errors import Problem
from shared.events import Event
from shared.ids import canonical
from shared.paging import Asked
from shared.records import engine, keys, restoring
from shared.records.collection import recall, remember
from shared.records.keys import Reference
from shared.records.partial import WRONG, known, values
from shared.records.pushes import Decision, Push, Record, Write, answer, ids_of
from shared.records.repetitions import Repetitions
from shared.records.restoring import versions_in
from shared.records.walk import Claim
from shared.store.mongo import Tx
from shared.types import Answer, Request


def nominate(request: Request, store: ParticipantStore) -> Answer:
    """Propose people for an activity or a project, and decide on proposals; one receipt per item.

    A nomination belongs to the chapter of its participant. Raises as `people.register`.
    Effects: one transaction: nominations, and one `nomination.proposed|decided|withdrawn` each.
    """
    asked = pushes_of(request)

    def work(tx: Tx) -> Decision:
        references = [
            Reference("participant_id", PARTICIPANT.name, store.people.find(tx)),
            Reference("activity_id", "activity", None),
            Reference("project_id", "project", None),
        ]
        resolved = keys.resolve(asked, store.nominations.find(tx), references)
        pushes = resolved.pushes
        stored = store.nominations.load(tx, ids_of(pushes))
        named = _participants(pushes, stored)
        people = store.people.standing(tx, named)
        repetitions = recall(tx, "nominate", pushes if stored else ())
        decision = engine.push(
            [_of_its_person(each, stored, people) for each in pushes],
            NOMINATION,
            stored,
            _nomination_check(people),
            claims=_nomination_claims(people),
            holders={**_holders(tx, store, people, named), **resolved.holders},
            complete=person.complete_nomination,
            repetitions=repetitions,
        )
        _carry_out(tx, store, decision, repetitions, people)
        return resolved.told(decision)

    return answer(store.transact(work))


def restore(request: Request, store: ParticipantStore) -> Answer:
    """Give nominations the content of one of their versions again, in a new version: items `{"id",
    "version", "reason", "expected_version"?}`; one event each, by the status that came back.
    Raises as `nominate`, which checks alike: of a person's nominations for one thing, one stands.
    """
    pushes = pushes_of(request)

    def work(tx: Tx) -> Decision:
        find = store.nominations.find(tx)
        resolved = keys.resolve(pushes, find)
        stored = store.nominations.load(tx, ids_of(resolved.pushes))
        named_versions = versions_in(resolved.pushes)
        kept = store.versions[NOMINATED.collection].get(named_versions, tx.session)
        named = _participants((), stored)
        people = store.people.standing(tx, named)
        repetitions = recall(tx, "restore/nomination", pushes)
        decision = restoring.restore(
            resolved.pushes,
            NOMINATION,
            as_said(stored),
            {key: said(each) for key, each in kept.items()},
            _nomination_check(people),
            claims=_nomination_claims(people),
            holders={
                **_holders(tx, store, people, named),
                **keys.holders_of(kept.values(), find),
            },
            repetitions=repetitions,
        )
        decision.writes = list(told(decision.writes, stored))
        _carry_out(tx, store, decision, repetitions, people)
        return resolved.told(decision)

    return answer(store.transact(work))


def list_nominations(request: Request, store: ParticipantStore) -> Answer:
    """A page of nominations (`shared.paging`), in the order of their ids; `filter` as
    `NominationFilter`."""
    caller = reader_of(request)
    asked = dict(filter_of(NOMINATION_FILTER, request))
    if participant := asked.pop("participant_id", None):
        asked["participant_ids"] = store.people.ids_of(participant, caller)
    query = store.nominations.query(asked, caller)
    return store.nominations.page(query, caller, Asked.of(request)).answer(nomination_view)


def _carry_out(
    tx: Tx,
    store: ParticipantStore,
    decision: Decision,
    repetitions: Repetitions,
    people: Mapping[str, Standing],
) -> None:
    united = {each.id for each in people.values() if each.merged_ids}
    if united and decision.writes:
        store.people.hold(tx, united)  # the unique index sees no person behind two ids
    store.save(tx, store.nominations, decision.writes)
    remember(tx, repetitions)
    tx.emit(map(_nomination_event, decision.writes))


def _participants(pushes: Sequence[Push], stored: Mapping[str, Record]) -> set[str]:
    named = {canonical(item.get("participant_id")) for push in pushes for item in push.items}
    return {each for each in named if each} | {r.content["participant_id"] for r in stored.values()}


def _holders(
    tx: Tx, store: ParticipantStore, people: Mapping[str, Standing], named: Collection[str]
) -> dict[tuple[str, str], str]:
    """(person, activity or project) → the nomination that stands, under whichever of their ids."""
    ids = {key: each.id for each in people.values() for key in each.ids}
    found = store.nominations.standing(tx, {*named, *ids})
    return {(ids.get(key, key), target): holder for (key, target), holder in found.items()}


def _of_its_person(
    pushed: Push, stored: Mapping[str, Record], people: Mapping[str, Standing]
) -> Push:
    """The push, its new items with the chapters of their participants: with none, where the caller
    sees nobody of that id, which the rules tell."""

    def chapter(item: Mapping[str, Any]) -> Any:
        found = people.get(canonical(item.get("participant_id")) or "")
        return found.chapter if found and pushed.caller.may_touch(found.chapter) else WRONG

    return replace(
        pushed,
        items=[
            item
            if item.get("chapter") or canonical(item.get("id")) in stored
            else {**item, "chapter": chapter(item)}
            for item in pushed.items
        ],
    )


def _nomination_check(people: Mapping[str, Standing]) -> engine.Check:
    """The rules of a nomination."""

    def check(_: Caller, after: Record, before: Record | None) -> Iterable[Problem]:
        content = after.content
        yield from person.nomination_problems(content, before.content if before else None)
        [named] = values(content, "participant_id")
        if known(named) and _stranger(named, after, people):
            yield Problem.at("participant_id", code="UNKNOWN_PARTICIPANT")

    return check


def _nomination_claims(people: Mapping[str, Standing]) -> engine.Claims:
    """One nomination of a person for the same thing stands at a time, under whichever of their ids;
    those that stood when two people became one, both stay. Of people elsewhere, nothing is told."""

    def claims(_: Caller, after: Record, before: Record | None) -> Iterable[Claim]:
        claim = person.standing(after.content)
        if claim is None or _stranger(claim[0], after, people):
            return
        stood = before is not None and person.standing(before.content) == claim
        fixed = before is None or all(before.content.get(n) == after.content.get(n) for n in FIXED)
        if fixed and not stood:
            one = people[claim[0]].id, claim[1]
            yield Claim(one, ("participant_id",), "ALREADY_NOMINATED", names_holder=True)

    return claims


def _stranger(participant_id: str, after: Record, people: Mapping[str, Standing]) -> bool:
    """Whether nobody of that id is in the nomination's chapter."""
    found = people.get(participant_id)
    return found is None or found.chapter != after.chapter


def _nomination_event(write: Write) -> Event:
    record = write.after
    open_fields = dict.fromkeys(("activity_id", "project_id"))  # told as null where there is none
    data = {**record.standing(), **open_fields, **record.content}
    event_type = NOMINATED.event(record.content["status"])
    return Event.new(event_type, SOURCE, record.id, record.version, data, caller=write.caller)
