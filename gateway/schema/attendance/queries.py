"""Owns the question for the sheet of a session."""

from typing import Any

import graphene

from gateway.schema.attendance.types import AttendanceRowConnection
from gateway.schema.paging import page, paged, wanted
from gateway.schema.texts import list_of


class AttendanceQueries(graphene.ObjectType):
    attendance = paged(
        AttendanceRowConnection,
        "The attendance sheet of a session.",
        session_id=graphene.ID(required=True, description="The session's id."),
        participant_ids=list_of(
            graphene.ID, description="Of these participants alone, at most 200."
        ),
    )

    @staticmethod
    async def resolve_attendance(_: Any, info: Any, **asked: Any) -> dict[str, Any]:
        return page(await info.context.ask("activities", "attendance", **wanted(info, asked)))
