"""Owns the questions for people, possible doubles and nominations."""

from typing import Any

import graphene

from gateway.schema.paging import listing, page, paged
from gateway.schema.people.filters import NominationFilter, ParticipantFilter
from gateway.schema.people.types import (
    DuplicatesConnection,
    NominationConnection,
    Participant,
    ParticipantConnection,
)


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
        DuplicatesConnection, "People who may have been registered twice, with the reasons."
    )
    nominations = listing(
        NominationConnection, "Nominations", NominationFilter, "participants", kind="nomination"
    )

    @staticmethod
    async def resolve_participant(_: Any, info: Any, id: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await info.context.loaders.participant(id)
        return found

    @staticmethod
    async def resolve_possible_duplicates(
        _: Any, info: Any, first: int | None = None, after: str | None = None
    ) -> dict[str, Any]:
        answer = await info.context.ask(
            "participants", "possible_duplicates", first=first, after=after
        )
        return page(answer)
