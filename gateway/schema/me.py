"""Owns `me`: what the API key in use stands for."""

from typing import Any

import graphene

from gateway.schema.texts import coded


class Me(graphene.ObjectType):
    """The holder of the API key of this request."""

    role = graphene.String(required=True, description="chapter, secretariat, partner or operator.")
    chapter = coded("country", "chapter", "The country whose chapter the key belongs to, if any.")
    key_id = graphene.String(required=True, description="The key's public part.")
    language = graphene.String(
        required=True,
        description="The language of this answer: Accept-Language, else the chapter's, else en.",
    )


class MeQueries(graphene.ObjectType):
    me = graphene.Field(Me, description="What the key in use stands for.")

    @staticmethod
    def resolve_me(_: Any, info: Any) -> dict[str, Any]:
        ctx = info.context
        return {
            "role": ctx.caller.role,
            "chapter": ctx.caller.chapter,
            "key_id": ctx.caller.key_id,
            "language": ctx.lang,
        }
