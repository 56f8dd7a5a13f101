"""Owns the mutations that send one list to one service: all are the same but for their names."""

from collections.abc import Mapping, Sequence
from typing import Any

import graphene

from gateway.schema.receipts import (
    PushMode,
    PushResult,
    limited,
    push_result,
    snake_clear,
)
from shared.records.pushes import MAX_ITEMS


def pushing(kind: str, method: str, item: Any, description: str) -> graphene.Field:
    """A mutation that passes its items to the method of the kind's owner, and answers with their
    receipts."""

    async def resolve(
        _: Any,
        info: Any,
        items: Sequence[dict[str, Any]],
        mode: Any = None,
        dry_run: bool = False,
    ) -> Mapping[str, Any]:
        ctx = info.context
        limited(len(items))
        receipts = await ctx.push(
            kind, method, snake_clear(items), mode=mode_of(mode), dry_run=dry_run
        )
        return push_result(receipts, ctx, "items", dry_run=dry_run)

    return graphene.Field(
        PushResult,
        description=description,
        items=graphene.Argument(
            graphene.NonNull(graphene.List(graphene.NonNull(item))),
            description=f"At most {MAX_ITEMS}.",
        ),
        **how(graphene.Argument),
        resolver=resolve,
    )


def how(kind: Any) -> dict[str, Any]:
    """The two choices of every push, as arguments or input fields."""
    return {
        "mode": kind(
            PushMode, description="What a rejected row does to the others; by default PER_ITEM."
        ),
        "dry_run": kind(
            graphene.Boolean,
            default_value=False,
            description="Store nothing, only say what would be.",
        ),
    }


def mode_of(mode: Any) -> str:
    """The mode as the services name it."""
    return "per_item" if mode is None else str(mode.value)
