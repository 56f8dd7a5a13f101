"""The one engine behind every batch write: what a pushed item does to the record it names.

Pure: it reads what a store loaded and says what a store shall save. Its rules:

- the id is the client's; what is said is stored, and UNCHANGED means that it was so already;
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

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from marshmallow import Schema

from shared.caller import Caller
from shared.codes import code_list
from shared.codes.suggestions import unknown_code
from shared.errors import Problem
from shared.ids import canonical
from shared.records.items import RANKS, Content, load, order
from shared.records.merging import as_pushed, clear, merge, missing, settled, too_many
from shared.records.partial import WRONG
from shared.records.pushes import (
    Decision,
    Push,
    Receipt,
    Record,
    Status,
    Write,
    rejected,
    settle,
)
from shared.records.repetitions import Repetitions, already_applied
from shared.texts import CONTROL, plain

MAX_REASON = 500  # characters
MAX_VERSION = 2**31 - 1  # that a client can say: GraphQL's Int

Check = Callable[[Caller, Record, Record | None], Iterable[Problem]]
"""Rules beyond single fields: (caller, the record as it would be stored, the record before). Also
asked where something is wrong already: required fields may be missing, `shared.records.partial`
tells what stands for those that are wrong; `id` and `chapter` are empty where nobody knows them."""

Complete = Callable[[Content, Content, Content, str], Content]
"""What follows from the rest of a content where it is left open: (the content, what is kept of the
stored one, what was given, the chapter). Asked like `Check`."""


class Claim(NamedTuple):
    """A value that one record alone may have. Who claims what another has is told `code` at
    `path`, with the other's id as `id` if `names_holder`: the caller may see that record."""

    value: Hashable
    path: tuple[str | int, ...]
    code: str
    names_holder: bool = False


Claims = Callable[[Caller, Record, Record | None], Iterable[Claim]]
"""What a record claims. Asked like `Check`."""

_Step = Callable[[Push, int, Mapping[str, Any], "_Overlay"], Receipt]


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
    repetitions: Repetitions | None = None,
) -> Decision:
    """Create or update: one receipt per item, in order.

    Args: `existing` holds the records of `ids_of(pushes)` that are stored, `holders` who has what
        these may claim: value → id; what a record no longer claims is free from the next call on.
        `remarks` tells what looks wrong in a record that is stored all the same.
        `repetitions` knows what of the pushes was applied before, and is told what is now.
    """
    loaded = iter(load(schema, [item for each in pushes for item in each.items]))

    def step(pushed: Push, row: int, item: Mapping[str, Any], state: _Overlay) -> Receipt:
        caller, identifier = pushed.caller, canonical(item.get("id"))
        given, wrong = next(loaded)
        before = state.get(identifier) if identifier else None
        if before is not None and not caller.may_touch(before.chapter):
            return _rejected(row, identifier, [Problem.at("id", code="ID_TAKEN")])
        kept, cleared, unclear = clear(
            schema, before.content if before else {}, item.get("clear") or []
        )
        otherwise = state.said_otherwise(identifier, (given, cleared))
        if before is not None and not otherwise and state.repeats(pushed, before.id):
            return already_applied(row, before.id, before.version)
        chapter, problems = _chapter(caller, item, before)
        problems += _refusal(item, identifier, before)
        problems += otherwise

        merged = settled(schema, merge(schema, kept, given))
        content = complete(merged, kept, given, chapter)
        wrong += unclear
        if before is not None and not wrong and content == before.content:
            if problems:
                return _rejected(row, identifier, problems)
            return Receipt(row, identifier, Status.UNCHANGED, before.version)

        now = datetime.now(UTC)
        after = Record(
            id=identifier or "",
            chapter=chapter,
            version=before.version + 1 if before else 1,
            withdrawn=False,
            content=content,
            created_at=before.created_at if before else now,
            updated_at=now,
        )
        claimed = list(claims(caller, after, before))
        found = [
            *missing(schema, content),
            *too_many(schema, content),
            *check(caller, after, before),
            *state.taken(claimed, after.id),
        ]
        problems += wrong
        problems += (as_pushed(each, content, given) for each in found)
        if problems:
            return _rejected(row, identifier, problems, order(schema))
        kind = "updated" if before else "created"
        state.put(Write(before, after, kind, caller), claimed)
        status = Status.UPDATED if before else Status.CREATED
        told = tuple(as_pushed(each, content, given) for each in remarks(caller, after, before))
        return Receipt(row, identifier, status, after.version, told)

    return _each(pushes, existing, step, repetitions, holders)


def withdraw(
    pushes: Sequence[Push],
    existing: Mapping[str, Record],
    repetitions: Repetitions | None = None,
) -> Decision:
    """Set a tombstone on each named record; a reason is required. Undone by `reinstate`."""
    return _each(pushes, existing, _tombstone(withdrawn=True), repetitions)


def reinstate(
    pushes: Sequence[Push],
    existing: Mapping[str, Record],
    repetitions: Repetitions | None = None,
) -> Decision:
    """Take the tombstone off again; a reason is required."""
    return _each(pushes, existing, _tombstone(withdrawn=False), repetitions)


