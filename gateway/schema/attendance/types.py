"""Owns attendance as it is read, and the answer to the main mutation."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.enums import closed
from gateway.schema.paging import connection
from gateway.schema.people.types import Participant
from gateway.schema.receipts import PushResult

AttendanceStatus = closed(
    "AttendanceStatus",
    "Whether a person was at a session.",
    {"present": "Was there.", "absent": "Was expected, and was not there."},
)


class AttendanceRow(graphene.ObjectType):
    """One person at one session."""

    participant_id = graphene.ID(required=True, description="The person's id.")
    participant = graphene.Field(Participant, description="The person.")
    status = AttendanceStatus(required=True, description="Whether they were there.")
    pre_score = graphene.Int(description="Test before, 0 to 100.")
    post_score = graphene.Int(description="Test after, 0 to 100.")
    version = graphene.Int(required=True, description="Counts the row's corrections, from 1.")

    @staticmethod
    async def resolve_participant(root: Mapping[str, Any], info: Any) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await info.context.loaders.participant(
            root["participant_id"]
        )
        return found


AttendanceRowConnection = connection(AttendanceRow, "rows of an attendance sheet")


class PushActivitiesPayload(graphene.ObjectType):
    """The receipts of each list that was sent."""

    participants = graphene.Field(PushResult, required=True, description="Of the people.")
    activities = graphene.Field(PushResult, required=True, description="Of the activities.")
    attendance = graphene.Field(
        PushResult, required=True, description="Of the attendance, row by row."
    )
