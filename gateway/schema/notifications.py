"""Owns what partners use: the feed with its cursor, and their webhooks."""

from collections.abc import Mapping, Sequence
from typing import Any

import graphene
from graphene.types.generic import GenericScalar

from gateway.schema.paging import PageInfo, connection, criteria, page, paged
from gateway.schema.texts import coded, list_of

MAX_FEED = 500


class Data(GenericScalar):
    """Any JSON value. For feed items: figures and codes only; see the contracts in `docs/`."""


class FeedItem(graphene.ObjectType):
    """Something that happened, as partners may know it: figures and coarse places."""

    cursor = graphene.String(required=True, description="Stands behind this item.")
    id = graphene.String(
        required=True, description="The event's id, the same on every transport: use it to dedupe."
    )
    type = graphene.String(required=True, description="E.g. `activity.recorded`.")
    subject = graphene.String(required=True, description="The id of what it happened to.")
    time = graphene.String(required=True, description="When it was recorded (UTC, RFC 3339).")
    chapter = coded("country", "chapter", "The country whose chapter recorded it.")
    country = coded("country", "country", "Where it happened.")
    place = coded("place", "place", "Where in the country, at most the first-level unit.")
    data = graphene.Field(Data, required=True, description="Figures and codes.")


class FeedEdge(graphene.ObjectType):
    """A feed item with its cursor."""

    node = graphene.Field(FeedItem, required=True, description="The item.")
    cursor = graphene.String(required=True, description="Stands behind this item.")


class Feed(graphene.ObjectType):
    """A page of the feed. The cursor has no gaps: keep the last one, and nothing is missed."""

    edges = graphene.List(
        graphene.NonNull(FeedEdge), required=True, description="The items with their cursors."
    )
    nodes = graphene.List(graphene.NonNull(FeedItem), required=True, description="The items alone.")
    page_info = graphene.Field(
        PageInfo,
        required=True,
        description="`endCursor` is where to go on from, also after the newest item.",
    )
    head = graphene.String(required=True, description="The cursor of the newest item of all.")


class FeedFilter(graphene.InputObjectType):
    """Which items; all conditions together, none for all."""

    class Meta:
        container = dict

    types = list_of(graphene.String, description="Of these types, e.g. `activity.recorded`.")
    chapters = list_of(graphene.String, description="Of these chapters (countries).")


class WebhookFilter(graphene.ObjectType):
    """Which items an endpoint gets."""

    types = list_of(graphene.String, description="Of these types; empty: all.")
    chapters = list_of(graphene.String, description="Of these chapters; empty: all.")


class Webhook(graphene.ObjectType):
    """An endpoint to which the feed is posted, signed as Standard Webhooks v1 asks."""

    id = graphene.String(required=True, description="Its id.")
    url = graphene.String(required=True, description="Where items are posted.")
    description = graphene.String(description="What its owner calls it.")
    filter = graphene.Field(WebhookFilter, description="Which items it gets.")
    state = graphene.String(
        required=True,
        description="active, failing (still tried), paused, disabled (410 Gone), or revoked (for "
        "good, as the key it was made with was).",
    )
    cursor = graphene.String(description="Everything up to here was delivered or not wanted.")
    behind = graphene.Int(description="How many positions of the feed are still before it.")
    failures = graphene.Int(description="Failed attempts in a row.")
    last_error = graphene.String(description="Why the last attempt failed, as a code.")
    next_attempt_at = graphene.String(description="When it is tried again (UTC, RFC 3339).")
    previous_secret_until = graphene.String(
        description="Until when the secret before the last rotation signs along."
    )
    created_at = graphene.String(description="When it was created (UTC, RFC 3339).")
    updated_at = graphene.String(description="When its owner last changed it (UTC, RFC 3339).")


class WebhookSecret(graphene.ObjectType):
    """An endpoint and its signing secret, shown this once."""

    webhook = graphene.Field(Webhook, required=True, description="The endpoint.")
    secret = graphene.String(
        description="`whsec_…`: keep it where your other secrets are. Null where the endpoint was "
        "there already: it is not shown twice; rotate it if it was lost."
    )


