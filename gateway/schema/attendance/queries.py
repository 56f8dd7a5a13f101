"""Owns the question for the sheet of a session."""

from typing import Any

import graphene

from gateway.schema.attendance.types import AttendanceRowConnection
from gateway.schema.paging import page, paged


class AttendanceQueries(graphene.ObjectType):
    attendance = paged(
        AttendanceRowConnection,
        "The attendance sheet of a session.",
        session_id=graphene.ID(required=True, description="The session's id."),
    )

    @staticmethod
    async def resolve_attendance(
        _: Any, info: Any, session_id: str, first: int | None = None, after: str | None = None
    ) -> dict[str, Any]:
        answer = await info.context.ask(
            "activities", "attendance", session_id=session_id, first=first, after=after
        )
        return page(answer)
