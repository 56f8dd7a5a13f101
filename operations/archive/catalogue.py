"""Owns what is asked of a server about its collections: which there are, how made, how indexed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pymongo import MongoClient

from operations.archive.format import Begin

_OF_THE_SERVER: Final = "system."
# What `listIndexes` says and `createIndexes` decides by itself.
_INDEX_VERSIONS: Final = ("v", "ns")


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection of one database; `uuid` changes when it is dropped and made again."""

    database: str
    name: str
    uuid: bytes
    options: Mapping[str, Any]


def collections(client: MongoClient[Any], databases: Iterable[str]) -> tuple[Collection, ...]:
    """The collections of these databases, by database and name. Raises a PyMongoError."""
    return tuple(
        Collection(database, each["name"], bytes(each["info"]["uuid"]), each["options"])
        for database in databases
        for each in sorted(client[database].list_collections(), key=lambda c: str(c["name"]))
        if each["type"] == "collection" and not each["name"].startswith(_OF_THE_SERVER)
    )


def described(client: MongoClient[Any], collection: Collection) -> Begin:
    """How to make the collection anew: its options, and its indexes besides that of `_id`."""
    indexes = client[collection.database][collection.name].list_indexes()
    return Begin(
        collection.name,
        collection.options,
        tuple(
            {key: value for key, value in index.items() if key not in _INDEX_VERSIONS}
            for index in indexes
            if index["name"] != "_id_"
        ),
    )
