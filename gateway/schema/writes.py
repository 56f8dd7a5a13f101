"""Owns the mutations that send one list to one service: all are the same but for their names."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import graphene

from gateway.calls import keys
from gateway.calls.context import Context, How
from gateway.schema.receipts import (
    PushMode,
    PushResult,
    Receipts,
    limited,
    push_result,
    snake_clear,
)
from shared.errors import Refused
from shared.ids import canonical
from shared.records.pushes import MAX_ITEMS
from shared.texts import plain

Send = Callable[[Context, Sequence[Mapping[str, Any]], How], Awaitable[Receipts]]


def pushing(
    kind: str, method: str, item: Any, description: str, send: Send | None = None
) -> graphene.Field:
    """A mutation that passes its items to the method of the kind's owner, or to `send`, and answers
    with their receipts."""

    async def resolve(
        _: Any,
        info: Any,
        items: Sequence[dict[str, Any]],
        mode: Any = None,
        dry_run: bool = False,
        push_id: str | None = None,
    ) -> Mapping[str, Any]:
        ctx = info.context
        limited(len(items))
        how = How(mode_of(mode), dry_run, push_id_of(push_id))
        named = await keys.replaced(ctx, kind, snake_clear(items))
        sent = send(ctx, named, how) if send else ctx.push(kind, method, named, how)
        receipts = await sent
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
    """What every push may say of itself, as arguments or input fields."""
    return {
        "push_id": kind(
            graphene.ID,
            description="A UUID that the client makes for this push and sends again with each "
            "retry: what was applied under it is not applied again, whatever came between, and is "
            "answered UNCHANGED with the remark ALREADY_APPLIED. What was rejected is tried anew.",
        ),
        "mode": kind(
            PushMode, description="What a rejected row does to the others; by default PER_ITEM."
        ),
        "dry_run": kind(
            graphene.Boolean,
            default_value=False,
            description="Store nothing, only say what would be.",
        ),
    }


def once(otherwise: str) -> graphene.Argument:
    """The push's id of a mutation that answers without receipts; `otherwise`: what it answers to a
    repetition."""
    return graphene.Argument(
        graphene.ID,
        description="A UUID that the client makes for this request and sends again with each "
        f"retry: what was done under it is not done again. {otherwise}",
    )


def push_id_of(given: str | None, *at: str) -> str | None:
    """The push's id in canonical form; None if there is none. `at` leads to the input it is in.

    Raises Refused INVALID_ID (final), before anything is sent.
    """
    text = plain(given) if given else ""
    if not text:
        return None
    if (push_id := canonical(text)) is None:
        raise Refused("INVALID_ID", path=[*at, "pushId"])
    return push_id


def mode_of(mode: Any) -> str:
    """The mode as the services name it."""
    return "per_item" if mode is None else str(mode.value)
