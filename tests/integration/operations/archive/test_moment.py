"""A backup shows one moment of all databases, and is there whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import bson
import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure

from operations.archive.format import ArchiveBatch, read_archive
from operations.archive.manifest import Manifest
from operations.archive.taking import take
from operations.failure import CannotRun
from shared.types import Document


@pytest.fixture
def second(
    db: Database[Document], mongo_client: MongoClient[Document]
) -> Iterator[Database[Document]]:
    name = f"{db.name}_second"
    yield mongo_client[name]
    mongo_client.drop_database(name)


@pytest.fixture
def backup(
    db: Database[Document], second: Database[Document], tmp_path: Path
) -> Callable[..., Manifest]:
    """`backup(meanwhile)` of one document each; `meanwhile` runs while the first is written."""
    db["things"].insert_one({"_id": "before"})
    second["things"].insert_one({"_id": "before"})

    def run(meanwhile: Callable[[], object] = lambda: None) -> Manifest:
        def advance(database: str, _documents: int) -> None:
            if database == db.name:
                meanwhile()

        return take(db.client, (db.name, second.name), tmp_path / "backup", advance)

    return run


def test_what_is_written_meanwhile_is_in_no_database_of_the_backup(
    db: Database[Document],
    second: Database[Document],
    backup: Callable[..., Manifest],
    tmp_path: Path,
) -> None:
    def write() -> None:
        second["things"].insert_one({"_id": "meanwhile"})
        second["things"].update_one({"_id": "before"}, {"$set": {"changed": True}})
        db["things"].insert_one({"_id": "meanwhile"})

    manifest = backup(write)
    for database in (db.name, second.name):
        path = tmp_path / "backup" / f"{database}.bson.gz"
        batches = [part for part in read_archive(path, database) if isinstance(part, ArchiveBatch)]
        held = [bson.decode(each) for batch in batches for each in batch.split()]
        assert held == [{"_id": "before"}]
    assert Manifest.load(tmp_path / "backup") == manifest
    manifest.verify(tmp_path / "backup", lambda _, documents: None)


@pytest.mark.parametrize("change", ["drop", "create", "make anew"])
def test_a_change_of_the_collections_meanwhile_leaves_no_backup(
    second: Database[Document], backup: Callable[..., Manifest], tmp_path: Path, change: str
) -> None:
    def change_collections() -> None:
        if change != "create":
            second["things"].drop()
        if change != "drop":
            second["things" if change == "make anew" else "others"].insert_one({})

    # Read as of a moment before it was made, a collection is refused by the server itself.
    with pytest.raises((CannotRun, OperationFailure), match="collection"):
        backup(change_collections)
    assert list(tmp_path.iterdir()) == []


def test_neither_a_backup_nor_an_unfinished_one_is_written_over(
    backup: Callable[..., Manifest], tmp_path: Path
) -> None:
    unfinished = tmp_path / "backup.partial"
    unfinished.mkdir()
    with pytest.raises(CannotRun, match="another backup"):
        backup()
    assert list(tmp_path.iterdir()) == [unfinished]
    unfinished.rmdir()
    backup()
    whole = {path.name: path.read_bytes() for path in (tmp_path / "backup").iterdir()}
    with pytest.raises(CannotRun, match="exists"):
        backup()
    assert {path.name: path.read_bytes() for path in (tmp_path / "backup").iterdir()} == whole
