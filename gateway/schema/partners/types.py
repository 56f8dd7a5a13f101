"""Owns what partners read: the feed with its cursor, and their webhooks."""

import graphene

from gateway.schema.enums import closed
from gateway.schema.paging import PageInfo, connection
from gateway.schema.scalars import Data, DateTime
from gateway.schema.texts import coded, list_of


class FeedItem(graphene.ObjectType):
    """Something that happened, as partners may know it: figures and coarse places."""

    cursor = graphene.String(required=True, description="Stands behind this item.")
    id = graphene.ID(
        required=True, description="The event's id, the same on every transport: use it to dedupe."
    )
    type = graphene.String(required=True, description="E.g. `activity.recorded`.")
    subject = graphene.ID(required=True, description="The id of what it happened to.")
    time = DateTime(required=True, description="When it was recorded.")
    chapter = coded("country", "chapter", "The country whose chapter recorded it.")
    country = coded("country", "country", "Where it happened.")
    place = coded("place", "place", "Where in the country, at most the first-level unit.")
    schema_version = graphene.Int(
        required=True, description="The version of the type's contract that `data` keeps to."
    )
    data = graphene.Field(Data, required=True, description="Figures and codes.")


class FeedEdge(graphene.ObjectType):
    """A feed item with its cursor."""

    node = graphene.Field(FeedItem, required=True, description="The item.")
    cursor = graphene.String(required=True, description="Stands behind this item.")


class Feed(graphene.ObjectType):
    """A page of the feed. The cursor has no gaps: keep the last one, and nothing is missed. There
    is no way back: no `last`, no `before`."""

    edges = graphene.List(
        graphene.NonNull(FeedEdge), required=True, description="The items with their cursors."
    )
    nodes = graphene.List(graphene.NonNull(FeedItem), required=True, description="The items alone.")
    page_info = graphene.Field(
        PageInfo,
        required=True,
        description="`endCursor` is where to go on from, also after the newest item and where "
        "nothing on the way matched; `hasNextPage` and `hasPreviousPage` speak of the whole feed, "
        "whatever the filter.",
    )
    head = graphene.String(required=True, description="The cursor of the newest item of all.")


WebhookState = closed(
    "WebhookState",
    "Whether an endpoint is posted to.",
    {
        "active": "As items come.",
        "failing": "Still tried, every few hours; nothing is dropped.",
        "paused": "Not until its owner goes on; nothing is dropped.",
        "disabled": "No more: the receiver answered 410 Gone.",
        "revoked": "No more, for good: the key it was made with was revoked.",
    },
)


class WebhookFilter(graphene.ObjectType):
    """Which items an endpoint gets."""

    types = list_of(graphene.String, required=True, description="Of these types; empty: all.")
    chapters = list_of(graphene.String, required=True, description="Of these chapters; empty: all.")
    schema_version = graphene.Int(
        required=True, description="Up to which version of the contracts its owner reads."
    )


class Webhook(graphene.ObjectType):
    """An endpoint to which the feed is posted, signed as Standard Webhooks v1 asks."""

    id = graphene.ID(required=True, description="Its id.")
    url = graphene.String(required=True, description="Where items are posted.")
    description = graphene.String(
        required=True, description="What its owner calls it; may be empty."
    )
    filter = graphene.Field(WebhookFilter, required=True, description="Which items it gets.")
    state = WebhookState(required=True, description="Whether it is posted to.")
    cursor = graphene.String(
        required=True, description="Everything up to here was delivered or not wanted."
    )
    behind = graphene.Int(
        required=True, description="How many positions of the feed are still before it."
    )
    failures = graphene.Int(required=True, description="Failed attempts in a row.")
    last_error = graphene.String(description="Why the last attempt failed, as a code.")
    next_attempt_at = DateTime(description="When it is tried again.")
    previous_secret_until = DateTime(
        description="Until when the secret before the last rotation signs along."
    )
    created_at = DateTime(required=True, description="When it was created.")
    updated_at = DateTime(required=True, description="When its owner last changed it.")


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
    event_id = graphene.ID(required=True, description="The event's id.")
    number = graphene.Int(
        required=True, description="Counts the attempts to post this item, from 1."
    )
    resend = graphene.Boolean(required=True, description="Whether it was asked for by `resend`.")
    status = graphene.Int(description="The HTTP status; null without an answer.")
    error = graphene.String(description="What went wrong, as a code; null after a success.")
    duration_ms = graphene.Int(required=True, description="How long it took.")
    at = DateTime(required=True, description="When.")
    next_attempt_at = DateTime(description="When the next one is planned, if any.")


WebhookConnection = connection(Webhook, "webhooks")
WebhookAttemptConnection = connection(WebhookAttempt, "attempts")
