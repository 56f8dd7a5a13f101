"""Walks through a list page by page, as clients do, and looks at what each page says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Any

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
