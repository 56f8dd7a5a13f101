"""Owns the shape of pushed sheets, and of a whole programme."""

import graphene

from gateway.schema.activities.inputs import ActivityInput
from gateway.schema.people.inputs import ParticipantInput
from gateway.schema.texts import list_of
from gateway.schema.writes import how


class AttendanceRowInput(graphene.InputObjectType):
    """One person at one session."""

    class Meta:
        container = dict

    participant_id = graphene.ID(description="The person's id. Required.")
    status = graphene.String(
        description="Code of the list `attendance_status`: present (the default), absent, or "
        "removed to undo a mistaken row."
    )
    pre_score = graphene.Int(description="Test before, 0 to 100.")
    post_score = graphene.Int(description="Test after, 0 to 100.")
    expected_version = graphene.Int(description="Only if this is still the stored version.")


class AttendanceInput(graphene.InputObjectType):
    """The attendance sheet of a session, or a part of it; rows not named stay as they are."""

    class Meta:
        container = dict

    session_id = graphene.ID(
        description="The session's id; of an activity without sessions: the activity's."
    )
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
