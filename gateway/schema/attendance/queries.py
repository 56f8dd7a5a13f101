"""Owns the question for the sheet of a session."""

from typing import Any

import graphene

from gateway.schema.attendance.types import (
    AttendanceRowConnection,
    AttendanceVersionConnection,
)
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

    attendance_history = paged(
        AttendanceVersionConnection,
        "The versions of one attendance row, newest first.",
        session_id=graphene.ID(required=True, description="The session's id."),
        participant_id=graphene.ID(required=True, description="The person's id."),
    )

    @staticmethod
    async def resolve_attendance_history(_: Any, info: Any, **asked: Any) -> dict[str, Any]:
        return page(await info.context.ask("activities", "row_history", **wanted(info, asked)))

    @staticmethod
    async def resolve_attendance(_: Any, info: Any, **asked: Any) -> dict[str, Any]:
        return page(await info.context.ask("activities", "attendance", **wanted(info, asked)))
