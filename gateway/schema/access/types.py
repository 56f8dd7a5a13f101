"""Owns what an API key stands for, as it is shown."""

import graphene

from gateway.schema.paging import connection
from gateway.schema.texts import coded
from shared.caller import ROLES


class Me(graphene.ObjectType):
    """The holder of the API key of this request."""

    role = graphene.String(required=True, description="chapter, secretariat, partner or operator.")
    chapter = coded("country", "chapter", "The country whose chapter the key belongs to, if any.")
    key_id = graphene.String(required=True, description="The key's public part.")
    language = graphene.String(
        required=True,
        description="The language of this answer: Accept-Language, else the chapter's, else en.",
    )


class ApiKey(graphene.ObjectType):
    """An API key, without its secret."""

    id = graphene.String(required=True, description="Its public part.")
    role = graphene.String(required=True, description=f"One of {', '.join(ROLES)}.")
    chapter = coded("country", "chapter", "The country whose chapter it belongs to, if any.")
    label = graphene.String(required=True, description="Who uses it for what.")
    created_at = graphene.String(required=True, description="When (UTC, RFC 3339).")
    created_by = graphene.String(required=True, description="With which key.")
    revoked_at = graphene.String(description="When it was revoked; null while it is good.")
    webhooks_closed_at = graphene.String(
        description="When its webhooks were closed for good after that. Null of a revoked key: "
        "they are yet to be, which is tried again every second."
    )


class NewApiKey(graphene.ObjectType):
    """An API key with its secret, shown this once."""

    key = graphene.String(required=True, description="`fhk_…`: nobody can show it again.")
    api_key = graphene.Field(ApiKey, required=True, description="What it stands for.")


ApiKeyConnection = connection(ApiKey, "API keys")
