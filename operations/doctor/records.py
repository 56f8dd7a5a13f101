"""Whether documents of records are of the form that services answer from: what is not, they leave
out.

The database looks, so that nothing is carried here: at the frame of every record, and at what of
its content the contract of its events names. What is private or sealed is its service's to find.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pymongo import MongoClient
from pymongo.database import Database

from operations.doctor.finding import Finding, fault, ok
from shared import contracts
from shared.layout import CHAPTER, CONTENT, CREATED_AT, UPDATED_AT, VERSION, WITHDRAWN
from shared.record_types import RECORD_TYPES, RecordType
from shared.types import Document

_SHOWN: Final = 10
_WHOLE: Final = ("int", "long")
_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("string",),
    "integer": _WHOLE,
    "number": (*_WHOLE, "double"),
    "boolean": ("bool",),
    "object": ("object",),
    "array": ("array",),
}
_FRAME: Final[Mapping[str, tuple[str, ...]]] = {
    CHAPTER: ("string",),
    VERSION: _WHOLE,
    WITHDRAWN: ("bool",),
    CREATED_AT: ("date",),
    UPDATED_AT: ("date",),
    CONTENT: ("object",),
}
_OF_PEOPLE: Final[Mapping[str, tuple[str, ...]]] = {WITHDRAWN: ("bool", "null")}
"""Null: one with another, whose standing counts."""
_ABSENT: Final = ("missing", "null")
_TOLD_ALWAYS: Final = frozenset({"sessions", "groups"})
"""Which events have also of a record without them."""
_DAY: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def check(client: MongoClient[Document]) -> Iterator[Finding]:
    """One finding for each type of record. Raises PyMongoError."""
    for record_type in RECORD_TYPES.values():
        if record_type.delta or record_type.name == "standing":
            continue
        yield look(client[record_type.owner], record_type)


def look(database: Database[Document], record_type: RecordType) -> Finding:
    """What is found of one type of record. Raises PyMongoError."""
    subject = f"{record_type.owner}.{record_type.collection}"
    found = list(database[record_type.collection].aggregate(_damaged(record_type)))
    if not found:
        return ok("records", subject, "all documents are of the form that is answered from")
    count, first = found[0]["n"], found[0]["first"]
    named = ", ".join(f"{each['_id']} ({each['wrong'][0]})" for each in first)
    more = f" and {count - len(first)} more" if count > len(first) else ""
    return fault(
        "records",
        subject,
        f"{count} documents are damaged: {named}{more}",
        "lists leave them out, and by id they are DAMAGED_RECORD; figures have them as told",
        "find an earlier version in `changes` and bring it back (restoreActivities and the like); "
        "what has no version or content any more, from the newest backup",
    )


def _damaged(record_type: RecordType) -> list[Document]:
    """The pipeline that counts the damaged, and shows the first with the paths that are wrong."""
    frame = {**_FRAME, **(_OF_PEOPLE if record_type.name == "participant" else {})}
    checks: list[Any] = [_unless(name, types) for name, types in frame.items()]
    event_type = record_type.event(next(iter(record_type.steps)))
    schema = contracts.of(record_type.owner)[event_type]
    for name, each in schema["properties"].items():
        if name in ("id", "private_changed", *_FRAME):
            continue
        nullable = "anyOf" in each
        form = each["anyOf"][0] if nullable else each
        types = _TYPES[form["type"]]
        needed = name in schema["required"] and not nullable and name not in _TOLD_ALWAYS
        checks.append(_unless(f"{CONTENT}.{name}", types if needed else (*types, *_ABSENT)))
        if form.get("format") == "date":
            checks.append(_unless_day(f"{CONTENT}.{name}"))
    wrong = {"$filter": {"input": checks, "cond": {"$ne": ["$$this", None]}}}
    return [
        {"$project": {"wrong": wrong}},
        {"$match": {"wrong.0": {"$exists": True}}},
        {"$sort": {"_id": 1}},
        {
            "$group": {
                "_id": None,
                "n": {"$sum": 1},
                "first": {"$firstN": {"input": "$$ROOT", "n": _SHOWN}},
            }
        },
    ]


def _unless(path: str, types: tuple[str, ...]) -> Document:
    """The path, unless its value is of one of the types."""
    return {"$cond": [{"$in": [{"$type": f"${path}"}, list(types)]}, None, path]}


def _unless_day(path: str) -> Document:
    """The path, if its value is a text and no calendar day."""
    is_text = {"$eq": [{"$type": f"${path}"}, "string"]}
    day = {"$regexMatch": {"input": {"$cond": [is_text, f"${path}", "0000-00-00"]}, "regex": _DAY}}
    return {"$cond": [day, None, path]}
