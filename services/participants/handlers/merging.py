"""Owns making people one who were registered more than once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

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
    unchanged,
    updated,
    writes_of,
)
from services.participants.layout import MERGED_IDS, MERGED_INTO, TARGET
from services.participants.rules import merging
from services.participants.rules.merging import Contents
from services.participants.schemas import PERSON
from services.participants.store import ParticipantStore
from shared.codes.suggestions import unknown_field
from shared.errors import Problem
from shared.ids import canonical
from shared.records.collection import recall
from shared.records.pushes import Record
from shared.store.mongo import Tx
from shared.types import Answer, Request

MOST_IDS: Final = 50  # by which one person is known


def merge(request: Request, store: ParticipantStore) -> Answer:
    """Make the `losers` one with the `winner`, all or nobody; a dry run shows what would be.

    Args: request: `{"caller", "winner", "losers": [id], "take": [{"field", "from"}]?, "reason",
        "expected_versions": [{"id", "version"}]?, "dry_run"?, "push_id"?}`.
    Returns: `{"receipts": the winner's, then one for each loser, "fields": [{"field", "says":
        {id: value}, "from", "value"}], "doubled": [{"target", "nominations": [id]}]}`: what each
        says and the winner says then; for what more than one nomination of the person stands.
        UNCHANGED: they are one already.
    Raises: Refused (final): REQUIRED, TOO_MANY with the path; Forbidden; Unavailable (retryable).
    Effects: one transaction: a `participant.merged` and a `standing.changed` for each loser and
        whoever was one with it, a `participant.corrected` for the winner.
    """
    asked = named_in(request, "winner", "losers")

    def work(tx: Tx) -> Answer:
        found = asked.load(tx, store)
        winner = found.get(asked.ids[0] or "")
        scope = winner.id if winner else ""
        repetitions = recall(tx, "merge", [asked.push], [scope])
        if winner and all(each and repetitions.has(asked.push, each, scope) for each in asked.ids):
            return answer(applied(found, asked))
        take, wrong = _take(request, asked, found)
        problems = [_problems(row, asked, found) for row in range(len(asked.ids))]
        problems[0] += wrong
        if any(problems) or winner is None:
            return answer(judged(asked, problems))
        fresh = [each for each in found if each != winner.id and not _is_merged(found[each])]
        if not fresh:
            return answer([unchanged(row, found[each]) for row, each in enumerate(asked.valid)])
        followers = [key for each in fresh for key in found[each].content.get(MERGED_IDS, ())]
        people = store.people.load(tx, followers) | {each: found[each] for each in fresh}
        people |= {winner.id: winner}  # last: the others give up their keys before it has them
        contents: Contents = {key: dict(each.content) for key, each in people.items()}
        withdrawn = {each: found[each].withdrawn for each in fresh}
        said = merging.merge(NAMES, winner.id, fresh, contents, winner.version, withdrawn, take)
        shown = {
            "fields": [
                {"field": s.field, "says": s.says, "from": s.taken_from, "value": s.value}
                for s in said
                if any(value is not None for value in s.says.values())
            ],
            "doubled": _doubled(tx, store, [winner.id, *contents[winner.id][MERGED_IDS]]),
        }
        problems[0] += faults(winner, contents[winner.id])
        if len(contents[winner.id][MERGED_IDS]) > MOST_IDS:
            problems[0].append(Problem.at("id", code="TOO_MANY", limit=MOST_IDS))
        if any(problems):
            return answer(judged(asked, problems), **shown)
        writes = writes_of(people, contents, {winner.id: "updated"}, asked)
        if not asked.push.dry_run:
            repetitions.note(asked.push, asked.valid, scope)
            carry_out(tx, store, writes, repetitions)
        made = {write.after.id: write.after for write in writes}
        receipts = [
            updated(row, made[each]) if each in made else unchanged(row, found[each])
            for row, each in enumerate(asked.valid)
        ]
        return answer(receipts, **shown)

    return store.transact(work)


def _is_merged(record: Record) -> bool:
    return MERGED_INTO in record.content


def _problems(row: int, asked: Named, found: Mapping[str, Record]) -> list[Problem]:
    """What keeps the winner (row 0) or a loser out of the merge."""
    problems, record = problems_of(row, asked, found)
    winner = found.get(asked.ids[0] or "")
    if record is None:
        return problems
    into = record.content.get(MERGED_INTO)
    if into and (row == 0 or into != asked.ids[0]):
        problems.append(Problem.at("id", code="IS_MERGED", id=into))
    if row == 0 and record.withdrawn:
        problems.append(Problem.at("id", code="WITHDRAWN", version=record.version))
    if winner and record.chapter != winner.chapter:
        problems.append(Problem.at("id", code="NOT_ONE_CHAPTER"))
    return problems


def _take(
    request: Request, asked: Named, found: Mapping[str, Record]
) -> tuple[dict[str, str], list[Problem]]:
    """Field → from whom it is taken, and what is wrong with these wishes."""
    parts = merging.parts(NAMES, [each.content for each in found.values()])
    take: dict[str, str] = {}
    problems: list[Problem] = []
    for place, each in enumerate(request.get("take") or ()):
        name, source = each.get("field"), canonical(each.get("from"))
        beside = next((part for part in parts if name in part), (name,))
        if not isinstance(name, str) or name not in PERSON.fields:
            params = unknown_field(name, PERSON.fields)
            problems.append(Problem("UNKNOWN_FIELD", ("take", place, "field"), params))
        elif source is None or source not in asked.ids:
            problems.append(Problem.at("take", place, "from", code="UNKNOWN_PARTICIPANT"))
        elif any(take.get(other, source) != source for other in beside):
            problems.append(Problem.at("take", place, "field", code="REPEATED_VALUE"))
        else:
            take[name] = source
    return take, problems


def _doubled(tx: Tx, store: ParticipantStore, ids: Sequence[str]) -> list[dict[str, Any]]:
    found = store.nominations.doubled(tx, ids)
    return [{TARGET: key, "nominations": each} for key, each in found.items()]
