"""Owns `me`: what the API key in use stands for."""

from typing import Any

import graphene

from gateway.schema.access.types import Me


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
