"""The walk through pushes, which every operation on records shares: item by item, each upon what
those before it left, and a push's writes kept or dropped as a whole."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from shared.errors import Problem
from shared.records.items import RANKS
from shared.records.pairs import Unknown
from shared.records.pushes import Decision, Push, Receipt, Record, Status, Write, rejected, settle
from shared.records.repetitions import Repetitions
from shared.texts import CONTROL, plain

MAX_REASON = 500  # characters
MAX_VERSION = 2**31 - 1  # that a client can say: GraphQL's Int


class Claim(NamedTuple):
    """A value that one record alone may have. Who claims what another has is told `code` at
    `path`, with the other's id as `id` if `names_holder`: the caller may see that record."""

    value: Hashable
    path: tuple[str | int, ...]
    code: str
    names_holder: bool = False


Step = Callable[[Push, int, Mapping[str, Any], "Overlay"], Receipt]
"""What an item of a push does to the records as they stand by then: (push, row, item, records)."""


class Overlay:
    """The records as the push so far would leave them, and who has what; dropped or kept as a
    whole. A record may be known by other ids beside its own."""

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
        own = self._own(identifier)
        return self.changed.get(own) or self._base.get(own)

    def _own(self, identifier: str) -> str:
        known = self._base.get(identifier)
        return identifier if known is None else known.id

    def repeats(self, pushed: Push, identifier: str) -> bool:
        """Whether the item was applied before under the push's id."""
        return self._repetitions.has(pushed, identifier)

    def said_otherwise(self, identifier: str | None, said: Any) -> list[Problem]:
        """A push that says one thing of a record and then another speaks of two things, whatever
        became of the first; what it says first is remembered."""
        if identifier is None or self._said.setdefault(self._own(identifier), said) == said:
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


def each_push(
    pushes: Sequence[Push],
    existing: Mapping[str, Record],
    step: Step,
    repetitions: Repetitions | None,
    holders: Mapping[Any, str] | None = None,
) -> Decision:
    """What the step makes of each item. `existing`, `holders`, `repetitions`: as of the push."""
    decision = Decision()
    memory = repetitions or Repetitions("")
    current, held = dict(existing), dict(holders or {})
    for pushed in pushes:
        state = Overlay(current, held, memory)
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


def reason_of(item: Mapping[str, Any]) -> tuple[str, list[Problem]]:
    """The reason that an item gives, and what is wrong with it; one is required."""
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


def no_id(item: Mapping[str, Any]) -> Problem:
    """What is told of an item that names no record."""
    if isinstance(item.get("id"), Unknown):
        return Problem.at("id", code=item["id"].code)
    return Problem.at("id", code="INVALID_ID" if item.get("id") else "REQUIRED")


def version_problems(item: Mapping[str, Any], version: int | None) -> list[Problem]:
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


def refused(
    row: int,
    identifier: str | None,
    problems: Iterable[Problem],
    ranks: Mapping[str, int] = RANKS,
) -> Receipt:
    """REJECTED for these reasons; `ranks` as the `order` of `rejected`."""
    return rejected(row, identifier, problems, ranks)
