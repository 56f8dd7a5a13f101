"""Owns what an API key stands for, as it is shown."""

import graphene

from gateway.schema.enums import closed
from gateway.schema.paging import connection
from gateway.schema.scalars import DateTime
from gateway.schema.texts import Language, coded

Role = closed(
    "Role",
    "As what somebody comes to the hub.",
    {
        "chapter": "A country's chapter: pushes and reads its own programme.",
        "secretariat": "The secretariat: pushes and reads every chapter's programme.",
        "partner": "A partner: reads the feed, and has webhooks.",
        "operator": "Runs the hub: keys, parked events, webhooks; sees no person.",
    },
)


class Me(graphene.ObjectType):
    """The holder of the API key of this request."""

    role = Role(required=True, description="Whose key it is.")
    chapter = coded("country", "chapter", "The country whose chapter the key belongs to, if any.")
    key_id = graphene.ID(required=True, description="The key's public part.")
    language = Language(
        required=True,
        description="The language of this answer: Accept-Language, else the chapter's, else en.",
    )


class ApiKey(graphene.ObjectType):
    """An API key, without its secret."""

    id = graphene.ID(required=True, description="Its public part.")
    role = Role(required=True, description="Who may use it.")
    chapter = coded("country", "chapter", "The country whose chapter it belongs to, if any.")
    label = graphene.String(required=True, description="Who uses it for what.")
    created_at = DateTime(required=True, description="When.")
    created_by = graphene.ID(required=True, description="With which key.")
    revoked_at = DateTime(description="When it was revoked; null while it is good.")
    webhooks_closed_at = DateTime(
        description="When its webhooks were closed for good after that. Null of a revoked key: "
        "they are yet to be, which is tried again every second."
    )


class NewApiKey(graphene.ObjectType):
    """An API key with its secret, shown this once."""

    key = graphene.String(
        description="`fhk_…`: nobody can show it again. Null where it was made before under the "
        "same `pushId`."
    )
    api_key = graphene.Field(ApiKey, required=True, description="What it stands for.")


ApiKeyConnection = connection(ApiKey, "API keys")
