"""Owns the operators' hold on API keys."""

from typing import Any, Final

import graphene

from gateway.identity import revocations
from gateway.schema.access.types import ApiKey, ApiKeyConnection, NewApiKey, Role
from gateway.schema.paging import page, paged, wanted
from gateway.schema.texts import list_of
from gateway.schema.writes import once, push_id_of
from shared.codes import code_list
from shared.codes.suggestions import unknown_code
from shared.errors import Refused

MAX_LABEL: Final = 100


class KeyQueries(graphene.ObjectType):
    api_keys = paged(
        ApiKeyConnection,
        "All API keys, newest first.",
        ids=list_of(graphene.ID, description="Those of these ids alone, at most 200."),
    )

    @staticmethod
    async def resolve_api_keys(_: Any, info: Any, **asked: Any) -> dict[str, Any]:
        return page(await info.context.keys.page(wanted(info, asked)))


class KeyMutations(graphene.ObjectType):
    create_api_key = graphene.Field(
        NewApiKey,
        role=graphene.Argument(Role, required=True, description="Who will use it."),
        chapter=graphene.String(
            description="The chapter's country (ISO 3166-1 alpha-2); for the role chapter only."
        ),
        label=graphene.String(
            required=True, description="Who will use it for what; name no person."
        ),
        push_id=once("Then the key is null: it is not shown twice; revoke it if it was lost."),
        description="Make an API key. It is shown this once.",
    )
    revoke_api_key = graphene.Field(
        ApiKey,
        id=graphene.ID(required=True, description="The key's public part."),
        push_id=once("A key that is revoked stays so in any case."),
        description="Revoke an API key; it stops working within seconds, for good, and so do the "
        "webhooks made with it.",
    )

    @staticmethod
    async def resolve_create_api_key(
        _: Any,
        info: Any,
        role: Any,
        label: str,
        chapter: str | None = None,
        push_id: str | None = None,
    ) -> dict[str, Any]:
        if (role.value == "chapter") != (chapter is not None):
            raise Refused("CHAPTER_WITH_ROLE")
        if chapter is not None and chapter not in code_list("country"):
            raise Refused("UNKNOWN_CODE", **unknown_code("country", chapter))
        if not label.strip() or len(label) > MAX_LABEL:
            raise Refused("LABEL_LENGTH", limit=MAX_LABEL)
        ctx = info.context
        created: dict[str, Any] = await ctx.keys.create(
            role.value, chapter, label.strip(), ctx.caller.key_id, push_id_of(push_id)
        )
        return created

    @staticmethod
    async def resolve_revoke_api_key(
        _: Any, info: Any, id: str, push_id: str | None = None
    ) -> dict[str, Any]:
        push_id_of(push_id)
        ctx = info.context
        return await revocations.revoke(ctx.keys, ctx.calls, id, ctx.caller.key_id)
