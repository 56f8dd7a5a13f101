"""Owns lists as clients expect them: connections by the GraphQL Cursor Connections Specification
(relay.dev/graphql/connections.htm), over the pages that the services answer (`shared.paging`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import graphene

from gateway.engine.selection import selects
from gateway.schema.scalars import DateTime
from shared.errors import Refused
from shared.paging import DEFAULT_FIRST, MAX_FIRST
from shared.times import rfc3339


class PageInfo(graphene.ObjectType):
    """Where this page begins and ends, and whether there is another."""

    has_next_page = graphene.Boolean(
        required=True,
        description="Whether items follow: with `first`, within the range asked for; with `last`, "
        "from `before` on.",
    )
    has_previous_page = graphene.Boolean(
        required=True,
        description="Whether items precede: with `last`, within the range asked for; with `first`, "
        "up to `after`.",
    )
    start_cursor = graphene.String(
        description="The cursor of the first item; pass it as `before` for the page before. Null "
        "where the page is empty."
    )
    end_cursor = graphene.String(
        description="The cursor of the last item; pass it as `after` for the next page. Null where "
        "the page is empty."
    )


Prepared = Callable[[Any, dict[str, Any]], Awaitable[dict[str, Any]]]


def connection(node: Any, plural: str, *, dated: bool = False) -> type[graphene.ObjectType]:
    """The connection and edge types of a node type; `plural` says what they hold. One that is
    `dated` tells when it was read."""
    name = node._meta.name

    edge = type(
        f"{name}Edge",
        (graphene.ObjectType,),
        {
            "__doc__": f"One of the {plural}, with its cursor.",
            "node": graphene.Field(graphene.NonNull(node), description="The item."),
            "cursor": graphene.String(required=True, description="Says where the item stands."),
        },
    )
    return type(
        f"{name}Connection",
        (graphene.ObjectType,),
        {
            "__doc__": f"A page of {plural}.",
            "edges": graphene.List(
                graphene.NonNull(edge), required=True, description="The items with their cursors."
            ),
            "nodes": graphene.List(
                graphene.NonNull(node), required=True, description="The items alone."
            ),
            "page_info": graphene.Field(
                PageInfo, required=True, description="Where this page begins and ends."
            ),
            "total_count": graphene.Int(
                description="How many the whole list has: all that this key may see of what was "
                "asked for, on whatever page. Counted only if it is selected; TOO_MANY_TO_COUNT "
                "where that would take too long."
            ),
            "skipped": graphene.List(
                graphene.NonNull(graphene.ID),
                required=True,
                description="The ids of what belongs on this page and is left out, as what is "
                "stored of it is damaged: tell the operator.",
            ),
            "resolve_total_count": staticmethod(_total_count),
            **(_DATED if dated else {}),
        },
    )


_DATED: Final = {
    "as_of": DateTime(
        required=True,
        description="When the page was read. Pass that of the first page as `updatedSince`, and "
        "the next list has all that was changed since.",
    )
}


def paged(kind: Any, description: str, /, **arguments: Any) -> graphene.Field:
    """A root field that pages: at most 200, 50 by default."""
    return graphene.Field(
        kind,
        description=description,
        first=graphene.Int(
            description=f"So many from the beginning: 1 to {MAX_FIRST}, by default {DEFAULT_FIRST}."
        ),
        after=graphene.String(description="A cursor: only what stands behind it."),
        last=graphene.Int(
            description=f"So many from the end: 1 to {MAX_FIRST}. Not together with `first`."
        ),
        before=graphene.String(description="A cursor: only what stands before it."),
        **arguments,
    )


def listing(
    nodes: Any,
    plural: str,
    which: Any,
    service: str,
    method: str = "list",
    prepared: Prepared | None = None,
    **fixed: Any,
) -> graphene.Field:
    """A root field that lists what the service's method pages and filters; `prepared` makes of a
    filter what that service cannot know by itself."""

    async def resolve(
        _: Any, info: Any, filter: Mapping[str, Any] | None = None, **part: Any
    ) -> dict[str, Any]:
        read_at = rfc3339(datetime.now(UTC))  # before anything is read
        asked = criteria(filter)
        if prepared is not None:
            asked = await prepared(info.context, asked)
        answer = await info.context.ask(
            service, method, **fixed, filter=asked, **wanted(info, part)
        )
        return {**page(answer), "as_of": read_at}

    return paged(
        nodes,
        f"{plural}, page by page.",
        filter=graphene.Argument(which, description="Which ones."),
        resolver=resolve,
    )


def wanted(info: Any, part: Mapping[str, Any], *at: str) -> dict[str, Any]:
    """What is asked of the service: the part of the list, and what it shall look for besides,
    because the selection has it. `at` leads from the field to its connection, if it is none."""
    behind = "hasNextPage" if part.get("last") is not None else "hasPreviousPage"
    besides = {
        "count": selects(info, *at, "totalCount"),
        "both_ends": selects(info, *at, "pageInfo", behind),
    }
    return {**part, **{name: True for name, asked in besides.items() if asked}}


def page(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The connection for a service's page (`shared.paging`)."""
    items, cursors = answer["items"], answer["cursors"]
    first, last = answer.get("ends") or ((cursors[0], cursors[-1]) if cursors else (None, None))
    return {
        "edges": [
            {"node": item, "cursor": cursor} for item, cursor in zip(items, cursors, strict=True)
        ],
        "nodes": items,
        "page_info": {
            "has_next_page": answer["has_next"],
            "has_previous_page": answer["has_previous"],
            "start_cursor": first,
            "end_cursor": last,
        },
        "total_count": answer["total_count"],
        "skipped": answer.get("skipped", []),
    }


def criteria(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """A filter as the services know it: without blanks, and without Python's trailing `_`."""
    return {name.rstrip("_"): value for name, value in (given or {}).items() if value is not None}


def _total_count(root: Mapping[str, Any], _: Any) -> int:
    if root["total_count"] is None:
        raise Refused("TOO_MANY_TO_COUNT")
    counted: int = root["total_count"]
    return counted
