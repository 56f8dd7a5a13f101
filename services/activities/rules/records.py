"""Owns the rules of what is pushed: pure functions over plain content, no input or output.

Dates are ISO 8601 text, which sorts and compares as dates do.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from shared.codes.suggestions import unknown_code
from shared.errors import Problem
from shared.records.pairs import EXTERNAL_REFS, texts
from shared.records.partial import WRONG, known, parts, section, values

Content = Mapping[str, Any]
Path = tuple[str | int, ...]
Transitions = Mapping[str, Collection[str]]

# Work is postponed, cancelled by mistake, reopened: what was said may be taken back, step by step.
# The change log has each of them.
ACTIVITY_TRANSITIONS: Transitions = {
    "planned": ("held", "reported", "validated", "cancelled"),
    "held": ("planned", "reported", "validated", "cancelled"),
    "reported": ("held", "validated"),
    "validated": ("reported",),
    "cancelled": ("planned", "held"),
}
CONCERN_TRANSITIONS: Transitions = {
    "raised": ("verified", "referred", "resolved", "dismissed"),
    "verified": ("raised", "referred", "resolved", "dismissed"),
    "referred": ("verified", "resolved", "dismissed"),
    "resolved": ("referred", "verified"),
    "dismissed": ("raised", "verified"),
}


HAPPENED = frozenset({"held", "reported", "validated"})


def complete_concern(content: Content, _: Content, __: Content, today: str) -> Content:
    """With what may be left open: it was raised, today."""
    return {"status": "raised", "raised_on": today, **content}


def sessions_of(activity_id: str, content: Content) -> list[dict[str, Any]]:
    """The activity's sessions; where it names none, the one that is the activity itself."""
    return content.get("sessions") or [{"id": activity_id, "on": content["starts_on"]}]


def session_ids(activity_id: str, content: Content) -> list[tuple[Path, Any]]:
    """Where the id of each of the sessions stands, and the id; `WRONG` for one that is none."""
    sessions = content.get("sessions")
    if sessions is WRONG:
        return [(("sessions",), WRONG)]
    if not sessions:
        return [(("id",), activity_id)]
    return [
        (("sessions", row, "id"), WRONG if session is WRONG else session.get("id"))
        for row, session in enumerate(sessions)
    ]


def activity_problems(
    content: Content, before: Content | None, section_of: Mapping[str, str]
) -> Iterator[Problem]:
    """What is wrong between an activity's fields; `section_of` tells each type's own section."""
    yield from period_problems(content, before)
    yield from transition_problems(ACTIVITY_TRANSITIONS, content, before)
    yield from _session_problems(content)
    yield from _repeated_keys(content)
    yield from _section_problems(content, section_of)
    yield from _announced_problems(section(content, "announced"))
    yield from _sector_problems(content)
    copies = section(content, "publication")
    printed, handed_out = values(copies, "copies_printed", "copies_distributed")
    if known(printed, handed_out) and handed_out > printed:
        yield Problem.at(
            "publication", "copies_distributed", code="MORE_THAN_PRINTED", printed=printed
        )


def future_problems(content: Content, today: str) -> Iterator[Problem]:
    """What is told as having happened cannot lie ahead: its figures would count."""
    status, start, raised = values(content, "status", "starts_on", "raised_on")
    if status in HAPPENED and known(start) and start > today:
        yield Problem.at("starts_on", code="IN_FUTURE", value=start, latest=today)
    if known(raised) and raised > today:
        yield Problem.at("raised_on", code="IN_FUTURE", value=raised, latest=today)


def period_problems(content: Content, _: Content | None = None) -> Iterator[Problem]:
    start, end = values(content, "starts_on", "ends_on")
    if known(start, end) and end < start:
        yield Problem.at("ends_on", code="END_BEFORE_START", starts_on=start, ends_on=end)


def project_problems(content: Content, before: Content | None) -> Iterator[Problem]:
    """What is wrong between a project's fields; indicators that are as they were are not asked
    about."""
    yield from period_problems(content)
    yield from _sector_problems(content)
    if before is not None and before.get("indicators") == content.get("indicators"):
        return
    for row, indicator in parts(content, "indicators"):
        first, last = values(indicator, "baseline_on", "target_on")
        if known(first, last) and last < first:
            path = ("indicators", row, "target_on")
            yield Problem.at(*path, code="TARGET_BEFORE_BASELINE", baseline_on=first)
        for place, actual in parts(indicator, "actuals"):
            for each in period_problems(actual):
                here = ("indicators", row, "actuals", place, *each.path)
                yield Problem(each.code, here, each.params)


def _sector_problems(content: Content) -> Iterator[Problem]:
    """A code stands once, and one of the DAC has five digits."""
    seen: set[tuple[str | None, str]] = set()
    for row, sector in parts(content, "sectors"):
        vocabulary, code = values(sector, "vocabulary", "code")
        if not known(code) or vocabulary is WRONG:
            continue
        if vocabulary is None and not re.fullmatch("[0-9]{5}", code):
            yield Problem(
                "UNKNOWN_CODE", ("sectors", row, "code"), unknown_code("dac_sector", code)
            )
        if (vocabulary, code) in seen:
            yield Problem.at("sectors", row, "code", code="REPEATED_VALUE")
        seen.add((vocabulary, code))


def transition_problems(
    transitions: Transitions, content: Content, before: Content | None
) -> Iterator[Problem]:
    """A status stays, or becomes one that may follow it; one that was never stated binds nobody."""
    old = before.get("status") if before else None
    if old is None or not known(new := content.get("status")):
        return
    possible = (old, *transitions.get(old, ()))
    if new not in possible:
        yield Problem.at("status", code="BAD_TRANSITION", before=old, after=new, possible=possible)


def concern_problems(content: Content, before: Content | None) -> Iterator[Problem]:
    return transition_problems(CONCERN_TRANSITIONS, content, before)


def _session_problems(content: Content) -> Iterator[Problem]:
    start, end = values(content, "starts_on", "ends_on")
    for row, session in parts(content, "sessions"):
        day = session.get("on")
        if not known(start, day) or end is WRONG:
            continue
        if day < start or (end is not None and start <= end < day):
            yield Problem.at(
                "sessions", row, "on", code="SESSION_OUTSIDE_ACTIVITY", starts_on=start,
                ends_on=end or "…",
            )  # fmt: skip


def _repeated_keys(content: Content) -> Iterator[Problem]:
    """A key leads to one session."""
    seen: set[str] = set()
    for row, session in parts(content, "sessions"):
        keys = set(texts(session, EXTERNAL_REFS))
        if seen & keys:
            yield Problem.at("sessions", row, EXTERNAL_REFS, code="REPEATED_VALUE")
        seen |= keys


def _section_problems(content: Content, section_of: Mapping[str, str]) -> Iterator[Problem]:
    [own] = values(content, "type")
    if not known(own):
        return
    for name in set(section_of.values()) & content.keys():
        if name != section_of[own]:
            types = [each for each, its_own in section_of.items() if its_own == name]
            yield Problem.at(name, code="SECTION_NOT_FOR_TYPE", type=own, types=types)


def _announced_problems(announced: Content) -> Iterator[Problem]:
    """What is known of the parts must not exceed the whole already."""
    counts = (cell.get("count") for _, cell in parts(announced, "cells"))
    parted = sum(count or 0 for count in counts if known(count))
    [total] = values(announced, "total")
    if known(total) and parted > total:
        yield Problem.at(
            "announced", "cells", code="ANNOUNCED_CELLS_EXCEED_TOTAL", sum=parted, total=total
        )
