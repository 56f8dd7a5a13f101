"""Owns paging: Relay connections over the keyset cursors that the services hand out."""

from collections.abc import Mapping
from typing import Any

import graphene


class PageInfo(graphene.ObjectType):
    """Where this page ends and whether there is another."""

    end_cursor = graphene.String(
        description="Pass it as `after` for the next page; null where nothing follows."
    )
    has_next_page = graphene.Boolean(required=True, description="Whether more items follow.")


def connection(node: Any, plural: str) -> type[graphene.ObjectType]:
    """The connection and edge types of a node type; `plural` says what they hold."""
    name = node._meta.name

    edge = type(
        f"{name}Edge",
        (graphene.ObjectType,),
        {
            "__doc__": f"One of the {plural}, with its cursor.",
            "node": graphene.Field(graphene.NonNull(node), description="The item."),
            "cursor": graphene.String(
                description="Stands behind this item. Where pages end by keyset only, the last "
                "item of a page alone has one."
            ),
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
                PageInfo, required=True, description="Where this page ends."
            ),
        },
    )


def paged(kind: Any, description: str, **arguments: Any) -> graphene.Field:
    """A root field that pages: `first` at most 200, 50 by default."""
    return graphene.Field(
        kind,
        description=description,
        first=graphene.Int(description="How many at most: 1 to 200, by default 50."),
        after=graphene.String(description="A cursor: what stands behind it follows."),
        **arguments,
    )


def listing(
    nodes: Any, plural: str, which: Any, service: str, method: str = "list", **fixed: Any
) -> graphene.Field:
    """A root field that lists what the service's method pages and filters."""

    async def resolve(
        _: Any,
        info: Any,
        filter: Mapping[str, Any] | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> dict[str, Any]:
        asked = {"filter": criteria(filter), "first": first, "after": after}
        return page(await info.context.ask(service, method, **fixed, **asked))

    return paged(
        nodes,
        f"{plural}, page by page.",
        filter=graphene.Argument(which, description="Which ones."),
        resolver=resolve,
    )


def page(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The connection for a service's `{"items", "next"}`."""
    items, following = answer["items"], answer.get("next")
    edges = [{"node": item, "cursor": item.get("cursor")} for item in items]
    if edges and edges[-1]["cursor"] is None:
        edges[-1]["cursor"] = following
    return {
        "edges": edges,
        "nodes": items,
        "page_info": {"end_cursor": following, "has_next_page": following is not None},
    }


def criteria(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """A filter as the services know it: without blanks, and without Python's trailing `_`."""
    return {name.rstrip("_"): value for name, value in (given or {}).items() if value is not None}
