"""Owns how possible duplicates are found: people of one chapter who share a blind likeness.

No index holds the groups: the likenesses of all whom the caller may see are compared in one go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pymongo
from bson.binary import Binary
from pymongo.collection import Collection

from services.participants.store.distinct import DistinctPairs
from shared.caller import Caller
from shared.cursors import decode_cursor, encode_cursor
from shared.errors import Refused
from shared.keysets import behind, between, reverse
from shared.layout import WITHDRAWN
from shared.paging import Asked, Page
from shared.records.collection import visible_to
from shared.types import Document

SHOWN: Final = 50  # people of one group; `count` tells how many there are
SCAN_S: Final = 5.0  # 0.2 s for 10,000 people


# Whose names are like each other, and written in one way, have the same name.
_REASON: Final = {
    "$cond": [
        {"$eq": [{"$size": "$names"}, 1]},
        {"$replaceOne": {"input": "$by", "find": "like_", "replacement": "same_"}},
        "$by",
    ]
}
_ORDER: Final = (("mark", 1),)
_FIELDS: Final = ("chapter", "ids", "count", "reasons")


def alike(
    people: Collection[Document], caller: Caller, asked: Asked, ids: Sequence[str] | None
) -> Page[Document]:
    """Groups of people who may be one and the same: {chapter, ids, count, reasons}; with `ids`
    those in which one of them is. Who is the same as nobody there by decision, is left out.

    Raises: Refused BAD_CURSOR (final); Unavailable (retryable) if it takes longer than `SCAN_S`.
    """
    with pymongo.timeout(SCAN_S):
        [found] = people.aggregate(
            [*_groups(caller, ids), {"$facet": _parts(asked)}], allowDiskUse=True
        )
    page = asked.cut(
        found["page"],
        lambda group: encode_cursor([group["mark"].hex()]),
        behind=bool(found.get("behind")),
        total_count=sum(each["n"] for each in found["count"]) if asked.count else None,
    )
    return page.of(lambda group: {name: group[name] for name in _FIELDS})


def _groups(caller: Caller, ids: Sequence[str] | None) -> list[Document]:
    named = [] if ids is None else [{"$match": {"_id": {"$in": list(ids)}}}]
    return [
        {"$match": {WITHDRAWN: False, **visible_to(caller)}},
        {"$project": {"chapter": 1, "alike": 1}},
        {"$unwind": "$alike"},
        {
            "$group": {
                "_id": "$alike.mark",
                "by": {"$first": "$alike.by"},
                "chapter": {"$first": "$chapter"},
                "ids": {"$addToSet": "$_id"},
                "names": {"$addToSet": "$alike.name"},
            }
        },
        {"$match": {"ids.1": {"$exists": True}}},
        *DistinctPairs.dropped(),
        # The same people by another likeness are one group with two reasons. No likeness is in two
        # groups, so the least of them names the group and puts it in order.
        {
            "$group": {
                "_id": {"$sortArray": {"input": "$ids", "sortBy": 1}},
                "mark": {"$min": "$_id"},
                "chapter": {"$first": "$chapter"},
                "reasons": {"$addToSet": _REASON},
            }
        },
        *named,
    ]


def _parts(asked: Asked) -> Mapping[str, Any]:
    """What is asked of the groups, all by one scan."""
    after, before = _mark(asked.after), _mark(asked.before)
    back = _ORDER if asked.backwards else reverse(_ORDER)
    parts: dict[str, list[Document]] = {
        "page": [
            *({"$match": bound} for bound in between(_ORDER, after, before)),
            {"$sort": dict(reverse(_ORDER) if asked.backwards else _ORDER)},
            {"$limit": asked.size + 1},
            {
                "$project": {
                    "_id": 0,
                    "mark": 1,
                    "chapter": 1,
                    "ids": {"$slice": ["$_id", SHOWN]},
                    "count": {"$size": "$_id"},
                    "reasons": {"$sortArray": {"input": "$reasons", "sortBy": 1}},
                }
            },
        ]
    }
    if (start := _mark(asked.behind)) is not None:
        at = {"$match": behind(back, start, itself=True)}
        parts["behind"] = [at, {"$limit": 1}, {"$project": {"mark": 1, "_id": 0}}]
    if asked.count:
        parts["count"] = [{"$count": "n"}]
    return parts


def _mark(cursor: Any) -> list[Binary] | None:
    if cursor is None:
        return None
    try:
        return [Binary(bytes.fromhex(decode_cursor(cursor, 1)[0]))]
    except (TypeError, ValueError) as error:
        raise Refused("BAD_CURSOR") from error
