"""Owns the decisions that people who look alike are not the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

from services.participants.handlers.requests import reader_of
from services.participants.store import ParticipantStore
from services.participants.store.distinct import decision, pairs_of
from shared.errors import Refused
from shared.ids import asked_for
from shared.layout import CHAPTER
from shared.paging import Asked
from shared.records.collection import recall, remember
from shared.records.pushes import Push
from shared.store.mongo import Tx
from shared.times import rfc3339
from shared.types import Answer, Document, Request

FEWEST: Final = 2
MOST: Final = 20  # people at once: 190 pairs


def decide(request: Request, store: ParticipantStore) -> Answer:
    """Note of every pair among people of one chapter that they are not the same.

    Args: request: `{"caller", "ids", "dry_run"?, "push_id"?}`.
    Returns: `{"pairs": […] as they are known now, "changed": of how many it was not known}`.
    Raises: Refused (final): INVALID_ID, REQUIRED (fewer than two), TOO_MANY, UNKNOWN_PARTICIPANT
        (nobody whom the caller may see), NOT_ONE_CHAPTER, all with the
        path; Forbidden; Unavailable (retryable).
    """
    return _change(request, store, apart=True)


def take_back(request: Request, store: ParticipantStore) -> Answer:
    """Forget what was decided of the pairs among these people. As `decide`."""
    return _change(request, store, apart=False)


def list_decisions(request: Request, store: ParticipantStore) -> Answer:
    """A page (`shared.paging`) of the pairs that were decided, `{"participant_ids", "chapter",
    "by", "at"}`; of those alone that one of `participant_ids` is in, where given."""
    caller = reader_of(request)
    ids = asked_for(request.get("participant_ids"), "participant_ids")
    return store.distinct.page(caller, Asked.of(request), ids).answer(_shown)


def _change(request: Request, store: ParticipantStore, *, apart: bool) -> Answer:
    caller, ids = reader_of(request), _ids_in(request)
    pairs, operation = pairs_of(ids), "distinct" if apart else "take_back_distinct"
    dry_run, push_id = bool(request.get("dry_run")), request.get("push_id")
    push = Push(caller, (), dry_run=dry_run, push_id=push_id)

    def work(tx: Tx) -> Answer:
        chapter = _chapter_of(ids, store.people.homes(tx, ids, caller))
        repetitions = recall(tx, operation, [push])
        known = store.distinct.get(pairs, tx.session)
        if all(repetitions.has(push, each) for each in ids):
            return _answer(known, 0)
        if apart:
            there = {each["_id"] for each in known}
            changed = [decision(pair, chapter, caller.key_id) for pair in pairs]
            changed = [each for each in changed if each["_id"] not in there]
            then = sorted([*known, *changed], key=itemgetter("_id"))
        else:
            changed, then = known, []
        if not push.dry_run:
            (store.distinct.add if apart else store.distinct.take_back)(tx, changed)
            repetitions.note(push, ids)
            remember(tx, repetitions)
        return _answer(then, len(changed))

    return store.transact(work)


def _ids_in(request: Request) -> list[str]:
    ids = asked_for(request.get("ids") or [], "ids") or []
    if len(ids) < FEWEST:
        raise Refused("REQUIRED", path=["ids", len(ids)])
    if len(ids) > MOST:
        raise Refused("TOO_MANY", path=["ids"], limit=MOST)
    return ids


def _chapter_of(ids: Sequence[str], homes: Mapping[str, str]) -> str:
    for row, each in enumerate(ids):
        if each not in homes:
            raise Refused("UNKNOWN_PARTICIPANT", path=["ids", row])
        if homes[each] != homes[ids[0]]:
            raise Refused("NOT_ONE_CHAPTER", path=["ids", row])
    return homes[ids[0]]


def _answer(decided: Sequence[Document], changed: int) -> Answer:
    return {"pairs": [_shown(each) for each in decided], "changed": changed}


def _shown(decided: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "participant_ids": decided["ids"],
        "chapter": decided[CHAPTER],
        "by": decided["by"],
        "at": rfc3339(decided["at"]),
    }
