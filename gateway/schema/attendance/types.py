"""Owns attendance as it is read and pushed, and the shape of a whole programme with its answer."""

from collections.abc import Mapping
from typing import Any

import graphene

from gateway.schema.activities.types import ActivityInput
from gateway.schema.enums import closed
from gateway.schema.known_by import ref
from gateway.schema.paging import connection
from gateway.schema.people.types import Participant, ParticipantInput
from gateway.schema.receipts import PushResult
from gateway.schema.scalars import DateTime
from gateway.schema.texts import list_of
from gateway.schema.writes import how

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
    counts = graphene.Boolean(
        description="Whether the row counts in figures: its person is present, not withdrawn, and "
        "not counted by another row of the sheet, as the same person registered once more."
    )
    pre_score = graphene.Float(description="Test before, 0 to 100, with at most two decimals.")
    post_score = graphene.Float(description="Test after, likewise.")
    version = graphene.Int(required=True, description="Counts the row's corrections, from 1.")

    @staticmethod
    async def resolve_participant(root: Mapping[str, Any], info: Any) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await info.context.loaders.participant(
            root["participant_id"]
        )
        return found


class AttendanceRowInput(graphene.InputObjectType):
    """One person at one session."""

    class Meta:
        container = dict

    participant_id = graphene.ID(description="The person's id. Required.")
    participant_ref = ref("participantId")
    status = graphene.String(
        description="Code of the list `attendance_status`: present (the default), absent, or "
        "removed to undo a mistaken row."
    )
    pre_score = graphene.Float(description="Test before, 0 to 100, with at most two decimals.")
    post_score = graphene.Float(description="Test after, likewise.")
    expected_version = graphene.Int(description="Only if this is still the stored version.")
    clear = list_of(graphene.String, description="Scores to take away: `preScore`, `postScore`.")


AttendanceRowConnection = connection(AttendanceRow, "rows of an attendance sheet")


class AttendanceVersion(graphene.ObjectType):
    """One version of a row."""

    version = graphene.Int(required=True, description="Its number.")
    at = DateTime(description="When it was stored; null of what release 0.1 stored.")
    actor = graphene.ID(
        description="The public part of the API key that made it; null of what release 0.1 stored."
    )
    reason = graphene.String(description="Why it was restored.")
    restored = graphene.Int(description="The version that it brought back.")
    status = AttendanceStatus(
        description="Whether they were there; null while they were off the sheet."
    )
    pre_score = graphene.Float(description="Test before.")
    post_score = graphene.Float(description="Test after.")


AttendanceVersionConnection = connection(AttendanceVersion, "versions of an attendance row")


class RestoreRowInput(graphene.InputObjectType):
    """An attendance row to give the state of one of its versions again."""

    class Meta:
        container = dict

    session_id = graphene.ID(description="The session's id. Required.")
    participant_id = graphene.ID(description="The person's id. Required.")
    version = graphene.Int(description="The version to bring back. Required.")
    reason = graphene.String(description="Why; required, at most 500 characters.")
    expected_version = graphene.Int(description="Only if this is still the stored version.")


class PushActivitiesPayload(graphene.ObjectType):
    """The receipts of each list that was sent."""

    participants = graphene.Field(PushResult, required=True, description="Of the people.")
    activities = graphene.Field(PushResult, required=True, description="Of the activities.")
    attendance = graphene.Field(
        PushResult, required=True, description="Of the attendance, row by row."
    )


class AttendanceInput(graphene.InputObjectType):
    """The attendance sheet of a session, or a part of it; rows not named stay as they are."""

    class Meta:
        container = dict

    session_id = graphene.ID(
        description="The session's id; of an activity without sessions: the activity's."
    )
    session_ref = ref("sessionId")
    rows = graphene.List(
        graphene.NonNull(AttendanceRowInput), required=True, description="Who was there."
    )


class PushActivitiesInput(graphene.InputObjectType):
    """Activities, with the people and the attendance that go with them: at most 500 of each."""

    class Meta:
        container = dict

    participants = list_of(ParticipantInput, description="People; stored first.")
    activities = list_of(ActivityInput, description="Activities; stored next.")
    attendance = list_of(
        AttendanceInput, description="Sheets; stored last; together at most 500 rows."
    )
    mode = how(graphene.InputField)["mode"]
    dry_run = how(graphene.InputField)["dry_run"]
    push_id = how(graphene.InputField)["push_id"]
