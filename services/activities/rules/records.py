"""Owns the rules of what is pushed: pure functions over plain content, no input or output.

Dates are ISO 8601 text, which sorts and compares as dates do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from shared.errors import Problem

Content = Mapping[str, Any]
Moves = Mapping[str, Collection[str]]

ACTIVITY_MOVES: Moves = {
    "planned": ("held", "reported", "validated", "cancelled"),
    "held": ("reported", "validated", "cancelled"),
    "reported": ("validated",),
    "validated": (),
    "cancelled": (),
}
CONCERN_MOVES: Moves = {
    "raised": ("verified", "referred", "resolved", "dismissed"),
    "verified": ("referred", "resolved", "dismissed"),
    "referred": ("resolved", "dismissed"),
    "resolved": (),
    "dismissed": (),
}


HAPPENED = frozenset({"held", "reported", "validated"})


def complete_activity(content: Content, today: str) -> Content:
    """With what may be left open: it lasts a day, and is held once it is over."""
    if (start := content.get("starts_on")) is None:
        return content
    end = content.get("ends_on", start)
    return {"ends_on": end, "status": "held" if end < today else "planned", **content}


def complete_concern(content: Content, today: str) -> Content:
    """With what may be left open: it was raised, today."""
    return {"status": "raised", "raised_on": today, **content}


def sessions_of(activity_id: str, content: Content) -> list[dict[str, Any]]:
    """The activity's sessions; where it names none, the one that is the activity itself."""
    return content.get("sessions") or [{"id": activity_id, "on": content["starts_on"]}]


def activity_problems(
    content: Content, before: Content | None, section_of: Mapping[str, str]
) -> Iterator[Problem]:
    """What is wrong between an activity's fields; `section_of` tells each type's own section."""
    yield from period_problems(content, before)
    yield from move_problems(ACTIVITY_MOVES, content, before)
    yield from _session_problems(content)
    for section in set(section_of.values()) & set(content):
        if section != section_of[content["type"]]:
            yield Problem.at(section, code="SECTION_NOT_FOR_TYPE", type=content["type"])
    announced = content.get("announced", {})
    total = sum(cell["count"] for cell in announced.get("cells", ()))
    if total > announced.get("total", 0):
        yield Problem.at(
            "announced", "cells", code="ANNOUNCED_CELLS_EXCEED_TOTAL", sum=total,
            total=announced["total"],
        )  # fmt: skip
    copies = content.get("publication", {})
    printed, handed_out = copies.get("copies_printed"), copies.get("copies_distributed")
    if printed is not None and handed_out is not None and handed_out > printed:
        yield Problem.at(
            "publication", "copies_distributed", code="MORE_THAN_PRINTED", printed=printed
        )
    yield from _repeated_ids(content.get("dialogue", {}), "recommendations", ("dialogue",))


def future_problems(content: Content, today: str) -> Iterator[Problem]:
    """What is told as having happened cannot lie ahead: its figures would count."""
    if content.get("status") in HAPPENED and content["starts_on"] > today:
        yield Problem.at("starts_on", code="IN_FUTURE", value=content["starts_on"])
    if content.get("raised_on", today) > today:
        yield Problem.at("raised_on", code="IN_FUTURE", value=content["raised_on"])


def period_problems(content: Content, _: Content | None = None) -> Iterator[Problem]:
    start, end = content.get("starts_on"), content.get("ends_on")
    if start and end and end < start:
        yield Problem.at("ends_on", code="END_BEFORE_START", starts_on=start, ends_on=end)


def move_problems(moves: Moves, content: Content, before: Content | None) -> Iterator[Problem]:
    """A status stays or moves forward."""
    if before is None:
        return
    old, new = before["status"], content["status"]
    if new != old and new not in moves.get(old, ()):
        yield Problem.at("status", code="BAD_TRANSITION", before=old, after=new)


def concern_problems(content: Content, before: Content | None) -> Iterator[Problem]:
    return move_problems(CONCERN_MOVES, content, before)


def _session_problems(content: Content) -> Iterator[Problem]:
    start, end = content["starts_on"], content["ends_on"]
    for row, session in enumerate(content.get("sessions", ())):
        if not start <= session["on"] <= end:
            yield Problem.at(
                "sessions", row, "on", code="SESSION_OUTSIDE_ACTIVITY", starts_on=start,
                ends_on=end,
            )  # fmt: skip
    yield from _repeated_ids(content, "sessions")


def _repeated_ids(content: Content, name: str, path: tuple[str, ...] = ()) -> Iterator[Problem]:
    seen = set()
    for row, part in enumerate(content.get(name, ())):
        if part["id"] in seen:
            yield Problem.at(*path, name, row, "id", code="REPEATED_VALUE")
        seen.add(part["id"])
