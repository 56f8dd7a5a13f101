"""Owns guests: ids by which another chapter enters a person in its sheets, and learns nothing."""

from typing import Any

import graphene

from gateway.schema.paging import connection, page, paged, wanted
from gateway.schema.records import TombstoneInput
from gateway.schema.scalars import DateTime
from gateway.schema.texts import coded, list_of
from gateway.schema.writes import pushing


class GuestInput(graphene.InputObjectType):
    """A person whom another chapter may enter in its sheets."""

    class Meta:
        container = dict

    id = graphene.ID(
        description="A new UUID, made for this alone: all that is handed to the other chapter. "
        "Required."
    )
    participant_id = graphene.ID(description="The person, of your chapter. Required.")
    chapter = graphene.String(
        description="The other chapter's country (ISO 3166-1 alpha-2). Required."
    )


class Guest(graphene.ObjectType):
    """A person whom another chapter enters in its sheets, as their own chapter sees it."""

    id = graphene.ID(required=True, description="The id that the other chapter uses.")
    participant_id = graphene.ID(required=True, description="The person as whom it counts.")
    chapter = coded("country", "chapter", "The country of the chapter it was given to.")
    home = coded("country", "home", "The country of the person's chapter.")
    version = graphene.Int(required=True, description="Counts its changes, from 1.")
    withdrawn = graphene.Boolean(
        required=True,
        description="Whether it was taken back: what is said under it counts no more.",
    )
    created_at = DateTime(required=True, description="When it was first given.")
    updated_at = DateTime(required=True, description="When it was last changed.")
    status_reason = graphene.String(description="Why it was taken back, if it was.")


GuestConnection = connection(Guest, "guests")


class GuestQueries(graphene.ObjectType):
    guests = paged(
        GuestConnection,
        "Your people whom other chapters enter in their sheets. What was given to your chapter is "
        "not listed: who gave it can tell.",
        participant_ids=list_of(
            graphene.ID, description="Only of these participants, at most 200."
        ),
    )

    @staticmethod
    async def resolve_guests(_: Any, info: Any, **asked: Any) -> dict[str, Any]:
        return page(await info.context.ask("participants", "guests", **wanted(info, asked)))


class GuestMutations(graphene.ObjectType):
    invite_participants = pushing(
        "participant",
        "invite",
        GuestInput,
        "Let other chapters enter people of yours in their sheets, under ids that tell nothing. "
        "Figures count the person once, with what you know of them. Hand over the id alone. What "
        "was taken back is given again under the same id.",
    )
    withdraw_guests = pushing(
        "participant",
        "withdraw_guests",
        TombstoneInput,
        "Take such ids back: what other chapters entered under them counts no more, and they can "
        "enter nobody under them.",
    )
