"""Keyset order: documents by fields of which the last is unique, and the part between two of them.

Owns the conditions, in MongoDB's query language, as pure data: whoever stores documents asks them.
Fields of an order must be present in every document; its index must carry the fields in that order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Condition: TypeAlias = dict[str, Any]
Order: TypeAlias = Sequence[tuple[str, int]]
Values: TypeAlias = Sequence[Any]


def reverse(order: Order) -> list[tuple[str, int]]:
    return [(name, -direction) for name, direction in order]


def values_of(document: Mapping[str, Any], order: Order) -> list[Any]:
    """What a document stands at in the order; None for a field that it lacks, or that is no plain
    value: it is damaged, and stands where the database puts it."""
    return [_dig(document, name) for name, _ in order]


def between(order: Order, after: Values | None, before: Values | None) -> list[Condition]:
    """The conditions for what stands behind the one and before the other, neither included."""
    bounds = [] if after is None else [behind(order, after)]
    return bounds if before is None else [*bounds, behind(reverse(order), before)]


def behind(order: Order, values: Values, *, itself: bool = False) -> Condition:
    """The condition for what stands behind `values`, with `itself` also for what stands at them:
    equal on a prefix of the fields, then beyond on the next one."""
    alternatives = [
        {
            **{earlier: value for (earlier, _), value in zip(order[:i], values, strict=False)},
            name: {"$gt" if direction > 0 else "$lt": values[i]},
        }
        for i, (name, direction) in enumerate(order)
    ]
    if itself:
        alternatives.append({name: value for (name, _), value in zip(order, values, strict=True)})
    name, direction = order[0]
    # Says nothing new, but gives the index its bound where the planner makes none of the $or.
    bound = {name: {"$gte" if direction > 0 else "$lte": values[0]}}
    return {"$and": [bound, {"$or": alternatives}]}


def _dig(document: Mapping[str, Any], dotted: str) -> Any:
    value: Any = document
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return None if isinstance(value, dict | list) else value
