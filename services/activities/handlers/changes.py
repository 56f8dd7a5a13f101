"""Owns the change log: what was changed when and by which key, read from the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import orjson

from services.activities.definitions import DEFINITIONS
from services.activities.store import ActivityStore
from shared.caller import Caller
from shared.contracts import HOUSE
from shared.cursors import decode_cursor, encode_cursor
from shared.errors import NotFound, Refused
from shared.ids import canonical
from shared.paging import Asked, Page
from shared.store.outbox import version_in
from shared.times import rfc3339

SHEET = "attendance"
Changes = dict[str, dict[str, Any]]
Step = tuple[Mapping[str, Any], Mapping[str, Any]]
"""A row of the log behind the one before it."""
_NO_FIELDS = frozenset({"version", "private_changed"})


def changes(request: Mapping[str, Any], store: ActivityStore) -> dict[str, Any]:
    """The versions of one record, or the steps of one session's sheet, oldest first.

    Args: request: `{"caller", "id", "kind" (a record's kind, or "attendance"; activity if left
        out)}`, and which page (`shared.paging`).
    Returns: the page, its items `{"version", "kind" (recorded, corrected, …), "at", "actor",
        "reason", "changed": {field: {"before", "after"}}, "private_changed": [field], "rows": of a
        sheet, the participants whose rows changed, whatever changed in them}`. `actor` and
        `reason` are told to those who may write the record. The fields are those of the events; of
        a free text the log tells only that it changed. A sheet's fields are `present_total` and, by
        participant id, who came on or off it.
    Raises: NotFound (final), also where the caller may not see it; Refused (final): UNKNOWN_KIND,
        PAGE_SIZE, FIRST_AND_LAST, BAD_CURSOR.
    """
    caller, record_type = Caller.of(request), request.get("kind") or "activity"
    identifier = canonical(request.get("id")) or ""
    if record_type not in DEFINITIONS and record_type != SHEET:
        raise Refused("UNKNOWN_KIND", value=str(record_type)[:80], kinds=[*DEFINITIONS, SHEET])
    page = _page(identifier, record_type, caller, Asked.of(request), store)
    steps = [(identifier, row["sequence"]) for _, row in page.items]
    reasons = store.steps.reasons_of(steps) if record_type != SHEET else {}
    rows = store.lines.changed_in(identifier, {n for _, n in steps}) if record_type == SHEET else {}
    # What is public of a record are its values: who wrote why is its chapter's.
    insider = all(caller.may_touch(row["data"]["chapter"]) for _, row in page.items)

    def shown(step: Step) -> dict[str, Any]:
        old, row = step
        reason, _ = reasons.get((identifier, row["sequence"]), (None, None))
        return {
            "version": row["sequence"],
            "kind": row["type"].partition(".")[2],
            "at": rfc3339(row["recorded_at"]),
            "actor": row["actor"] if insider else None,
            "reason": reason if insider else None,
            "changed": _sheet_changes(old["data"], row["data"])
            if record_type == SHEET
            else _field_changes(old["data"], row["data"]),
            "private_changed": row["data"].get("private_changed", []),
            "rows": sorted({*rows.get(row["sequence"], ()), *_named_in(row["data"])}),
        }

    return page.answer(shown)


def _page(
    identifier: str, record_type: str, caller: Caller, asked: Asked, store: ActivityStore
) -> Page[Step]:
    after, before = _sequence(asked.after), _sequence(asked.before)
    until = before and max(before, after or 0)  # the log is there also where the range is empty
    # Besides the page: the row to compare its first with, whether there are more, and the rows that
    # the cursors stand for.
    most = asked.size + 3
    rows = store.steps.between(
        identifier, record_type, since=after or 0, until=until, most=most, newest=asked.backwards
    )
    entries = [{**row, "data": _data(row)} for row in rows]
    if not entries or not _visible(caller, record_type, entries[0]["data"]["chapter"]):
        raise NotFound()
    if after is None and not (asked.backwards and len(entries) == most):
        entries.insert(0, {"sequence": 0, "data": {}})
    steps = [
        (old, row) for old, row in pairwise(entries) if before is None or row["sequence"] < before
    ]
    if asked.backwards:
        stands_behind = before is not None and entries[-1]["sequence"] >= before
    else:
        stands_behind = after is not None and entries[0]["sequence"] <= after
    return asked.cut(
        steps[::-1] if asked.backwards else steps,
        lambda step: encode_cursor([step[1]["sequence"]]),
        behind=stands_behind,
        total_count=store.steps.count(identifier, record_type) if asked.count else None,
    )


def _sequence(cursor: Any) -> int | None:
    """The step that a cursor stands for. Raises Refused BAD_CURSOR (final)."""
    if cursor is None:
        return None
    [sequence] = decode_cursor(cursor, 1)
    if not isinstance(sequence, int) or sequence < 1:
        raise Refused("BAD_CURSOR")
    return sequence


def _data(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the event said, as far as its contract names it today."""
    data = orjson.loads(row["body"])["data"]
    return HOUSE.allowed_in_version(row["type"], version_in(row), data)


def _visible(caller: Caller, record_type: str, chapter: str) -> bool:
    open_to_chapters = (
        record_type in DEFINITIONS and DEFINITIONS[record_type].public and caller.role == "chapter"
    )
    return open_to_chapters or caller.may_touch(chapter)


def _named_in(data: Mapping[str, Any]) -> list[str]:
    """Whose presence a step changed; rows of the release before do not tell their step."""
    return [row["participant_id"] for row in data.get("rows") or ()]


def _field_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Changes:
    return {
        name: {"before": old.get(name), "after": new.get(name)}
        for name in sorted({*old, *new} - _NO_FIELDS)
        if old.get(name) != new.get(name)
    }


def _sheet_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Changes:
    """A sheet's events tell who came on or off it, and by how much the sums of scores changed."""
    before, after = old.get("present_total", 0), new["present_total"]
    return {
        **({"present_total": {"before": before, "after": after}} if before != after else {}),
        **{
            row["participant_id"]: {"before": not row["present"], "after": row["present"]}
            for row in new["rows"]
        },
        **{
            f"scores.{name}": {"before": None, "after": delta}
            for name, delta in new["scores"].items()
            if delta
        },
    }
