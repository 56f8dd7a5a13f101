"""The one engine behind every batch write: what a pushed item does to the record it names.

Pure: it reads what a store loaded and says what a store shall save. Its rules:

- the id is the client's; a repeated push of the same content is UNCHANGED;
- an absent or blank field leaves the record as it is, `clear` empties a field by name;
- `expected_version` refuses the change if somebody else was first;
- a content that was pushed before and replaced since (a late retry) changes nothing, unless
  `expected_version` says that it is meant;
- a withdrawn record stays withdrawn until it is reinstated;
- an id that another chapter holds is refused without a word about that record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
from marshmallow import Schema, ValidationError

from shared.caller import Caller
from shared.codes import code_list
from shared.errors import Problem, problems_from
from shared.ids import canonical
from shared.records.pushes import Decision, Push, Receipt, Record, Status, Write, settle

SEEN_KEPT = 50  # how many superseded contents a record remembers to tell a late retry from news


Content = Mapping[str, Any]
Check = Callable[[Caller, Record, Record | None], Iterable[Problem]]
"""Rules beyond single fields: (caller, the record as it would be stored, the record before). Asked
only when every required field is there."""

Merge = Callable[[Content, Content], Content]
"""What a content becomes: (what is kept of the stored one, what was given)."""

_Step = Callable[[Push, int, Mapping[str, Any], "_Overlay"], Receipt]


def push(
    pushes: Sequence[Push],
    schema: Schema,
    existing: Mapping[str, Record],
    check: Check = lambda *_: (),
    *,
    merge: Merge = lambda kept, given: {**kept, **given},
    hash_key: bytes = b"",
) -> Decision:
    """Create or update: one receipt per item, in order.

    Args: `existing` holds the records of `ids_of(pushes)` that are stored; `merge` may fill in
        what follows from the rest of a content when it is left open; `hash_key` keys the content
        hashes where the content is personal.
    """
    required = [name for name, part in schema.fields.items() if part.required]
    loaded = iter(_load_all(schema, [item for each in pushes for item in each.items]))

    def step(pushed: Push, row: int, item: Mapping[str, Any], state: _Overlay) -> Receipt:
        identifier = canonical(item.get("id"))
        given, clear, problems = next(loaded)
        if identifier is None:
            code = "INVALID_ID" if item.get("id") else "REQUIRED"
            return _rejected(row, None, [Problem.at("id", code=code), *problems])
        before = state.get(identifier)
        if refusal := _refusal(pushed.caller, item, before):
            return _rejected(row, identifier, refusal)
        chapter = _chapter(pushed.caller, item, before, problems)
        if problems or chapter is None:
            return _rejected(row, identifier, problems)

        digest = _digest(given, clear, hash_key)
        kept = {} if before is None else {k: v for k, v in before.content.items() if k not in clear}
        content = merge(kept, given)
        if before is not None:
            if content == before.content:
                return Receipt(row, identifier, Status.UNCHANGED, before.version)
            if digest in before.seen and item.get("expected_version") is None:
                remark = Problem("SUPERSEDED", params={"version": before.version})
                return Receipt(row, identifier, Status.UNCHANGED, before.version, (remark,))

        missing = [
            Problem.at(name, code="REQUIRED") for name in required if content.get(name) is None
        ]
        now = datetime.now(UTC)
        after = Record(
            id=identifier,
            chapter=chapter,
            version=before.version + 1 if before else 1,
            withdrawn=False,
            content=content,
            seen=(*(before.seen if before else ()), digest)[-SEEN_KEPT:],
            created_at=before.created_at if before else now,
            updated_at=now,
        )
        if broken := missing or list(check(pushed.caller, after, before)):
            return _rejected(row, identifier, broken)
        kind = "updated" if before else "created"
        state.put(Write(before, after, kind, pushed.caller))
        status = Status.UPDATED if before else Status.CREATED
        return Receipt(row, identifier, status, after.version)

    return _each(pushes, existing, step)


def withdraw(pushes: Sequence[Push], existing: Mapping[str, Record]) -> Decision:
    """Set a tombstone on each named record; a reason is required. Undone by `reinstate`."""
    return _each(pushes, existing, _tombstone(withdrawn=True))


def reinstate(pushes: Sequence[Push], existing: Mapping[str, Record]) -> Decision:
    """Take the tombstone off again; a reason is required."""
    return _each(pushes, existing, _tombstone(withdrawn=False))


class _Overlay:
    """The records as the push so far would leave them; dropped or kept as a whole."""

    def __init__(self, base: Mapping[str, Record]) -> None:
        self._base = base
        self.changed: dict[str, Record] = {}
        self.writes: list[Write] = []

    def get(self, identifier: str) -> Record | None:
        return self.changed.get(identifier) or self._base.get(identifier)

    def put(self, write: Write) -> None:
        self.changed[write.after.id] = write.after
        self.writes.append(write)


def _each(pushes: Sequence[Push], existing: Mapping[str, Record], step: _Step) -> Decision:
    decision = Decision()
    current = dict(existing)
    for pushed in pushes:
        state = _Overlay(current)
        receipts = [step(pushed, row, item, state) for row, item in enumerate(pushed.items)]
        receipts, stands = settle(receipts, pushed)
        decision.receipts.append(receipts)
        if stands:
            current |= state.changed
            decision.writes += state.writes
    return decision


def _tombstone(*, withdrawn: bool) -> _Step:
    def step(pushed: Push, row: int, item: Mapping[str, Any], state: _Overlay) -> Receipt:
        identifier = canonical(item.get("id"))
        if identifier is None:
            code = "INVALID_ID" if item.get("id") else "REQUIRED"
            return _rejected(row, None, [Problem.at("id", code=code)])
        before = state.get(identifier)
        if before is None or not pushed.caller.may_touch(before.chapter):
            return _rejected(row, identifier, [Problem.at("id", code="NOT_FOUND")])
        if before.withdrawn is withdrawn:
            return Receipt(row, identifier, Status.UNCHANGED, before.version)
        given = item.get("reason") or ""
        reason = given.strip() if isinstance(given, str) else ""
        problems = _version_problems(item, before)
        if not isinstance(given, str):
            problems.append(Problem.at("reason", code="NOT_A_TEXT"))
        elif not reason:
            problems.append(Problem.at("reason", code="REQUIRED"))
        elif len(reason) > 500:
            problems.append(Problem.at("reason", code="TOO_LONG", limit=500))
        if problems:
            return _rejected(row, identifier, problems)
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


_ENGINE_KEYS = frozenset({"id", "chapter", "expected_version", "clear"})


def _load_all(
    schema: Schema, items: Sequence[Mapping[str, Any]]
) -> list[tuple[dict[str, Any], frozenset[str], list[Problem]]]:
    """Each item's given content, the fields it clears, and what is wrong with it."""
    given = [
        {k: v for k, v in item.items() if v is not None and v != "" and k not in _ENGINE_KEYS}
        for item in items
    ]
    faults: Mapping[int, Any] = {}
    # Naming the top-level fields keeps "absent = leave it" from loosening what a nested row needs.
    partial = tuple(schema.fields)
    try:
        content = schema.load(given, many=True, partial=partial)
    except ValidationError as error:
        content = error.valid_data
        faults = error.messages  # type: ignore[assignment]  # keyed by row under many=True
    result = []
    for row, item in enumerate(items):
        problems = list(problems_from(faults[row])) if row in faults else []
        clear, wrong = _cleared(item.get("clear") or [], schema)
        problems += wrong
        result.append((content[row] if not problems else {}, clear, problems))
    return result


