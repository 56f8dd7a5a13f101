"""What a push is, on its way in and out: items of callers, records, receipts, decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.caller import Caller
from shared.errors import Problem, Refused
from shared.ids import canonical
from shared.times import rfc3339

MAX_ITEMS = 500  # one transaction, one RPC message, one answer that a bad line can carry
MAX_PROBLEMS = 10  # told of one row, the last of which may say how many more there are


class Status(StrEnum):
    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class Push:
    """The items that one caller sends at once; `items` are plain mappings as they came."""

    caller: Caller
    items: Sequence[Mapping[str, Any]] = field(repr=False)  # may be people
    all_or_nothing: bool = False
    dry_run: bool = False
    push_id: str | None = None  # the client's, the same on each retry


@dataclass(frozen=True, slots=True)
class Record:
    """A stored thing with its version; `content` holds exactly what its schema knows."""

    id: str
    chapter: str
    version: int
    withdrawn: bool
    content: Mapping[str, Any] = field(repr=False)  # may be a person
    created_at: datetime
    updated_at: datetime

    def frame(self) -> dict[str, Any]:
        """What an answer says of every record, beside its content."""
        return {
            **self.standing(),
            "created_at": rfc3339(self.created_at),
            "updated_at": rfc3339(self.updated_at),
        }

    def standing(self) -> dict[str, Any]:
        """What an event says of every record: times are the event's own."""
        return {
            "id": self.id,
            "chapter": self.chapter,
            "version": self.version,
            "withdrawn": self.withdrawn,
        }


@dataclass(frozen=True, slots=True)
class Write:
    """One step of one record, from `before` to `after`; each becomes one event."""

    before: Record | None
    after: Record
    kind: str  # created | updated | withdrawn | reinstated
    caller: Caller
    reason: str | None = field(default=None, repr=False)
    restored: int | None = None  # the version whose content it brings back


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one row. `problems` of a row that is not REJECTED are remarks."""

    row: int
    id: str | None
    status: Status
    version: int | None = None
    problems: tuple[Problem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "id": self.id,
            "status": self.status.value,
            "version": self.version,
            "problems": [problem.to_dict() for problem in self.problems],
        }


def rejected(
    row: int, identifier: str | None, problems: Iterable[Problem], order: Mapping[str, int]
) -> Receipt:
    """REJECTED for these reasons, each told once and all in the order of their fields.

    Args: order: dotted path of a field, positions left out → its rank.
    """
    once = {(problem.path, problem.code): problem for problem in problems}
    told = sorted(once.values(), key=lambda problem: _place(problem.path, order))
    if (more := len(told) - MAX_PROBLEMS) > 0:
        told[MAX_PROBLEMS - 1 :] = [Problem("MORE_PROBLEMS", params={"count": more + 1})]
    return Receipt(row, identifier, Status.REJECTED, None, tuple(told))


def _place(path: Sequence[str | int], order: Mapping[str, int]) -> list[tuple[int, str]]:
    """Positions as they count, names as their fields stand; names that no field has come last."""
    place, dotted = [], ""
    for part in path:
        if isinstance(part, int):
            place.append((part, ""))
        else:
            dotted = f"{dotted}.{part}" if dotted else part
            place.append((order.get(dotted, len(order)), part))
    return place


@dataclass(slots=True)
class Decision:
    """The receipts of every push, in order, and the writes that make them true."""

    receipts: list[list[Receipt]] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)


def parse(
    request: Mapping[str, Any],
    *,
    limit: int = MAX_ITEMS,
    weigh: Callable[[Mapping[str, Any]], int] = lambda _: 1,
) -> list[Push]:
    """The pushes of a request.

    Raises Refused: TOO_MANY_ITEMS if the items weigh more than `limit` together, MALFORMED if the
    request has another shape. Both final; nothing was written.
    """
    try:
        pushes = [
            Push(
                caller=Caller.of(raw),
                items=list(raw["items"]),
                all_or_nothing=raw.get("mode", "per_item") == "all_or_nothing",
                dry_run=bool(raw.get("dry_run", False)),
                push_id=raw.get("push_id"),
            )
            for raw in request["pushes"]
        ]
        count = sum(weigh(item) for push in pushes for item in push.items)
    except (KeyError, TypeError, AttributeError) as error:
        raise Refused("MALFORMED") from error
    if count > limit:
        raise Refused("TOO_MANY_ITEMS", limit=limit, count=count)
    return pushes


def ids_of(pushes: Iterable[Push]) -> list[str]:
    """Every valid id that the pushes name, once each."""
    found = (canonical(item.get("id")) for push in pushes for item in push.items)
    return list(dict.fromkeys(identifier for identifier in found if identifier))


def settle(receipts: list[Receipt], push: Push) -> tuple[list[Receipt], bool]:
    """The receipts as the push's mode wants them, and whether its writes stand.

    In all-or-nothing mode a rejected row takes its good neighbours with it.
    """
    if push.all_or_nothing and any(r.status is Status.REJECTED for r in receipts):
        aside = (Problem("ALL_OR_NOTHING"),)
        receipts = [
            r
            if r.status is Status.REJECTED
            else replace(r, status=Status.REJECTED, version=None, problems=aside)
            for r in receipts
        ]
        return receipts, False
    return receipts, not push.dry_run


def answer(decision: Decision) -> dict[str, Any]:
    """The RPC answer."""
    return {
        "pushes": [
            {"receipts": [receipt.to_dict() for receipt in receipts]}
            for receipts in decision.receipts
        ]
    }
