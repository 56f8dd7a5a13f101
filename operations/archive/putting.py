"""Puts a backup back: every collection with its documents, then its indexes, then counts them.

The documents are written as they lie in the file. Nothing here runs before the whole backup has
been verified (`Manifest.verify`), and the services must not run while it does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from operations.archive.format import ArchiveBatch, Begin, read_archive
from operations.archive.manifest import File, Manifest
from operations.failure import CannotRun

Advance = Callable[[File, int], None]


def put(client: MongoClient[Any], manifest: Manifest, folder: Path, advance: Advance) -> None:
    """Replace each database of the manifest by what its file holds.

    Args: advance: told of the documents written.
    Raises: CannotRun: the database holds another number of documents than were written; Damaged or
        OSError: a file changed since it was verified; a PyMongoError. The databases are then
        incomplete: restore again, replacing them.
    Effects: drops the databases of that name first.
    """
    for file in manifest.files:
        client.drop_database(file.database)
    for file in manifest.files:
        _put(client[file.database], file, folder, advance)


def _put(database: Any, file: File, folder: Path, advance: Advance) -> None:
    begun: list[Begin] = []
    for part in read_archive(folder / file.name, file.database):
        match part:
            case Begin():
                begun.append(part)
                database.create_collection(part.collection, **part.options)
            case ArchiveBatch():
                documents = [RawBSONDocument(each) for each in part.split()]
                database[begun[-1].collection].insert_many(documents, ordered=False)
                advance(file, len(documents))
    for each in begun:
        wanted = file.collections[each.collection]
        if (found := database[each.collection].count_documents({})) != wanted:
            raise CannotRun(
                f"{file.database}.{each.collection} holds {found} documents instead of {wanted}: "
                "restore again with --replace, while nothing else writes"
            )
        # Last, and in one go: an index that expires documents begins to do so when it is there.
        if each.indexes:
            database.command("createIndexes", each.collection, indexes=list(each.indexes))
