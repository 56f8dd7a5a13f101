"""What it does to a record to be given the content of one of its versions again.

Pure, as the push (`shared.records.engine`), and under its rules: the content is checked as if it
were pushed as a whole, and what it makes is a new version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from marshmallow import Schema

from shared.errors import Problem
from shared.ids import canonical
from shared.records import keys
from shared.records.engine import Check, Claims
from shared.records.items import Content, load
from shared.records.merging import as_pushed, missing
from shared.records.pushes import Decision, Push, Receipt, Record, Status, Write
from shared.records.repetitions import Repetitions, already_applied
from shared.records.walk import (
    MAX_VERSION,
    Overlay,
    each_push,
    no_id,
    reason_of,
    refused,
    version_problems,
)

Versions = Mapping[tuple[str, int], Content]
"""(record's id, version) → the content that it had."""

_RANKS = {"id": 0, "version": 1, "expected_version": 2, "reason": 3}


def restore(
    pushes: Sequence[Push],
    schema: Schema,
    existing: Mapping[str, Record],
    versions: Versions,
    check: Check = lambda *_: (),
    *,
    claims: Claims = lambda *_: (),
    holders: Mapping[Any, str] | None = None,
    repetitions: Repetitions | None = None,
) -> Decision:
    """Items `{"id", "version", "reason", "expected_version"?}`; one receipt each, in order.

    Args: versions: those that the items name (`versions_in`) and that are kept. The others as of
        the push.
    """

    # Of what an earlier push of the same call replaces, the version is not stored yet.
    current = {(key, record.version): record.content for key, record in existing.items()}
    known = {**versions, **current}

    def step(pushed: Push, row: int, item: Mapping[str, Any], state: Overlay) -> Receipt:
        identifier = canonical(item.get("id"))
        before = state.get(identifier) if identifier else None
        if before is not None and not pushed.caller.may_touch(before.chapter):
            before = None
        reason, problems = reason_of(item)
        version, wrong = version_of(item)
        otherwise = state.said_otherwise(identifier, (version, reason))
        if before is not None and not otherwise and state.repeats(pushed, before.id):
            return already_applied(row, before.id, before.version)
        problems += otherwise
        problems += wrong
        problems += version_problems(item, before.version if before else None)
        if before is None:
            unknown = no_id(item) if identifier is None else Problem.at("id", code="NOT_FOUND")
            return refused(row, identifier, [unknown, *problems], _RANKS)
        content = known.get((before.id, version))
        if before.withdrawn:
            problems.append(Problem.at("id", code="WITHDRAWN", version=before.version))
        if content is None:
            if not wrong:
                problems.append(Problem.at("version", code="NO_SUCH_VERSION", version=version))
            return refused(row, identifier, problems, _RANKS)
        if content == before.content:
            if problems:
                return refused(row, identifier, problems, _RANKS)
            return Receipt(row, identifier, Status.UNCHANGED, before.version)
        after = replace(
            before, version=before.version + 1, content=content, updated_at=datetime.now(UTC)
        )
        claimed = [*claims(pushed.caller, after, before), *keys.claims(after, {})]
        [(_, stale)] = load(schema, [content])  # what a list of codes no longer has, say
        found = [
            *stale,
            *missing(schema, content),
            *check(pushed.caller, after, before),
            *state.taken(claimed, after.id),
        ]
        problems += (as_pushed(each, content, {}) for each in found)
        if problems:
            return refused(row, identifier, problems, _RANKS)
        state.put(Write(before, after, "updated", pushed.caller, reason, version), claimed)
        return Receipt(row, identifier, Status.UPDATED, after.version)

    return each_push(pushes, existing, step, repetitions, holders)


def versions_in(pushes: Sequence[Push]) -> list[tuple[str, int]]:
    """The versions that the items name, each once, as far as they can be read."""
    named = ((canonical(item.get("id")), version_of(item)) for p in pushes for item in p.items)
    return list(
        dict.fromkeys((key, version) for key, (version, wrong) in named if key and not wrong)
    )


def version_of(item: Mapping[str, Any]) -> tuple[int, list[Problem]]:
    """The version that an item names, 0 if none, and what is wrong with it."""
    given = item.get("version")
    if given is None:
        return 0, [Problem.at("version", code="REQUIRED")]
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= MAX_VERSION:
        limits = {"low": 1, "high": MAX_VERSION}
        return 0, [Problem("NOT_A_WHOLE_NUMBER", ("version",), limits)]
    return given, []
