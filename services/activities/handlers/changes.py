"""Owns the change log: what was changed when and by which key, read from the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import orjson

from services.activities.kinds import KINDS
from services.activities.store import ActivityStore
from shared.caller import Caller
from shared.contracts import HOUSE
from shared.cursors import bounded, decode_cursor, encode_cursor
from shared.errors import NotFound, Refused
from shared.ids import canonical
from shared.store.outbox import version_in
from shared.times import rfc3339

SHEET = "attendance"
Changes = dict[str, dict[str, Any]]
_NO_FIELDS = frozenset({"version", "private_changed"})


def changes(request: Mapping[str, Any], store: ActivityStore) -> dict[str, Any]:
    """The versions of one record, or the steps of one session's sheet, oldest first.

    Args: request: `{"caller", "id", "kind" (a record's kind, or "attendance"; activity if left
        out), "after", "first"}`.
    Returns: `{"items": [{"version", "kind" (recorded, corrected, …), "at", "actor", "reason",
        "changed": {field: {"before", "after"}}, "private_changed": [field]}], "next"}`. The
        fields are those of the events; of a free text the log tells only that it changed. A
        sheet's fields are `present_total` and, by participant id, who came on or off it.
    Raises: NotFound (final), also where the caller may not see it; Refused (final): UNKNOWN_KIND,
        PAGE_SIZE, BAD_CURSOR.
    """
    caller, noun = Caller.of(request), request.get("kind") or "activity"
    identifier = canonical(request.get("id")) or ""
    if noun not in KINDS and noun != SHEET:
        raise Refused("UNKNOWN_KIND", value=str(noun)[:80])
    first, after = bounded(request.get("first")), request.get("after")
    shown = int(decode_cursor(after, 1)[0]) if after else 0
    # One more at each end: the version to compare the first with, and whether there is a next page.
    begin = max(shown - 1, 0)
    rows = store.history(identifier, noun, begin, first + 1 + (shown - begin))
    entries = [{**row, "data": _data(row)} for row in rows]
    if not entries or not _visible(caller, noun, entries[0]["data"]["chapter"]):
        raise NotFound()
    if not shown:
        entries.insert(0, {"data": {}})
    page = list(pairwise(entries))[:first]
    versions = [row["sequence"] for _, row in page]
    reasons = store.reasons_of(identifier, versions) if noun != SHEET else {}
    more = len(entries) - 1 > first
    return {
        "items": [
            {
                "version": row["sequence"],
                "kind": row["type"].partition(".")[2],
                "at": rfc3339(row["recorded_at"]),
                "actor": row["actor"],
                "reason": reasons.get(row["sequence"]),
                "changed": _sheet_changes(old["data"], row["data"])
                if noun == SHEET
                else _field_changes(old["data"], row["data"]),
                "private_changed": row["data"].get("private_changed", []),
            }
            for old, row in page
        ],
        "next": encode_cursor([versions[-1]]) if more and versions else None,
    }


def _data(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the event said, as far as its contract names it today."""
    data = orjson.loads(row["body"])["data"]
    return HOUSE.confined(row["type"], version_in(row), data)


def _visible(caller: Caller, noun: str, chapter: str) -> bool:
    open_to_chapters = noun in KINDS and KINDS[noun].public and caller.role == "chapter"
    return open_to_chapters or caller.may_touch(chapter)


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
