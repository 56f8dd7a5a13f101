"""Owns taking back that people are one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.participants.definitions import PARTICIPANT
from services.participants.handlers.people import carry_out
from services.participants.handlers.together import (
    NAMES,
    Named,
    answer,
    applied,
    faults,
    judged,
    named_in,
    problems_of,
    updated,
    writes_of,
)
from services.participants.layout import MERGED_INTO, MERGES
from services.participants.rules import merging
from services.participants.rules.merging import Content, Contents, Outcome
from services.participants.store import ParticipantStore
from shared.errors import Problem
from shared.records import keys
from shared.records.collection import recall
from shared.records.keys import Holders
from shared.records.pairs import EXTERNAL_REFS, texts
from shared.records.pushes import Record
from shared.store.mongo import Tx
from shared.types import Answer, Request


def separate(request: Request, store: ParticipantStore) -> Answer:
    """Let `losers` stand by themselves again as they were, all or nobody.

    Whoever was one with one of them is so again. What the winner has from them it loses, unless it
    has been changed since; corrections made meanwhile stay with the winner.

    Args: request: `{"caller", "losers": [id], "reason", "expected_versions": [{"id", "version"}]?,
        "dry_run"?, "push_id"?}`.
    Returns: `{"receipts": one for each, "fields": [{"id", "field", "became"}]}`
        (`rules.merging.Outcome`). Raises as `merging.merge`.
    Effects: one transaction: a `participant.separated` for each, a `participant.merged` for who is
        one with it again, both with a `standing.changed`; a `participant.corrected` for the winner.
    """
    asked = named_in(request, None, "losers")

    def work(tx: Tx) -> Answer:
        found = asked.load(tx, store)
        repetitions = recall(tx, "separate", [asked.push])
        if all(each in found and repetitions.has(asked.push, each or "") for each in asked.ids):
            return answer(applied(found, asked))
        holders = keys.holders_of(found.values(), store.people.find(tx))
        problems = [_problems(row, asked, found, holders) for row in range(len(asked.ids))]
        if any(problems):
            return answer(judged(asked, problems))
        people = _concerned(tx, store, found)
        contents: Contents = {key: dict(each.content) for key, each in people.items()}
        earlier = _earlier(tx, store, people, found)
        withdrawn: dict[str, bool] = {}
        outcomes: list[Outcome] = []

        def stands(key: str, content: Mapping[str, Any]) -> bool:
            return not faults(people[key], content)

        for each in asked.valid:
            withdrawn[each], told = merging.separate(NAMES, each, contents, earlier, stands)
            outcomes += told
        kinds = dict.fromkeys(found, "separated") | {
            key: "updated"
            for key, content in contents.items()
            if content.get(MERGED_INTO) == people[key].content.get(MERGED_INTO)
        }
        writes = writes_of(people, contents, kinds, asked, withdrawn)
        if not asked.push.dry_run:
            repetitions.note(asked.push, asked.valid)
            carry_out(tx, store, writes, repetitions)
        made = {write.after.id: write.after for write in writes}
        receipts = [updated(row, made[each]) for row, each in enumerate(asked.valid)]
        return answer(receipts, fields=[each._asdict() for each in outcomes])

    return store.transact(work)


def _problems(
    row: int, asked: Named, found: Mapping[str, Record], holders: Holders
) -> list[Problem]:
    """What keeps one from being separated: also that somebody else has its keys by now."""
    problems, record = problems_of(row, asked, found)
    if record is None:
        return problems
    if (into := record.content.get(MERGED_INTO)) is None:
        return [*problems, Problem.at("id", code="NOT_MERGED")]
    for text in texts(record.content, EXTERNAL_REFS):
        if (holder := holders.get((record.chapter, text), into)) != into:
            problems.append(Problem.at(EXTERNAL_REFS, code=keys.TAKEN, id=holder))
    return problems


def _concerned(tx: Tx, store: ParticipantStore, losers: Mapping[str, Record]) -> dict[str, Record]:
    """The losers, whom they are one with and were one with on the way there, and who was one with
    them."""
    entries = [entry for each in losers.values() for entry in each.content[MERGES]]
    wanted = {entry["into"] for entry in entries}
    wanted |= {key for entry in entries for key in entry.get("ids", ())}
    # The losers last: the others give up their keys before these have them.
    return {**store.people.load(tx, sorted(wanted - losers.keys())), **losers}


def _earlier(
    tx: Tx, store: ParticipantStore, people: Mapping[str, Record], losers: Iterable[str]
) -> dict[tuple[str, int], Content]:
    """The versions of winners before the losers' merges, and right after."""
    keys = {
        (entry["into"], entry["before"] + step)
        for each in losers
        for entry in people[each].content[MERGES]
        for step in (0, 1)
    }
    kept = store.versions[PARTICIPANT.collection].get(sorted(keys), tx.session)
    current = {(each.id, each.version): each for each in people.values()}
    return {key: (kept.get(key) or current[key]).content for key in keys}
