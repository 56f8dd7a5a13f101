"""Owns attendance as it is read, and the answer to the main mutation."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.paging import connection
from gateway.schema.people.types import Participant
from gateway.schema.receipts import PushResult


class AttendanceRow(graphene.ObjectType):
    """One person at one session."""

    participant_id = graphene.String(required=True, description="The person's id.")
    participant = graphene.Field(Participant, description="The person.")
    status = graphene.String(required=True, description="present or absent.")
    pre_score = graphene.Int(description="Test before, 0 to 100.")
    post_score = graphene.Int(description="Test after, 0 to 100.")
    version = graphene.Int(description="Counts the row's corrections, from 1.")

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
