"""Owns what changes in the life of a person: what is true from a day on, and what was true before.

The content itself holds what is true at present. Once something of it has changed, `life_changes`
holds by day what was said to be true from then on, and under `before` what was true until the first
change of each part: `{"before": {"groups": […]}, "2026-03-01": {"groups": […]}}`. Each part stands
for itself, each answer of the Washington Group too: a day that says nothing of a part leaves it as
it was, and None says that it is nothing from then on. Days are ISO 8601 text, which sorts as days
do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from shared.errors import Problem
from shared.records.partial import WRONG, known

Content = Mapping[str, Any]

SINCE: Final = "since"
CHANGES: Final = "life_changes"
BEFORE: Final = "before"

CHANGING: Final = ("groups", "disability", "washington_group", "place", "organisation_id")
"""What of a person changes in life; all else that is said otherwise is a correction."""
MOST: Final = 50  # days of one person

_Part = tuple[str, ...]
_Track = Mapping[str, Any]
"""By day, and `BEFORE`, what was said of one part."""


class Dated(NamedTuple):
    """The content as it is to be stored, what is wrong, and what is worth knowing of it."""

    content: Content
    problems: tuple[Problem, ...] = ()
    remarks: tuple[Problem, ...] = ()


class Stretch(NamedTuple):
    """From a day on, None: before all changes; what was said of that day, by field; and what of
    `CHANGING` was true then."""

    since: str | None
    said: Content
    content: Content


def dated(stored: Content, content: Content, given: Content) -> Dated:
    """What is said of a day on is kept by that day; what is said without one holds for all time.

    Args: content: what is `stored`, with what is `given` said over it; `stored` is empty for a new
        person.
    Effects of what is given, or cleared, with `since`: the day says so; what was true before the
        first day is kept. Without it: where the changes do not end with it, they are dropped.
    """
    since = content.get(SINCE)
    if since is None and CHANGES not in stored:
        return Dated(content)
    rest = {name: value for name, value in content.items() if name not in (SINCE, CHANGES)}
    if since is WRONG:
        return Dated(rest)
    was, now, said = _parts(stored), _parts(content), _parts(given)
    earlier, tracks = _tracks(stored), _tracks(content)
    kept: dict[_Part, _Track] = {}
    dropped: dict[str, set[str]] = {}
    for part in dict.fromkeys((*was, *now, *said, *earlier)):
        track = dict(tracks.get(part, {}))
        touched = part in said or (part in was and part not in now)
        base = earlier[part].get(BEFORE) if part in earlier else was.get(part)
        if touched and since is not None:
            if not track and base is not None:
                track[BEFORE] = base
            track[since] = now.get(part)
        days = track.keys() - {BEFORE}
        end = track[max(days)] if days else base
        if touched and since is None and (not days or end != now.get(part)):
            if days:
                dropped.setdefault(part[0], set()).update(days)
            days, end = set(), now.get(part)
        now[part] = end
        if days:
            kept[part] = track
    for name in CHANGING:
        rest.pop(name, None)
    rest |= _joined(now)
    if kept:
        rest[CHANGES] = _by_day(kept)
    problems = tuple(_problems(stored, rest)) if since is not None else ()
    remarks = (
        Problem.at(name, code="CHANGES_DROPPED", days=", ".join(sorted(days)))
        for name, days in dropped.items()
    )
    return Dated(rest, problems, tuple(remarks))


def stretches(content: Content) -> list[Stretch]:
    """What was true from when on, the earliest first; empty where nothing changed."""
    changes: Content = content.get(CHANGES) or {}
    days = changes_days(content)
    if not days:
        return []
    changed = {part for day in days for part in _parts(changes[day])}
    true = {part: value for part, value in _parts(content).items() if part not in changed}
    true |= _parts(changes.get(BEFORE) or {})
    found = [Stretch(None, {}, _joined(true))]
    for day in days:
        true |= _parts(changes[day])
        found.append(Stretch(day, changes[day], _joined(true)))
    return found


def changes_days(content: Content) -> list[str]:
    """The days from which on something is said to be true, the earliest first."""
    return sorted((content.get(CHANGES) or {}).keys() - {BEFORE})


def _problems(stored: Content, content: Content) -> Iterator[Problem]:
    if not stored:
        yield Problem.at(SINCE, code="NOBODY_TO_CHANGE")
        return
    for name in dict.fromkeys((*stored, *content)):
        value = content.get(name)
        if name not in (*CHANGING, CHANGES) and value is not WRONG and value != stored.get(name):
            yield Problem.at(name, code="NOT_A_CHANGE")
    if len(changes_days(content)) > MOST:
        yield Problem.at(SINCE, code="TOO_MANY", limit=MOST)


def _parts(content: Content) -> dict[_Part, Any]:
    """The parts that change each for itself."""
    found: dict[_Part, Any] = {}
    for name in CHANGING:
        value = content.get(name)
        if isinstance(value, dict):
            found |= {(name, inner): each for inner, each in value.items()}
        elif name in content:
            found[(name,)] = value
    return found


def _joined(parts: Mapping[_Part, Any], *, empty: bool = False) -> dict[str, Any]:
    """The content of these parts; of those that are nothing only if `empty` are kept."""
    content: dict[str, Any] = {}
    for (name, *inner), value in parts.items():
        if value is None and not empty:
            continue
        if inner:
            content.setdefault(name, {})[inner[0]] = value
        else:
            content[name] = value
    return content


def _tracks(content: Content) -> dict[_Part, dict[str, Any]]:
    changes = content.get(CHANGES)
    found: dict[_Part, dict[str, Any]] = {}
    for day, said in changes.items() if isinstance(changes, dict) else ():
        for part, value in _parts(said).items():
            found.setdefault(part, {})[day] = value
    return found


def _by_day(tracks: Mapping[_Part, _Track]) -> dict[str, Any]:
    days = {day for track in tracks.values() for day in track}
    return {
        day: _joined(
            {part: track[day] for part, track in tracks.items() if day in track}, empty=True
        )
        for day in sorted(days, key=lambda day: (day != BEFORE, day))
    }


def ahead(content: Content, before: Content | None, today: str) -> Iterator[Problem]:
    """The changes of days to come, unless they were stored before."""
    for day in set(changes_days(content)) - set(changes_days(before or {})):
        if known(day) and day > today:
            yield Problem.at(SINCE, code="IN_FUTURE", value=day, latest=today)
