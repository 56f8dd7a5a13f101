"""Owns what making people one and separating them have in common: how the people are named, what is
wrong with that, and what is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from services.participants.handlers.requests import reader_of
from services.participants.handlers.restored import with_reason
from services.participants.layout import GUEST_IN
from services.participants.rules.changes import SINCE
from services.participants.rules.merging import Contents
from services.participants.rules.person import person_problems
from services.participants.schemas import PERSON
from services.participants.store import ParticipantStore
from shared.codes.countries import today
from shared.errors import Problem, Refused
from shared.ids import canonical
from shared.records.merging import too_many
from shared.records.pushes import Push, Receipt, Record, Status, Write, settle
from shared.records.repetitions import already_applied
from shared.records.walk import no_id, reason_of, refused, version_problems
from shared.store.mongo import Tx
from shared.types import Answer, Request

NAMES: Final = tuple(name for name in PERSON.fields if name != SINCE)
MOST: Final = 20  # losers at once

_RANKS: Final = {"id": 0, "expected_version": 1, "take": 2, "reason": 3}
_NOBODY: Final[Mapping[str, bool]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Named:
    """The people whom a request names, a row each: `ids` None where it is no id."""

    push: Push
    ids: Sequence[str | None]
    given: Sequence[Any]
    versions: Mapping[str | None, Any]  # that are expected
    reason: str
    wrong_reason: Sequence[Problem]

    @property
    def valid(self) -> list[str]:
        return [each for each in self.ids if each]

    def load(self, tx: Tx, store: ParticipantStore) -> dict[str, Record]:
        """Those of the people whom the caller may write, as they lie there, in order."""
        found = store.people.load(tx, self.valid)
        may = self.push.caller.may_touch
        return {
            each: found[each]
            for each in dict.fromkeys(self.valid)
            if each in found and may(found[each].chapter)
        }


def named_in(request: Request, one: str | None, many: str) -> Named:
    """The people at `one`, if any, and at `many` of a request. Raises Refused REQUIRED, TOO_MANY
    (final); Forbidden."""
    caller, several = reader_of(request), list(request.get(many) or ())
    if not several:
        raise Refused("REQUIRED", path=[many])
    if len(several) > MOST:
        raise Refused("TOO_MANY", path=[many], limit=MOST)
    given = [request.get(one), *several] if one else several
    dry_run, push_id = bool(request.get("dry_run")), request.get("push_id")
    reason, wrong = reason_of(request)
    return Named(
        push=Push(caller, (), all_or_nothing=True, dry_run=dry_run, push_id=push_id),
        ids=[canonical(each) for each in given],
        given=given,
        versions={
            canonical(each.get("id")): each.get("version")
            for each in request.get("expected_versions") or ()
        },
        reason=reason,
        wrong_reason=wrong,
    )


def problems_of(
    row: int, asked: Named, found: Mapping[str, Record]
) -> tuple[list[Problem], Record | None]:
    """What is wrong with how a row is named, and its record. The reason is judged with the
    first."""
    problems = list(asked.wrong_reason) if row == 0 else []
    identifier = asked.ids[row]
    if identifier is None:
        return [no_id({"id": asked.given[row]}), *problems], None
    record = found.get(identifier)
    if record is None:
        return [Problem.at("id", code="NOT_FOUND"), *problems], None
    if identifier in asked.ids[:row]:
        problems.append(Problem.at("id", code="REPEATED_VALUE"))
    if GUEST_IN in record.content:
        problems.append(Problem.at("id", code="IS_GUEST"))
    expected = {"expected_version": asked.versions.get(identifier)}
    return problems + version_problems(expected, record.version), record


def faults(record: Record, content: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with what a person would be."""
    chapter = record.chapter
    found = person_problems(content, record.content, chapter, today(chapter))
    return [*too_many(PERSON, content), *found]


def writes_of(
    people: Mapping[str, Record],
    contents: Contents,
    kinds: Mapping[str, str],
    asked: Named,
    withdrawn: Mapping[str, bool] = _NOBODY,
) -> list[Write]:
    """The steps that make the changed contents true; of whom `kinds` says nothing, they are merged.
    Who is merged is not withdrawn: the winner's standing counts."""
    now = datetime.now(UTC)
    writes = []
    for key, before in people.items():
        if contents[key] == before.content:
            continue
        kind = kinds.get(key, "merged")
        after = replace(
            before,
            version=before.version + 1,
            withdrawn=withdrawn.get(key, before.withdrawn and kind == "updated"),
            content=contents[key],
            updated_at=now,
        )
        after = after if kind == "updated" else with_reason(after, asked.reason)
        writes.append(Write(before, after, kind, asked.push.caller, asked.reason))
    return writes


def judged(asked: Named, problems: Sequence[Sequence[Problem]]) -> list[Receipt]:
    """The receipts where something is wrong: nothing is done to anybody."""
    receipts = [
        refused(row, each, wrong, _RANKS) if wrong else Receipt(row, each, Status.UPDATED)
        for row, (each, wrong) in enumerate(zip(asked.ids, problems, strict=True))
    ]
    return settle(receipts, asked.push)[0]


def applied(found: Mapping[str, Record], asked: Named) -> list[Receipt]:
    """The receipts of a repetition."""
    return [already_applied(row, each, found[each].version) for row, each in enumerate(asked.valid)]


def updated(row: int, record: Record) -> Receipt:
    return Receipt(row, record.id, Status.UPDATED, record.version)


def unchanged(row: int, record: Record) -> Receipt:
    return Receipt(row, record.id, Status.UNCHANGED, record.version)


def answer(receipts: Sequence[Receipt], **shown: Any) -> Answer:
    return {"receipts": [each.to_dict() for each in receipts], "fields": [], "doubled": [], **shown}
