"""Owns what partners can change: their webhooks."""

from collections.abc import Mapping, Sequence
from typing import Any

import graphene

from gateway.schema.paging import criteria
from gateway.schema.partners.filters import FeedFilter
from gateway.schema.partners.types import Webhook, WebhookSecret
from gateway.schema.texts import list_of
from gateway.schema.writes import once, push_id_of


class PartnerMutations(graphene.ObjectType):
    create_webhook = graphene.Field(
        WebhookSecret,
        id=graphene.ID(
            required=True, description="A UUID made by the client, so that a repetition is safe."
        ),
        url=graphene.String(required=True, description="An https address."),
        description_=graphene.String(name="description", description="What you call it."),
        filter=graphene.Argument(FeedFilter, description="Which items it gets."),
        from_=graphene.String(
            name="from",
            description="`now` (the default), `beginning`, or the cursor behind which to start.",
        ),
        push_id=once("Then the secret is null: it is not shown twice."),
        description="Have the feed posted to an address. The secret is shown this once.",
    )
    update_webhook = graphene.Field(
        Webhook,
        id=graphene.ID(required=True, description="The webhook's id."),
        url=graphene.String(description="Another address."),
        description_=graphene.String(name="description", description="Another name."),
        filter=graphene.Argument(FeedFilter, description="Another choice of items."),
        paused=graphene.Boolean(description="Pause it, or go on; nothing is lost meanwhile."),
        push_id=once("Then it answers how the webhook stands."),
        description="Change a webhook; what is left out stays.",
    )
    delete_webhook = graphene.Field(
        graphene.Boolean,
        id=graphene.ID(required=True, description="The webhook's id."),
        push_id=once("Then it answers true as well."),
        description="Delete a webhook.",
    )
    rotate_webhook_secret = graphene.Field(
        WebhookSecret,
        id=graphene.ID(required=True, description="The webhook's id."),
        push_id=once("Then the secret is null: it is not shown twice."),
        description="Make a new secret; the old one signs along for 24 hours.",
    )
    resend_webhook = graphene.Field(
        graphene.Int,
        id=graphene.ID(required=True, description="The webhook's id."),
        positions=list_of(graphene.Int, description="These positions of the feed…"),
        from_=graphene.Int(name="from", description="…or all from this position"),
        to=graphene.Int(description="to this one."),
        push_id=once("Then it answers 0."),
        description="Post items again; answers how many.",
    )

    @staticmethod
    async def resolve_create_webhook(
        _: Any, info: Any, push_id: str | None = None, **given: Any
    ) -> dict[str, Any]:
        push_id_of(push_id)  # its own id says whether it is there
        start = given.pop("from_", None)
        return _with_secret(
            await _ask(info, "create_endpoint", {"endpoint": criteria(given), "from": start})
        )

    @staticmethod
    async def resolve_update_webhook(
        _: Any, info: Any, push_id: str | None = None, **given: Any
    ) -> dict[str, Any]:
        changes = {"endpoint": criteria(given)}
        answer = await _ask(info, "update_endpoint", changes, push_id)
        endpoint: dict[str, Any] = answer["endpoint"]
        return endpoint

    @staticmethod
    async def resolve_delete_webhook(
        _: Any, info: Any, id: str, push_id: str | None = None
    ) -> bool:
        await _ask(info, "delete_endpoint", {"id": id}, push_id)
        return True

    @staticmethod
    async def resolve_rotate_webhook_secret(
        _: Any, info: Any, id: str, push_id: str | None = None
    ) -> dict[str, Any]:
        return _with_secret(await _ask(info, "rotate_secret", {"id": id}, push_id))

    @staticmethod
    async def resolve_resend_webhook(
        _: Any,
        info: Any,
        id: str,
        positions: Sequence[int] | None = None,
        push_id: str | None = None,
        **span: int,
    ) -> int:
        asked = {"endpoint_id": id, "positions": positions, **span}
        answer = await _ask(info, "resend", asked, push_id)
        queued: int = answer["queued"]
        return queued


async def _ask(
    info: Any, method: str, given: Mapping[str, Any], push_id: str | None = None
) -> dict[str, Any]:
    asked = criteria({**given, "push_id": push_id_of(push_id)})
    answer: dict[str, Any] = await info.context.ask("notifications", method, **asked)
    return answer


def _with_secret(answer: dict[str, Any]) -> dict[str, Any]:
    return {"webhook": answer["endpoint"], "secret": answer["secret"]}