def _cleared(names: Any, schema: Schema) -> tuple[frozenset[str], list[Problem]]:
    """The fields to empty, and what is wrong with their list."""
    if not isinstance(names, list):
        return frozenset(), [Problem.at("clear", code="NOT_A_LIST")]
    if len(names) > len(schema.fields):
        return frozenset(), [Problem.at("clear", code="TOO_MANY", limit=len(schema.fields))]
    return frozenset(name for name in names if isinstance(name, str)), [
        Problem.at("clear", at, code="UNKNOWN_FIELD")
        if isinstance(name, str)
        else Problem.at("clear", at, code="NOT_A_TEXT")
        for at, name in enumerate(names)
        if not isinstance(name, str) or name not in schema.fields
    ]


def _refusal(caller: Caller, item: Mapping[str, Any], before: Record | None) -> list[Problem]:
    if before is None:
        return _version_problems(item, None) if item.get("expected_version") else []
    if not caller.may_touch(before.chapter):
        return [Problem.at("id", code="ID_TAKEN")]
    if before.withdrawn:
        return [Problem.at("id", code="WITHDRAWN", version=before.version)]
    return _version_problems(item, before)


def _version_problems(item: Mapping[str, Any], before: Record | None) -> list[Problem]:
    expected, version = item.get("expected_version"), before.version if before else 0
    if expected is None or expected == version:
        return []
    if not isinstance(expected, int):
        return [Problem.at("expected_version", code="NOT_A_NUMBER")]
    return [Problem.at("expected_version", code="VERSION_CONFLICT", version=version)]


def _chapter(
    caller: Caller, item: Mapping[str, Any], before: Record | None, problems: list[Problem]
) -> str | None:
    """The chapter that the item belongs to; appends what is wrong with it to `problems`."""
    given = item.get("chapter")
    if before is not None:
        if given and given != before.chapter:
            problems.append(Problem.at("chapter", code="CHAPTER_FIXED"))
        return before.chapter
    if given and not (isinstance(given, str) and given in code_list("country")):
        value = str(given)[:80]
        problems.append(Problem.at("chapter", code="UNKNOWN_CODE", list="country", value=value))
    elif given and not caller.may_touch(given):
        problems.append(Problem.at("chapter", code="CHAPTER_NOT_YOURS"))
    elif not (given or caller.chapter):
        problems.append(Problem.at("chapter", code="REQUIRED"))
    return given or caller.chapter


def _rejected(row: int, identifier: str | None, problems: Sequence[Problem]) -> Receipt:
    return Receipt(row, identifier, Status.REJECTED, None, tuple(problems))


def _digest(given: Mapping[str, Any], clear: frozenset[str], key: bytes) -> str:
    document = orjson.dumps([given, sorted(clear)], option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.blake2b(document, digest_size=12, key=key).hexdigest()
