"""Owns the questions for people, possible doubles and nominations."""

from typing import Any

import graphene

from gateway.schema.paging import listing, page, paged, wanted
from gateway.schema.people.filters import NominationFilter, ParticipantFilter
from gateway.schema.people.types import (
    DuplicatesConnection,
    NominationConnection,
    Participant,
    ParticipantConnection,
)
from gateway.schema.texts import list_of


class ParticipantQueries(graphene.ObjectType):
    participant = graphene.Field(
        Participant,
        id=graphene.ID(required=True, description="The participant's id."),
        description="One person; null if there is none that this key may see.",
    )
    participants = listing(
        ParticipantConnection, "People", ParticipantFilter, "participants", kind="participant"
    )
    possible_duplicates = paged(
        DuplicatesConnection,
        "People who may have been registered twice, with the reasons.",
        participant_ids=list_of(
            graphene.ID, description="Only with one of these participants, at most 200."
        ),
    )
    nominations = listing(
        NominationConnection, "Nominations", NominationFilter, "participants", kind="nomination"
    )

    @staticmethod
    async def resolve_participant(_: Any, info: Any, id: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await info.context.loaders.participant(id)
        return found

    @staticmethod
    async def resolve_possible_duplicates(_: Any, info: Any, **asked: Any) -> dict[str, Any]:
        answer = await info.context.ask(
            "participants", "possible_duplicates", **wanted(info, asked)
        )
        return page(answer)
