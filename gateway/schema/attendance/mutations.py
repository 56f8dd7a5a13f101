"""Owns the main mutation, `pushActivities`, and what else writes attendance."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import graphene

from gateway.calls import pushes
from gateway.calls.context import How
from gateway.schema.attendance.types import (
    AttendanceInput,
    PushActivitiesInput,
    PushActivitiesPayload,
    RestoreRowInput,
)
from gateway.schema.receipts import Place, PushResult, limited, push_result, snake_clear
from gateway.schema.writes import how, mode_of, push_id_of, pushing


class AttendanceMutations(graphene.ObjectType):
    push_activities = graphene.Field(
        PushActivitiesPayload,
        input=graphene.Argument(
            PushActivitiesInput, required=True, description="What is pushed, and how."
        ),
        description="Push a programme: activities, and with them people and attendance. Safe to "
        "repeat with the same ids: what is already stored is answered UNCHANGED.",
    )
    push_attendance = graphene.Field(
        PushResult,
        attendance=graphene.Argument(
            graphene.NonNull(graphene.List(graphene.NonNull(AttendanceInput))),
            description="Sheets; together at most 500 rows.",
        ),
        **how(graphene.Argument),
        description="Push attendance alone.",
    )
    move_attendance = graphene.Field(
        PushResult,
        from_session=graphene.ID(required=True, description="The session they leave."),
        to_session=graphene.ID(required=True, description="The session they go to."),
        participant_ids=graphene.Argument(
            graphene.NonNull(graphene.List(graphene.NonNull(graphene.ID))),
            description="Who; at most 500.",
        ),
        **{name: how(graphene.Argument)[name] for name in ("dry_run", "push_id")},
        description="Move people from one session's sheet to another's, all or nobody.",
    )

    restore_attendance = pushing(
        "attendance",
        "restore_rows",
        RestoreRowInput,
        "Give attendance rows the state of one of their versions again, in a new version.",
    )

    @staticmethod
    async def resolve_push_activities(_: Any, info: Any, input: dict[str, Any]) -> dict[str, Any]:
        batch = pushes.PushBatch(
            participants=snake_clear(input.get("participants") or []),
            activities=snake_clear(input.get("activities") or []),
            sheets=input.get("attendance") or [],
        )
        push_id = push_id_of(input.get("push_id"), "input")
        how = How(mode_of(input.get("mode")), input["dry_run"], push_id)
        return await _pushed(info.context, batch, how)

    @staticmethod
    async def resolve_push_attendance(
        _: Any,
        info: Any,
        attendance: Sequence[dict[str, Any]],
        mode: Any = None,
        dry_run: bool = False,
        push_id: str | None = None,
    ) -> dict[str, Any]:
        batch = pushes.PushBatch(sheets=attendance)
        how = How(mode_of(mode), dry_run, push_id_of(push_id))
        payload = await _pushed(info.context, batch, how)
        result: dict[str, Any] = payload["attendance"]
        return result

    @staticmethod
    async def resolve_move_attendance(
        _: Any,
        info: Any,
        from_session: str,
        to_session: str,
        participant_ids: Sequence[str],
        dry_run: bool = False,
        push_id: str | None = None,
    ) -> dict[str, Any]:
        ctx = info.context
        limited(len(participant_ids))
        answer = await ctx.ask(
            "activities",
            "move_attendance",
            from_session=from_session,
            to_session=to_session,
            participant_ids=participant_ids,
            dry_run=dry_run,
            push_id=push_id_of(push_id),
        )
        return push_result(answer["receipts"], ctx, "participantIds", dry_run=dry_run)


async def _pushed(ctx: Any, batch: pushes.PushBatch, how: How) -> dict[str, Any]:
    limited(len(batch.participants), len(batch.activities), batch.rows)
    for sheet in batch.sheets:
        snake_clear(sheet["rows"])
    outcome = await pushes.push(ctx, batch, how)
    dry_run = how.dry_run
    return {
        "participants": push_result(outcome.participants, ctx, "participants", dry_run=dry_run),
        "activities": push_result(outcome.activities, ctx, "activities", dry_run=dry_run),
        "attendance": push_result(
            outcome.attendance, ctx, "attendance", dry_run=dry_run, place=_in_sheets(batch.sheets)
        ),
    }


def _in_sheets(sheets: Sequence[Mapping[str, Any]]) -> Place:
    """Where a receipt's row stood: rows are counted over all sheets."""
    starts = list(accumulate((len(sheet["rows"]) for sheet in sheets), initial=0))

    def place(receipt: Mapping[str, Any]) -> list[str | int]:
        sheet = receipt["sheet"]
        return [sheet, "rows", receipt["row"] - starts[sheet]]

    return place