class _Overlay:
    """The records as the push so far would leave them, and who has what; dropped or kept as a
    whole."""

    def __init__(
        self,
        base: Mapping[str, Record],
        holders: Mapping[Hashable, str],
        repetitions: Repetitions,
    ) -> None:
        self._base, self._holders = base, holders
        self._repetitions = repetitions
        self._said: dict[str, Any] = {}
        self.changed: dict[str, Record] = {}
        self.claimed: dict[Hashable, str] = {}
        self.writes: list[Write] = []

    def get(self, identifier: str) -> Record | None:
        return self.changed.get(identifier) or self._base.get(identifier)

    def repeats(self, pushed: Push, identifier: str) -> bool:
        """Whether the item was applied before under the push's id."""
        return self._repetitions.has(pushed, identifier)

    def said_otherwise(self, identifier: str | None, said: Any) -> list[Problem]:
        """A push that says one thing of a record and then another speaks of two things, whatever
        became of the first; what it says first is remembered."""
        if identifier is None or self._said.setdefault(identifier, said) == said:
            return []
        return [Problem.at("id", code="DUPLICATE_ROW")]

    def taken(self, claims: Iterable[Claim], identifier: str) -> Iterable[Problem]:
        """What of the claims another record than this one has."""
        for value, path, code, names_holder in claims:
            holder = self.claimed.get(value) or self._holders.get(value, identifier)
            if holder != identifier:
                yield Problem(code, path, {"id": holder} if names_holder else {})

    def put(self, write: Write, claims: Iterable[Claim] = ()) -> None:
        self.changed[write.after.id] = write.after
        self.claimed.update((claim.value, write.after.id) for claim in claims)
        self.writes.append(write)


def _each(
    pushes: Sequence[Push],
    existing: Mapping[str, Record],
    step: _Step,
    repetitions: Repetitions | None,
    holders: Mapping[Any, str] | None = None,
) -> Decision:
    decision = Decision()
    memory = repetitions or Repetitions("")
    current, held = dict(existing), dict(holders or {})
    for pushed in pushes:
        state = _Overlay(current, held, memory)
        receipts = [step(pushed, row, item, state) for row, item in enumerate(pushed.items)]
        receipts, stands = settle(receipts, pushed)
        decision.receipts.append(receipts)
        if stands:
            current |= state.changed
            held |= state.claimed
            decision.writes += state.writes
            memory.note(
                pushed, (r.id for r in receipts if r.id and r.status is not Status.REJECTED)
            )
    return decision


def _tombstone(*, withdrawn: bool) -> _Step:
    def step(pushed: Push, row: int, item: Mapping[str, Any], state: _Overlay) -> Receipt:
        identifier = canonical(item.get("id"))
        before = state.get(identifier) if identifier else None
        if before is not None and not pushed.caller.may_touch(before.chapter):
            before = None
        reason, problems = _reason(item)
        otherwise = state.said_otherwise(identifier, reason)
        if before is not None and not otherwise and state.repeats(pushed, before.id):
            return already_applied(row, before.id, before.version)
        problems += otherwise
        if identifier is None:
            problems.append(_no_id(item))
        elif before is None:
            problems.append(Problem.at("id", code="NOT_FOUND"))
        problems += _version_problems(item, before.version if before else None)
        if problems or before is None:
            return _rejected(row, identifier, problems)
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


def _reason(item: Mapping[str, Any]) -> tuple[str, list[Problem]]:
    given = item.get("reason") or ""
    if not isinstance(given, str):
        return "", [Problem.at("reason", code="NOT_A_TEXT")]
    reason = plain(given)
    if CONTROL.search(reason):
        return "", [Problem.at("reason", code="CONTROL_CHARACTER")]
    if not reason:
        return "", [Problem.at("reason", code="REQUIRED")]
    if len(reason) > MAX_REASON:
        return "", [Problem.at("reason", code="TOO_LONG", limit=MAX_REASON)]
    return reason, []


def _refusal(
    item: Mapping[str, Any], identifier: str | None, before: Record | None
) -> list[Problem]:
    """What keeps the item from the record that it names."""
    if identifier is None:
        return [_no_id(item), *_version_problems(item, None)]
    if before is None:
        return _version_problems(item, 0) if item.get("expected_version") else []
    problems = _version_problems(item, before.version)
    if before.withdrawn:
        problems.append(Problem.at("id", code="WITHDRAWN", version=before.version))
    return problems


def _no_id(item: Mapping[str, Any]) -> Problem:
    return Problem.at("id", code="INVALID_ID" if item.get("id") else "REQUIRED")


def _version_problems(item: Mapping[str, Any], version: int | None) -> list[Problem]:
    """What is wrong with the version that the item expects; None if there is none to compare."""
    expected = item.get("expected_version")
    if expected is None or (isinstance(expected, str) and not plain(expected)):
        return []
    if isinstance(expected, int) and not isinstance(expected, bool) and expected == version:
        return []
    if not isinstance(expected, int) or isinstance(expected, bool):
        limits = {"low": 0, "high": MAX_VERSION}
        return [Problem("NOT_A_NUMBER", ("expected_version",), limits)]
    if version is None:
        return []
    return [Problem.at("expected_version", code="VERSION_CONFLICT", version=version)]


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


def _rejected(
    row: int,
    identifier: str | None,
    problems: Iterable[Problem],
    ranks: Mapping[str, int] = RANKS,
) -> Receipt:
    return rejected(row, identifier, problems, ranks)
