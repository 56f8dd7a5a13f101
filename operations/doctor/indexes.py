"""Whether the databases have the indexes that the services make at their start, and no others.

Owns the comparison; what is expected is `indexes.json` beside this file, which
`python -m deploy.indexes` makes by letting each service prepare an empty database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient
from pymongo.database import Database

from operations.doctor.finding import Finding, fault, ok, warning
from operations.generation import live_prefix
from services.reporting.layout import COLLECTIONS, under
from shared.layout import OUTBOX, PARKING_LOT
from shared.types import Document

EXPECTED: Final = Path(__file__).with_name("indexes.json")
_SAID: Final = ("unique", "sparse", "partialFilterExpression", "expireAfterSeconds")


def described(database: Database[Document]) -> dict[str, dict[str, Document]]:
    """By collection and name, the indexes beside that of `_id`, in a form that JSON can hold."""
    found: dict[str, dict[str, Document]] = {}
    for collection in sorted(database.list_collection_names()):
        indexes = {
            each["name"]: {
                "key": _key(each["key"]),
                **{word: each[word] for word in _SAID if word in each},
            }
            for each in database[collection].list_indexes()
            if each["name"] != "_id_"
        }
        if indexes:
            found[collection] = dict(sorted(indexes.items()))
    return found


def _key(key: Mapping[str, Any]) -> str:
    """`chapter:1 _id:-1`; servers differ in the type of the number."""
    return " ".join(
        f"{field}:{way if isinstance(way, str) else int(way)}" for field, way in key.items()
    )


def check(client: MongoClient[Document]) -> Iterator[Finding]:
    """Findings of all databases. Raises PyMongoError."""
    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
    for name, collections in expected.items():
        actual = described(client[name])
        if name == "reporting":
            actual = live(client[name], actual)
        findings = [*_compare(name, collections, actual)]
        yield from findings
        if not findings:
            count = sum(len(each) for each in collections.values())
            yield ok("index", name, f"{count} indexes as expected")


def live(
    database: Database[Document], actual: Mapping[str, dict[str, Document]]
) -> dict[str, dict[str, Document]]:
    """The live projections under their plain names; others, being built or kept, left out."""
    prefix = live_prefix(database)
    plain = {under(prefix, name): name for name in (*COLLECTIONS, OUTBOX, PARKING_LOT)}
    return {plain[name]: indexes for name, indexes in actual.items() if name in plain}


def _compare(
    database: str,
    expected: Mapping[str, Mapping[str, Document]],
    actual: Mapping[str, Mapping[str, Document]],
) -> Iterator[Finding]:
    for collection, indexes in expected.items():
        there = actual.get(collection, {})
        for name, wanted in indexes.items():
            if there.get(name) != wanted:
                yield _missing(f"{database}.{collection}", name, wanted, there.get(name))
        for name in there.keys() - indexes.keys():
            yield _unexpected(f"{database}.{collection}", name, there[name])


def _missing(collection: str, name: str, wanted: Document, there: Document | None) -> Finding:
    found = f"{collection} lacks the index {name}" if there is None else f"{name} is {there}"
    remedy = "restart the service: it makes its indexes at its start"
    if there is not None:
        remedy = f"drop the index, then {remedy}"
    return fault(
        "index",
        f"{collection}.{name}",
        found,
        "the same thing may be stored twice: this index refuses twins"
        if wanted.get("unique")
        else "what is to go after a time stays for good"
        if "expireAfterSeconds" in wanted
        else "queries read the whole collection and run into their time limits",
        f"{remedy}; a unique index first wants its duplicates found (foscao audit)"
        if wanted.get("unique")
        else remedy,
    )


def _unexpected(collection: str, name: str, there: Document) -> Finding:
    subject, found = f"{collection}.{name}", f"{collection} has an index {name} nobody expects"
    remedy = "drop it, or have the service declare it"
    if "expireAfterSeconds" in there:
        risk = "the database deletes documents by it"
        return fault("index-unexpected", subject, found, risk, remedy)
    if there.get("unique"):
        risk = "it refuses what the services hold for valid"
        return fault("index-unexpected", subject, found, risk, remedy)
    return warning("index-unexpected", subject, found, "nothing; it slows writing", remedy)
