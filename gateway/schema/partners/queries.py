"""Owns the questions for the feed and for a partner's webhooks."""

from collections.abc import Mapping
from typing import Any, Final

import graphene

from gateway.schema.paging import criteria, page, paged
from gateway.schema.partners.filters import FeedFilter
from gateway.schema.partners.types import Feed, WebhookAttemptConnection, WebhookConnection

MAX_FEED: Final = 500


class PartnerQueries(graphene.ObjectType):
    feed = graphene.Field(
        Feed,
        first=graphene.Int(description=f"How many at most: 1 to {MAX_FEED}, by default 50."),
        after=graphene.String(description="The last cursor you hold; without one, from the start."),
        filter=graphene.Argument(FeedFilter, description="Which items."),
        description="What happened, in the order in which it was recorded.",
    )
    webhooks = paged(WebhookConnection, "Your webhooks; for an operator, everybody's.")
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
                "end_cursor": None if following is None else str(following),
                "has_next_page": str(following or "0") != head,
            },
            "head": head,
        }

    @staticmethod
    async def resolve_webhooks(
        _: Any, info: Any, first: int | None = None, after: str | None = None
    ) -> dict[str, Any]:
        answer = await info.context.ask("notifications", "list_endpoints", first=first, after=after)
        return page(answer)

    @staticmethod
    async def resolve_webhook_attempts(
        _: Any, info: Any, id: str, first: int | None = None, after: str | None = None
    ) -> dict[str, Any]:
        answer = await info.context.ask(
            "notifications", "attempts", endpoint_id=id, first=first, after=after
        )
        return page(answer)
