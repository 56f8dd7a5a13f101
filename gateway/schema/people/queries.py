"""Owns the questions for people, possible doubles and nominations."""

from typing import Any

import graphene

from gateway.calls.context import Context
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
from shared.codes.places import may_be_same
from shared.texts import plain


async def _with_same_homes(ctx: Context, asked: dict[str, Any]) -> dict[str, Any]:
    """The filter, with all that turned out to be the place asked for: the owner of people does not
    know. Raises HubError."""
    home = asked.get("place")
    if not isinstance(home, str) or not may_be_same(plain(home)):
        return asked
    answer = await ctx.ask("activities", "same_places", ids=[plain(home)])
    return {**asked, "places": answer["items"]}


class ParticipantQueries(graphene.ObjectType):
    participant = one(Participant, "participant")
    participants = listing(
        ParticipantConnection,
        "People",
        ParticipantFilter,
        "participants",
        prepared=_with_same_homes,
        kind="participant",
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
