"""Owns the questions for the feed and for a partner's webhooks."""

from collections.abc import Mapping
from typing import Any, Final

import graphene

from gateway.schema.paging import criteria, page, paged, wanted
from gateway.schema.partners.filters import FeedFilter
from gateway.schema.partners.types import Feed, WebhookAttemptConnection, WebhookConnection
from gateway.schema.texts import list_of

MAX_FEED: Final = 500


class PartnerQueries(graphene.ObjectType):
    feed = graphene.Field(
        Feed,
        first=graphene.Int(description=f"How many at most: 1 to {MAX_FEED}, by default 50."),
        after=graphene.String(description="The last cursor you hold; without one, from the start."),
        filter=graphene.Argument(FeedFilter, description="Which items."),
        description="What happened, in the order in which it was recorded. It is read forwards "
        "alone: a reader keeps the last cursor, and goes on from there.",
    )
    webhooks = paged(
        WebhookConnection,
        "Your webhooks, the newest id first; for an operator, everybody's.",
        ids=list_of(graphene.ID, description="Those of these ids alone, at most 200."),
    )
    webhook_attempts = paged(
        WebhookAttemptConnection,
        "What was tried at a webhook, newest first.",
        id=graphene.ID(required=True, description="The webhook's id."),
    )

    @staticmethod
    async def resolve_feed(
        _: Any,
        info: Any,
        first: int | None = None,
        after: str | None = None,
        filter: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        answer = await info.context.ask(
            "notifications", "feed", first=first, after=after, filter=criteria(filter)
        )
        head, following = str(answer["head"]), answer.get("next") or after
        return {
            "edges": [{"node": item, "cursor": item["cursor"]} for item in answer["items"]],
            "nodes": answer["items"],
            "page_info": {
                "has_next_page": str(following or "0") != head,
                "has_previous_page": str(after or "0") != "0",
                "start_cursor": answer["items"][0]["cursor"] if answer["items"] else None,
                "end_cursor": None if following is None else str(following),
            },
            "head": head,
        }

    @staticmethod
    async def resolve_webhooks(_: Any, info: Any, **asked: Any) -> dict[str, Any]:
        return page(
            await info.context.ask("notifications", "list_endpoints", **wanted(info, asked))
        )

    @staticmethod
    async def resolve_webhook_attempts(_: Any, info: Any, id: str, **asked: Any) -> dict[str, Any]:
        answer = await info.context.ask(
            "notifications", "attempts", endpoint_id=id, **wanted(info, asked)
        )
        return page(answer)
