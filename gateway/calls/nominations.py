"""Owns the course of nominations: `participants` stores them, `activities` knows when what they are
for is over, and services do not ask each other."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.calls.context import Context, How
from shared.errors import HubError
from shared.ids import canonical
from shared.texts import plain

Items = Sequence[Mapping[str, Any]]
_WRITTEN: Final = frozenset({"CREATED", "UPDATED"})


async def nominate(ctx: Context, items: Items, how: How) -> list[dict[str, Any]]:
    """The receipts of the nominations; one that was proposed after its activity ended is stored
    with the remark PROPOSED_AFTER_ACTIVITY.

    Raises HubError of `participants`. A failure of `activities` costs the remark alone.
    Effects: `participants.push`; beside it, if items name an activity and a day,
        `activities.get_many`.
    """
    receipts: list[dict[str, Any]]
    ends: dict[str, str]
    receipts, ends = await gather(ctx.push("nomination", "push", items, how), _ends(ctx, items))
    for receipt in receipts:
        activity_id, proposed_on = _said(items[receipt["row"]])
        end = ends.get(activity_id or "")
        if end and proposed_on > end and receipt["status"] in _WRITTEN:
            code, path = "PROPOSED_AFTER_ACTIVITY", ["proposed_on"]
            receipt["problems"].append({"code": code, "path": path, "params": {"ends_on": end}})
    return receipts


async def _ends(ctx: Context, items: Items) -> dict[str, str]:
    """The last days of the activities that the items name with a day, as far as the caller may see
    them and they have one."""
    named = {activity_id for activity_id, day in map(_said, items) if activity_id and day}
    if not named:
        return {}
    try:
        answer = await ctx.ask("activities", "get_many", kind="activity", ids=sorted(named))
    except HubError:
        return {}
    return {each["id"]: each["ends_on"] for each in answer["items"] if each.get("ends_on")}


def _said(item: Mapping[str, Any]) -> tuple[str | None, str]:
    """Which activity an item names, and the day of the proposal, which sorts as text."""
    day = item.get("proposed_on")
    return canonical(item.get("activity_id")), plain(day) if isinstance(day, str) else ""
