"""Walks through a list page by page, as clients do, and looks at what each page says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Any

from pymongo.database import Database

Ask = Callable[..., Mapping[str, Any]]


def walk(
    ask: Ask,
    *sizes: int,
    backwards: bool = False,
    meanwhile: Callable[[], object] = lambda: None,
    items: str = "items",
) -> list[Any]:
    """Everything that `ask(first=…, after=…)` answers, or backwards `ask(last=…, before=…)`, in the
    list's order.

    Args: sizes: of the pages, over and over; as the service has it without one. meanwhile: done
        between two pages. items: under which name the answer has them.
    """
    size, cursor = ("last", "before") if backwards else ("first", "after")
    found: list[Sequence[Any]] = []
    asked: dict[str, Any] = {}
    for number in cycle(sizes or (50 if backwards else None,)):
        answer = ask(**{size: number, **asked})
        page, cursors = answer[items], answer["cursors"]
        assert len(page) == len(cursors)
        assert number is None or len(page) <= number
        found.append(page)
        if not answer["has_previous" if backwards else "has_next"]:
            break
        assert len(page) == (number or 50), "a page before the last one is full"
        asked = {cursor: cursors[0 if backwards else -1], "both_ends": True}
        meanwhile()
    if backwards:
        found.reverse()
    return [each for page in found for each in page]


def plans(
    db: Database[dict[str, Any]], collection: str, ask: Callable[..., object], **asked: Any
) -> list[str]:
    """How the server found what `ask(**asked)` reads of the collection: `IXSCAN { a: 1 }` and the
    like, with `SORT` before it where it had to be sorted."""
    db.command("profile", 2)
    try:
        ask(**asked)
    finally:
        db.command("profile", 0)
    reads = db["system.profile"].find({"ns": f"{db.name}.{collection}"}).sort("ts")
    found = [("SORT " if each.get("hasSortStage") else "") + each["planSummary"] for each in reads]
    db["system.profile"].drop()
    return found
