"""Owns the questions for people, possible doubles and nominations."""

from typing import Any

import graphene

from gateway.schema.paging import listing, page, paged, wanted
from gateway.schema.people.filters import NominationFilter, ParticipantFilter
from gateway.schema.people.types import (
    DuplicatesConnection,
    NominationConnection,
    NotDuplicatesConnection,
    Participant,
    ParticipantConnection,
)
from gateway.schema.records import one
from gateway.schema.texts import list_of


class ParticipantQueries(graphene.ObjectType):
    participant = one(Participant, "participant")
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
    not_duplicates = paged(
        NotDuplicatesConnection,
        "Pairs of people of whom it was said that they are not the same.",
        participant_ids=list_of(
            graphene.ID, description="Only with one of these participants, at most 200."
        ),
    )
    nominations = listing(
        NominationConnection, "Nominations", NominationFilter, "participants", kind="nomination"
    )

    @staticmethod
    async def resolve_possible_duplicates(_: Any, info: Any, **asked: Any) -> dict[str, Any]:
        answer = await info.context.ask(
            "participants", "possible_duplicates", **wanted(info, asked)
        )
        return page(answer)

    @staticmethod
    async def resolve_not_duplicates(_: Any, info: Any, **asked: Any) -> dict[str, Any]:
        return page(await info.context.ask("participants", "distinct", **wanted(info, asked)))
