"""Owns the filters of lists: what may be asked, and the condition each becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from shared.codes import LANGUAGES
from shared.errors import Refused

Condition = dict[str, Any]


def query(wanted: Mapping[str, Any]) -> Condition:
    """The condition of a filter; records withdrawn are left out unless `withdrawn` is true, which
    shows them alone.

    Filters: chapters, project_ids, activity_ids, types, statuses, categories, countries; places
    (with all that lies in them); severity_from; from, to (days; what overlaps them); text (in a
    title or name).
    Raises: Refused (final): UNKNOWN_FILTER, MALFORMED.
    """
    given = {name: value for name, value in wanted.items() if value not in (None, "", [])}
    if unknown := sorted(given.keys() - _FILTERS.keys()):
        raise Refused("UNKNOWN_FILTER", value=str(unknown[0])[:80])
    given.setdefault("withdrawn", False)
    conditions = [_FILTERS[name](value) for name, value in given.items()]
    return {"$and": conditions}


def _one_of(path: str) -> Callable[[Any], Condition]:
    return lambda values: {path: {"$in": _texts(values)}}


def _within(values: Any) -> Condition:
    """One of the places or what lies in it: ids begin with their parents'."""
    inside = {"$regex": f"^({'|'.join(map(re.escape, _texts(values)))})(\\.|$)"}
    return {"$or": [{"content.place": inside}, {"content.places": inside}]}


def _at_least(value: Any) -> Condition:
    if not isinstance(value, int):
        raise Refused("MALFORMED")
    return {"content.severity": {"$gte": value}}


def _since(value: Any) -> Condition:
    """Ends, or was raised, on that day or later; what has no end yet goes on."""
    day = _text(value)
    endless = {"content.ends_on": None, "content.raised_on": None}
    late = [{f"content.{name}": {"$gte": day}} for name in ("ends_on", "raised_on")]
    return {"$or": [*late, endless]}


def _until(value: Any) -> Condition:
    day = _text(value)
    return {"$or": [{f"content.{name}": {"$lte": day}} for name in ("starts_on", "raised_on")]}


def _containing(value: Any) -> Condition:
    pattern = {"$regex": re.escape(_text(value)), "$options": "i"}
    paths = [f"content.title.{language}" for language in LANGUAGES]
    return {"$or": [{path: pattern} for path in [*paths, "content.name", "content.acronym"]]}


def _withdrawn(value: Any) -> Condition:
    return {"withdrawn": bool(value)}


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or len(values) > 200:
        raise Refused("MALFORMED")
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 100:
        raise Refused("MALFORMED")
    return value


_FILTERS: Mapping[str, Callable[[Any], Condition]] = {
    "chapters": _one_of("chapter"),
    "project_ids": _one_of("content.project_id"),
    "activity_ids": _one_of("content.activity_id"),
    "types": _one_of("content.type"),
    "statuses": _one_of("content.status"),
    "categories": _one_of("content.category"),
    "countries": _one_of("content.country"),
    "severity_from": _at_least,
    "places": _within,
    "from": _since,
    "to": _until,
    "text": _containing,
    "withdrawn": _withdrawn,
}
