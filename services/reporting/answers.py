"""The form of answers: figures with their cells in the order of the code lists, and as of what."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import product
from typing import Any, Final, TypeAlias, TypeVar

from services.reporting.rules.activities import UNKNOWN, Activity, Keys, ReportScope
from services.reporting.rules.figures import Figure, Figures
from services.reporting.rules.scores import Tested
from services.reporting.rules.shares import Share
from services.reporting.schemas import ReportQuestion, ScopeSchema
from shared.codes import code_list
from shared.cursors import decode_cursor, encode_cursor
from shared.errors import Refused
from shared.paging import Page
from shared.times import rfc3339

Section: TypeAlias = Mapping[str, Any]
T = TypeVar("T")
_Place: TypeAlias = tuple[int, str, str]

CODE_LISTS: Final = {
    "sex": "sex",
    "age_band": "age_band",
    "group": "stakeholder_group",
    "group_any": "stakeholder_group",
    "disability": "disability_status",
    "ecpf": "ecpf_component",
    "topic": "emmmda_topic",
    "architecture": "architecture_tag",
    "type": "activity_type",
}


def framed(position: Mapping[str, Any] | None, scope: ReportScope, day: str) -> dict[str, Any]:
    """What every answer begins with: the last event it stands by and the filter applied."""
    recorded_at: datetime | None = position["recorded_at"] if position else None
    asked: dict[str, Any] = ScopeSchema().dump(scope)
    return {
        "as_of": {
            "event_id": position["event_id"] if position else None,
            "type": position["type"] if position else None,
            "recorded_at": recorded_at and rfc3339(recorded_at),
            "events_applied": position["events_applied"] if position else 0,
            "day": day,
        },
        "filter": {name: value for name, value in asked.items() if value is not None},
    }


def figures_shown(found: Figures, asked: ReportQuestion) -> dict[str, Any]:
    """The four figures, each `{total, cells: [{keys: {sex: ...}, value}]}`."""
    four = {
        "announced": found.announced,
        "person_sessions": found.person_sessions,
        "unique_per_activity": found.unique_per_activity,
        "unique_people": found.unique_people,
    }
    return {
        name: {"total": figure.total, "cells": _cells(figure, asked)}
        for name, figure in four.items()
    }


def with_shares(
    figures: Mapping[str, Any], found: Mapping[str, Sequence[Share]]
) -> dict[str, dict[str, Any]]:
    """The figures, each with its `shares`: `share` is a number from 0 to 1, None of nobody."""
    return {
        name: {**figure, "shares": [_share_shown(each) for each in found[name]]}
        for name, figure in figures.items()
    }


def _share_shown(share: Share) -> dict[str, Any]:
    quotient = round(share.count / share.known, 4) if share.known else None
    return {
        "of": share.of,
        "count": share.count,
        "known": share.known,
        "unknown": share.unknown,
        "share": quotient,
    }


def listed(list_name: str, found: Collection[str]) -> list[str]:
    """Every code of the list, then what was found besides: `unknown` comes last."""
    codes = code_list(list_name)
    beyond = sorted(each for each in found if each not in codes)
    return [*codes, *sorted(beyond, key=lambda each: each == UNKNOWN)]


def page_of_rows(
    parted: Iterable[tuple[Activity, str, T]], asked: ReportQuestion
) -> Page[tuple[str, list[T]]]:
    """A page of a report's rows, each with what is in it.

    Activities come in the order of their days, other rows in that of their keys, `unknown` last.

    Args: parted: of each activity what stands in one row, with the row's key.
    Raises: Refused BAD_CURSOR (final).
    """
    if not asked.rows_by:
        return Page([], [])
    rows: dict[_Place, list[T]] = {}
    for activity, key, part in parted:
        day = activity.starts_on if asked.rows_by == "activity" else ""
        rows.setdefault((int(key == UNKNOWN), day, key), []).append(part)
    page = asked.page
    after, before = _place(page.after), _place(page.before)
    walked = [
        place
        for place in sorted(rows, reverse=page.backwards)
        if (after is None or place > after) and (before is None or place < before)
    ]
    if page.backwards:
        stands_behind = before is not None and any(place >= before for place in rows)
    else:
        stands_behind = after is not None and any(place <= after for place in rows)
    cut = page.cut(walked, encode_cursor, behind=stands_behind, total_count=len(rows))
    return cut.of(lambda place: (place[2], rows[place]))


def named_shown(
    activities: Sequence[Activity], titles: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """How many activities these are, and the first of them, of which the titles are there."""
    return {
        "total": len(activities),
        "activities": [
            {
                "id": each.id,
                "title": titles.get(each.id) or {},
                "starts_on": each.starts_on,
                "ends_on": each.ends_on,
            }
            for each in activities
            if each.id in titles
        ],
    }


def _place(cursor: Any) -> _Place | None:
    """Where a cursor stands in the order of rows. Raises Refused BAD_CURSOR (final)."""
    if cursor is None:
        return None
    last, day, key = decode_cursor(cursor, 3)
    if not (isinstance(last, int) and isinstance(day, str) and isinstance(key, str)):
        raise Refused("BAD_CURSOR")
    return last, day, key


def media_shown(media: Sequence[Section]) -> dict[str, Any]:
    """Reach in all and by channel; `audience_estimate` is what organisers stated, no count of ours.

    An intervention on several channels stands under each of them: channels do not add up.
    """
    return {
        **_reach(media),
        "audience_basis": "stated_by_organiser",
        "by_channel": [
            {
                "channel": channel,
                **_reach([each for each in media if channel in (each.get("channels") or ())]),
            }
            for channel in code_list("media_channel")
        ],
    }


def publications_shown(publications: Sequence[Section]) -> dict[str, int]:
    """How many titles, and how many copies of them were printed and handed out."""
    return {
        "titles": len(publications),
        "copies_printed": _total(publications, "copies_printed"),
        "copies_distributed": _total(publications, "copies_distributed"),
    }


def tests_shown(found: Tested) -> dict[str, float | int | None]:
    """Means (0 to 100) and standard deviations, None where nobody was tested.

    The gain is that of those who took both tests; `n` says how many did, `unpaired` how many one.
    """
    return {
        "pre_mean": found.pre.mean,
        "pre_spread": found.pre.deviation,
        "pre_n": found.pre.n,
        "post_mean": found.post.mean,
        "post_spread": found.post.deviation,
        "post_n": found.post.n,
        "gain_mean": found.gain.mean,
        "gain_spread": found.gain.deviation,
        "n": found.gain.n,
        "unpaired": found.unpaired,
    }


def by_status(list_name: str, found: Mapping[str, int]) -> list[dict[str, Any]]:
    """How many there are of each status of a code list, zeros included."""
    return [{"status": each, "count": found.get(each, 0)} for each in listed(list_name, found)]


def _reach(media: Sequence[Section]) -> dict[str, int]:
    return {
        "interventions": len(media),
        "broadcasts": _total(media, "broadcasts"),
        "audience_estimate": _total(media, "audience_estimate"),
    }


def _total(sections: Sequence[Section], name: str) -> int:
    return sum(each.get(name) or 0 for each in sections)


def _cells(figure: Figure, asked: ReportQuestion) -> list[dict[str, Any]]:
    axes = [_axis(dim, place, figure) for place, dim in enumerate(asked.by)]
    keys: Collection[Keys] = figure.cells
    if asked.with_zeros:
        keys = set(product(*axes)) if axes else ()
    ranks = [{code: rank for rank, code in enumerate(axis)} for axis in axes]
    ordered = sorted(
        keys, key=lambda cell: [rank[code] for rank, code in zip(ranks, cell, strict=True)]
    )
    return [
        {"keys": dict(zip(asked.by, cell, strict=True)), "value": figure.cells.get(cell, 0)}
        for cell in ordered
    ]


def _axis(dim: str, place: int, figure: Figure) -> list[str]:
    """The categories of a dimension in their order; of residence those that occur."""
    found = {cell[place] for cell in figure.cells} | {UNKNOWN}
    if dim in CODE_LISTS:
        return listed(CODE_LISTS[dim], found)
    return sorted(found, key=lambda each: (each == UNKNOWN, each))