class WebhookAttempt(graphene.ObjectType):
    """One POST and what came of it."""

    position = graphene.Int(required=True, description="The feed item's position.")
    event_id = graphene.String(required=True, description="The event's id.")
    number = graphene.Int(
        required=True, description="Counts the attempts to post this item, from 1."
    )
    resend = graphene.Boolean(required=True, description="Whether it was asked for by `resend`.")
    status = graphene.Int(description="The HTTP status; null without an answer.")
    error = graphene.String(description="What went wrong, as a code; null after a success.")
    duration_ms = graphene.Int(required=True, description="How long it took.")
    at = graphene.String(required=True, description="When (UTC, RFC 3339).")
    next_attempt_at = graphene.String(description="When the next one is planned, if any.")


WebhookConnection = connection(Webhook, "webhooks")
WebhookAttemptConnection = connection(WebhookAttempt, "attempts")


class NotificationQueries(graphene.ObjectType):
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
        id=graphene.String(required=True, description="The webhook's id."),
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


class NotificationMutations(graphene.ObjectType):
    create_webhook = graphene.Field(
        WebhookSecret,
        id=graphene.String(
            required=True, description="A UUID made by the client, so that a repetition is safe."
        ),
        url=graphene.String(required=True, description="An https address."),
        description_=graphene.String(name="description", description="What you call it."),
        filter=graphene.Argument(FeedFilter, description="Which items it gets."),
        from_=graphene.String(
            name="from",
            description="`now` (the default), `beginning`, or the cursor behind which to start.",
        ),
        description="Have the feed posted to an address. The secret is shown this once.",
    )
    update_webhook = graphene.Field(
        Webhook,
        id=graphene.String(required=True, description="The webhook's id."),
        url=graphene.String(description="Another address."),
        description_=graphene.String(name="description", description="Another name."),
        filter=graphene.Argument(FeedFilter, description="Another choice of items."),
        paused=graphene.Boolean(description="Pause it, or go on; nothing is lost meanwhile."),
        description="Change a webhook; what is left out stays.",
    )
    delete_webhook = graphene.Field(
        graphene.Boolean,
        id=graphene.String(required=True, description="The webhook's id."),
        description="Delete a webhook.",
    )
    rotate_webhook_secret = graphene.Field(
        WebhookSecret,
        id=graphene.String(required=True, description="The webhook's id."),
        description="Make a new secret; the old one signs along for 24 hours.",
    )
    resend_webhook = graphene.Field(
        graphene.Int,
        id=graphene.String(required=True, description="The webhook's id."),
        positions=list_of(graphene.Int, description="These positions of the feed…"),
        from_=graphene.Int(name="from", description="…or all from this position"),
        to=graphene.Int(description="to this one."),
        description="Post items again; answers how many.",
    )

    @staticmethod
    async def resolve_create_webhook(_: Any, info: Any, **given: Any) -> dict[str, Any]:
        start = given.pop("from_", None)
        return _with_secret(
            await _ask(info, "create_endpoint", {"endpoint": criteria(given), "from": start})
        )

    @staticmethod
    async def resolve_update_webhook(_: Any, info: Any, **given: Any) -> dict[str, Any]:
        answer = await _ask(info, "update_endpoint", {"endpoint": criteria(given)})
        endpoint: dict[str, Any] = answer["endpoint"]
        return endpoint

    @staticmethod
    async def resolve_delete_webhook(_: Any, info: Any, id: str) -> bool:
        await _ask(info, "delete_endpoint", {"id": id})
        return True

    @staticmethod
    async def resolve_rotate_webhook_secret(_: Any, info: Any, id: str) -> dict[str, Any]:
        return _with_secret(await _ask(info, "rotate_secret", {"id": id}))

    @staticmethod
    async def resolve_resend_webhook(
        _: Any, info: Any, id: str, positions: Sequence[int] | None = None, **span: int
    ) -> int:
        answer = await _ask(info, "resend", {"endpoint_id": id, "positions": positions, **span})
        queued: int = answer["queued"]
        return queued


async def _ask(info: Any, method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = await info.context.ask("notifications", method, **criteria(given))
    return answer


def _with_secret(answer: dict[str, Any]) -> dict[str, Any]:
    return {"webhook": answer["endpoint"], "secret": answer["secret"]}
