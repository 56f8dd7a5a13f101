"""The one engine behind every batch write: what a pushed item does to the record it names.

Pure: it reads what a store loaded and says what a store shall save. Its rules:

- the id is the client's, or a key's in its place; no two records of a chapter have one key;
- what is said is stored, and UNCHANGED means that it was so already;
- absent or blank leaves what is stored as it is, at every depth (`shared.records.merging`);
- an item that was applied under its push's id is a repetition, however late: it changes nothing
  (`shared.records.repetitions`);
- one id stands for one thing: a second item of another content in the same push is refused;
- `expected_version` refuses the change if somebody else was first;
- a withdrawn record stays withdrawn until it is reinstated;
- all that is wrong with an item is told at once; an item whose id is none is judged as a new one;
- an id that another chapter holds is refused without a word about that record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema

from shared.caller import Caller
from shared.codes import code_list
from shared.codes.suggestions import unknown_code
from shared.errors import Problem
from shared.ids import canonical
from shared.records import keys
from shared.records.items import Content, load, order
from shared.records.merging import as_pushed, clear, merge, missing, settled, too_many
from shared.records.partial import WRONG
from shared.records.pushes import Decision, Push, Receipt, Record, Status, Write
from shared.records.repetitions import Repetitions, already_applied
from shared.records.walk import (
    Claim,
    Overlay,
    Step,
    each_push,
    no_id,
    reason_of,
    refused,
    version_problems,
)
from shared.texts import plain

Check = Callable[[Caller, Record, Record | None], Iterable[Problem]]
"""Rules beyond single fields: (caller, the record as it would be stored, the record before). Also
asked where something is wrong already: required fields may be missing, `shared.records.partial`
tells what stands for those that are wrong; `id` and `chapter` are empty where nobody knows them."""

Complete = Callable[[Content, Content, Content, str], Content]
"""What follows from the rest of a content where it is left open: (the content, what is kept of the
stored one, what was given, the chapter). Asked like `Check`."""

Dated = Callable[[Content, Content, Content], tuple[Content, Sequence[Problem], Sequence[Problem]]]
"""What of an item is true from a day on: (the stored content, empty of a new record, the content
with what was given, what was given) → the content to be stored, what is wrong, and remarks. Asked
like `Check`."""

Claims = Callable[[Caller, Record, Record | None], Iterable[Claim]]
"""What a record claims. Asked like `Check`."""


def push(
    pushes: Sequence[Push],
    schema: Schema,
    existing: Mapping[str, Record],
    check: Check = lambda *_: (),
    *,
    claims: Claims = lambda *_: (),
    holders: Mapping[Any, str] | None = None,
    remarks: Check = lambda *_: (),
    complete: Complete = lambda content, *_: content,
    dated: Dated = lambda _, content, __: (content, (), ()),
    repetitions: Repetitions | None = None,
) -> Decision:
    """Create or update: one receipt per item, in order.

    Args: `pushes` have ids in the place of keys (`shared.records.keys`). `existing` holds the
        records of `ids_of(pushes)` that are stored, each under its own id too where it is known by
        another; `holders` who has what these may claim, keys included: value → id; what a record no
        longer claims is free from the next call on.
        `remarks` tells what looks wrong in a record that is stored all the same.
        `repetitions` knows what of the pushes was applied before, and is told what is now.
    """
    loaded = iter(load(schema, [item for each in pushes for item in each.items]))

    def step(pushed: Push, row: int, item: Mapping[str, Any], state: Overlay) -> Receipt:
        caller, identifier = pushed.caller, canonical(item.get("id"))
        given, wrong = next(loaded)
        before = state.get(identifier) if identifier else None
        if before is not None and not caller.may_touch(before.chapter):
            return refused(row, identifier, [Problem.at("id", code="ID_TAKEN")])
        kept, cleared, unclear = clear(
            schema, before.content if before else {}, item.get("clear") or []
        )
        otherwise = state.said_otherwise(identifier, (given, cleared))
        if before and identifier and not otherwise and state.repeats(pushed, identifier):
            return already_applied(row, identifier, before.version)
        chapter, problems = _chapter(caller, item, before)
        problems += _refusal(item, identifier, before)
        problems += otherwise

        merged = settled(schema, merge(schema, kept, given))
        in_time, undatable, redated = dated(before.content if before else {}, merged, given)
        problems += undatable
        content = complete(in_time, kept, given, chapter)
        wrong += unclear
        if before is not None and not wrong and content == before.content:
            if problems:
                return refused(row, identifier, problems)
            return Receipt(row, identifier, Status.UNCHANGED, before.version)

        now = datetime.now(UTC)
        after = Record(
            id=before.id if before else identifier or "",
            chapter=chapter,
            version=before.version + 1 if before else 1,
            withdrawn=False,
            content=content,
            created_at=before.created_at if before else now,
            updated_at=now,
        )
        claimed = [*claims(caller, after, before), *keys.claims(after, given)]
        found = [
            *missing(schema, content),
            *too_many(schema, content),
            *check(caller, after, before),
            *state.taken(claimed, after.id),
        ]
        problems += wrong
        problems += (as_pushed(each, content, given) for each in found)
        if problems:
            return refused(row, identifier, problems, order(schema))
        kind = "updated" if before else "created"
        state.put(Write(before, after, kind, caller), claimed)
        status = Status.UPDATED if before else Status.CREATED
        remarked = (*redated, *remarks(caller, after, before))
        told = tuple(as_pushed(each, content, given) for each in remarked)
        return Receipt(row, identifier, status, after.version, told)

    return each_push(pushes, existing, step, repetitions, holders)


def withdraw(
    pushes: Sequence[Push],
    existing: Mapping[str, Record],
    repetitions: Repetitions | None = None,
) -> Decision:
    """Set a tombstone on each named record; a reason is required. Undone by `reinstate`."""
    return each_push(pushes, existing, _tombstone(withdrawn=True), repetitions)


def reinstate(
    pushes: Sequence[Push],
    existing: Mapping[str, Record],
    repetitions: Repetitions | None = None,
) -> Decision:
    """Take the tombstone off again; a reason is required."""
    return each_push(pushes, existing, _tombstone(withdrawn=False), repetitions)


def _tombstone(*, withdrawn: bool) -> Step:
    def step(pushed: Push, row: int, item: Mapping[str, Any], state: Overlay) -> Receipt:
        identifier = canonical(item.get("id"))
        before = state.get(identifier) if identifier else None
        if before is not None and not pushed.caller.may_touch(before.chapter):
            before = None
        reason, problems = reason_of(item)
        otherwise = state.said_otherwise(identifier, reason)
        if before and identifier and not otherwise and state.repeats(pushed, identifier):
            return already_applied(row, identifier, before.version)
        problems += otherwise
        if identifier is None:
            problems.append(no_id(item))
        elif before is None:
            problems.append(Problem.at("id", code="NOT_FOUND"))
        problems += version_problems(item, before.version if before else None)
        if problems or before is None:
            return refused(row, identifier, problems)
        if before.withdrawn is withdrawn:
            remark = Problem.at("reason", code="FIRST_REASON_STANDS")
            return Receipt(row, identifier, Status.UNCHANGED, before.version, (remark,))
        after = replace(
            before,
            version=before.version + 1,
            withdrawn=withdrawn,
            updated_at=datetime.now(UTC),
        )
        kind = "withdrawn" if withdrawn else "reinstated"
        state.put(Write(before, after, kind, pushed.caller, reason))
        return Receipt(row, identifier, Status.UPDATED, after.version)

    return step


def _refusal(
    item: Mapping[str, Any], identifier: str | None, before: Record | None
) -> list[Problem]:
    """What keeps the item from the record that it names."""
    if identifier is None:
        return [no_id(item), *version_problems(item, None)]
    if before is None:
        return version_problems(item, 0) if item.get("expected_version") else []
    problems = version_problems(item, before.version)
    if before.withdrawn:
        problems.append(Problem.at("id", code="WITHDRAWN", version=before.version))
    return problems


def _chapter(
    caller: Caller, item: Mapping[str, Any], before: Record | None
) -> tuple[str, list[Problem]]:
    """The chapter that the item belongs to, and what is wrong with the one it gives. One that the
    caller may not name decides nothing: what it holds stays unknown."""
    given, own = item.get("chapter"), caller.chapter or ""
    given = plain(given) if isinstance(given, str) else given
    if given is WRONG:  # which is told elsewhere
        return before.chapter if before else own, []
    if before is not None:
        fixed = Problem.at("chapter", code="CHAPTER_FIXED", chapter=before.chapter)
        return before.chapter, [fixed] if given and given != before.chapter else []
    if not given:
        return own, [] if own else [Problem.at("chapter", code="REQUIRED")]
    if not (isinstance(given, str) and given in code_list("country")):
        return own, [Problem("UNKNOWN_CODE", ("chapter",), unknown_code("country", given))]
    if not caller.may_touch(given):
        return own, [Problem.at("chapter", code="CHAPTER_NOT_YOURS", chapter=own or "–")]
    return given, []
