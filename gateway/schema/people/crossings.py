"""Owns what the secretariat is shown of people who may be registered in two chapters."""

from typing import Any

import graphene

from gateway.schema.enums import closed
from gateway.schema.paging import connection, page, paged, wanted
from gateway.schema.scalars import DateTime
from gateway.schema.texts import coded_list, list_of

CrossingReason = closed(
    "CrossChapterReason",
    "In what two people of different chapters are alike.",
    {
        "same_phone": "They have the same telephone number.",
        "same_name_birth_year_and_sex": "Their names sound the same, their birth years are at most "
        "one apart, and their sex is the same.",
    },
)


class CrossChapterLikeness(graphene.ObjectType):
    """Two people of different chapters who may be one and the same: ids, and nothing of either."""

    participant_ids = list_of(graphene.ID, required=True, description="The ids of the two.")
    chapters = coded_list("country", "chapters", "The countries of their chapters, in that order.")
    reasons = list_of(CrossingReason, required=True, description="In what they are alike.")
    since = DateTime(required=True, description="When it was found.")


CrossChapterLikenessConnection = connection(
    CrossChapterLikeness, "likenesses of people of different chapters"
)


class CrossingQueries(graphene.ObjectType):
    cross_chapter_likenesses = paged(
        CrossChapterLikenessConnection,
        "For the secretariat: who of different chapters may be one and the same. Found by itself, "
        "some minutes after people were pushed.",
    )

    @staticmethod
    async def resolve_cross_chapter_likenesses(_: Any, info: Any, **asked: Any) -> dict[str, Any]:
        return page(await info.context.ask("participants", "crossings", **wanted(info, asked)))
