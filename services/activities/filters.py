"""Owns the filters of lists: what may be asked, and the condition each becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from marshmallow import ValidationError

from services.activities.layout import WORDS
from services.activities.rules.words import beginnings
from shared.codes import code_list
from shared.codes.areas import Area, area, areas, inside
from shared.codes.countries import today
from shared.codes.states import HELD, PLANNED
from shared.errors import Refused, problems_from
from shared.ids import IDS_ASKED
from shared.records import fields as f
from shared.records.filters import KNOWN_BY, Listed, Period, matches_nothing

Condition = dict[str, Any]

_NOTHING: Final[Mapping[str, Any]] = {"_id": {"$in": []}}


class Asked(Period, Listed):
    """What a list of any record type may be narrowed to."""

    ids = f.Many(f.Id(), limit=IDS_ASKED)
    chapters = f.codes("country")
    project_ids = f.Many(f.Id(), limit=IDS_ASKED)
    activity_ids = f.Many(f.Id(), limit=IDS_ASKED)
    types = f.codes("activity_type")
    statuses = f.codes("activity_status")
    categories = f.codes("concern_category")
    severity_from = f.Whole(1, 5)
    places = f.Many(f.PlaceId())
    kinds = f.codes("place_kind")
    text = f.Text(100)
    withdrawn = f.Truth()


class AskedOfConcerns(Asked):
    statuses = f.codes("concern_status")


_ASKED: Final = Asked()
_ASKED_OF: Final[Mapping[str, f.RowSchema]] = {"concern": AskedOfConcerns()}


KnownBy = Callable[[Mapping[str, Any]], list[Condition]]


def query(
    record_type: str,
    wanted: Mapping[str, Any],
    known_by: KnownBy = lambda _: [],
    with_same: Callable[[list[str]], list[str]] = lambda place_ids: place_ids,
) -> Condition:
    """The condition of a filter; `known_by` makes those of `Listed`, `with_same` knows of places
    which others turned out to be one of them. Records withdrawn are left out unless `withdrawn` is
    true, which shows them alone.

    Filters: as `Asked` (`shared.records.filters`); `places` with all that lay in them on the day of
    the record; `from` and `to` are days, and what overlaps them is found; `text` is looked for in
    titles and texts, of organisations in the beginnings of the words of their names.
    Raises: Refused (final) with the path of what is wrong: a list must not look empty only because
        its filter names nothing.
    """
    try:
        asked = _ASKED_OF.get(record_type, _ASKED).load(dict(wanted))
    except ValidationError as error:
        first, *_ = problems_from(error.messages)
        raise Refused(first.code, path=["filter", *first.path], **first.params) from error
    if matches_nothing(asked):
        return dict(_NOTHING)
    asked.setdefault("withdrawn", False)
    if "places" in asked:
        asked["places"] = with_same(asked["places"])
    conditions = _CONDITIONS | _CONDITIONS_OF.get(record_type, {})
    found = [conditions[name](value) for name, value in asked.items() if name not in KNOWN_BY]
    return {"$and": [*found, *known_by(asked)]}


def of_places(within: Iterable[str], on: str | None = None, kinds: Any = None) -> Condition:
    """The condition for pushed places that lie in each of these on that day, or at present, and are
    of one of these kinds. Raises KeyError: no such place."""
    inner = [inside(area([each], on), "content.parent") for each in within]
    return {"$and": [{}, *inner, *([_one_of("content.kind")(kinds)] if kinds else [])]}


_BEGINS: Final = ("content.starts_on", "content.raised_on")


def _one_of(path: str) -> Callable[[Any], Condition]:
    return lambda values: {path: {"$in": values}}


def _standing(statuses: Any) -> Condition:
    """Activities in one of these states, said of them or by the calendar of their chapters."""
    calendar = {HELD: "$lte", PLANNED: "$gt"}
    days: dict[str, list[str]] = {}
    for country in code_list("country"):
        days.setdefault(today(country), []).append(country)
    derived = [
        {"content.status": None, "chapter": {"$in": chapters}, "content.starts_on": {than: day}}
        for status, than in calendar.items()
        if status in statuses
        for day, chapters in days.items()
    ]
    return {"$or": [_one_of("content.status")(statuses), *derived]}


def _within(values: Any) -> Condition:
    """One of the places or what lay in it on the day that the record begins with; of a record
    without a day, what lies in it at present."""
    return {"$or": [_inside(each) for each in areas(values)]}


def _inside(lying: Area) -> Condition:
    places = inside(lying, "content.places", listed=True)
    where: Condition = {"$or": [inside(lying, "content.place"), places]}
    bounds = {"$gte": lying.since, "$lt": lying.until}
    days = {bound: day for bound, day in bounds.items() if day}
    if not days:
        return where
    when: list[Condition] = [{path: days} for path in _BEGINS]
    if lying.until is None:
        when.append(dict.fromkeys(_BEGINS))
    return {"$and": [where, {"$or": when}]}


def _of_unit(values: Any) -> Condition:
    return inside(area(values), "content.parent")


def _at_least(severity: int) -> Condition:
    return {"content.severity": {"$gte": severity}}


def _since(day: str) -> Condition:
    """Ends, or was raised, on that day or later; what has no end yet goes on."""
    endless = {"content.ends_on": None, "content.raised_on": None}
    late = [{f"content.{name}": {"$gte": day}} for name in ("ends_on", "raised_on")]
    return {"$or": [*late, endless]}


def _until(day: str) -> Condition:
    return {"$or": [{f"content.{name}": {"$lte": day}} for name in ("starts_on", "raised_on")]}


def _containing(text: str) -> Condition:
    pattern = {"$regex": re.escape(text), "$options": "i"}
    plain = [{f"content.{name}": pattern} for name in ("name", "acronym", "text")]
    return {"$or": [*plain, _titled(pattern)]}


def _titled(pattern: Mapping[str, str]) -> Condition:
    """With that in the title in any language; what is no text has none."""
    objects = {"$eq": [{"$type": "$content.title"}, "object"]}
    texts = {"$objectToArray": {"$cond": [objects, "$content.title", {}]}}
    text = {"$convert": {"input": "$$each.v", "to": "string", "onError": "", "onNull": ""}}
    match = {"input": text, "regex": pattern["$regex"], "options": pattern["$options"]}
    found = {"$map": {"input": texts, "as": "each", "in": {"$regexMatch": match}}}
    return {"$expr": {"$anyElementTrue": [found]}}


def _named(text: str) -> Condition:
    """With words in its names that begin as those of the text do."""
    ways = [
        {"$and": [{WORDS: {"$regex": f"^{re.escape(word)}"}} for word in way]}
        for way in beginnings(text)
    ]
    return {"$or": ways} if ways else dict(_NOTHING)


_CONDITIONS: Final[dict[str, Callable[[Any], Condition]]] = {
    "ids": _one_of("_id"),
    "chapters": _one_of("chapter"),
    "project_ids": _one_of("content.project_id"),
    "activity_ids": _one_of("content.activity_id"),
    "types": _one_of("content.type"),
    "statuses": _one_of("content.status"),
    "categories": _one_of("content.category"),
    "severity_from": _at_least,
    "places": _within,
    "since": _since,
    "until": _until,
    "text": _containing,
    "kinds": _one_of("content.kind"),
    "withdrawn": lambda withdrawn: {"withdrawn": withdrawn},
}
_CONDITIONS_OF: Final[Mapping[str, dict[str, Callable[[Any], Condition]]]] = {
    "activity": {"statuses": _standing},
    "organisation": {"text": _named},
    "place": {"places": _of_unit, "text": _named},
}
