"""A backup's file gives back what was written, or says that it is not whole."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bson
import pytest

from operations.archive.format import ArchiveBatch, ArchiveWriter, Begin, Damaged, read_archive

DOCUMENTS: list[dict[str, Any]] = [{"_id": "a", "n": 1}, {"_id": "b", "sealed": b"\x00\x01"}]
INDEX = {"key": {"n": 1}, "name": "n", "unique": True}
HEADER = {"format": "foscao-backup", "version": 1, "database": "things"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "things.bson.gz"
    with ArchiveWriter(path, "things") as archive:
        archive.begin(Begin("first", {}, (INDEX,)))
        assert archive.add(b"".join(bson.encode(each) for each in DOCUMENTS)) == 2
        archive.begin(Begin("empty", {"capped": False}, ()))
    return path


def test_documents_options_and_indexes_come_back_in_order(path: Path) -> None:
    first, batch, empty = read_archive(path, "things")
    assert first == Begin("first", {}, (INDEX,))
    assert isinstance(batch, ArchiveBatch)
    assert batch.documents == 2
    assert [bson.decode(each) for each in batch.split()] == DOCUMENTS
    assert empty == Begin("empty", {"capped": False}, ())


def test_a_file_is_never_written_over(path: Path) -> None:
    whole = path.read_bytes()
    with pytest.raises(FileExistsError):
        ArchiveWriter(path, "things")
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda raw: raw[:-14], "too early"),  # the end is missing, the compression is sound
        (lambda raw: raw[:-20], "too early"),
        (lambda raw: raw + b"\x00", "follows its end"),
        (lambda raw: bson.encode({**HEADER, "version": 2}), "format 2"),
        (lambda raw: bson.encode({**HEADER, "database": "others"}), "another database"),
        (lambda raw: bson.encode({"format": "else"}), "no backup"),
        (lambda raw: bson.encode(HEADER) + bson.encode({"strange": 1}), "what no backup holds"),
        (lambda raw: bson.encode(HEADER) + b"\xff\xff\xff\xff", "what no backup holds"),
        (lambda raw: b"", "too early"),
    ],
)
def test_content_that_was_not_written_so_is_damaged(
    path: Path, change: Callable[[bytes], bytes], reason: str
) -> None:
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))
    with pytest.raises(Damaged, match=reason):
        list(read_archive(path, "things"))


def test_documents_of_a_wrong_length_are_damaged() -> None:
    with pytest.raises(Damaged):
        list(ArchiveBatch(bson.encode({"_id": 1})[:-1], 1).split())
    with pytest.raises(Damaged):
        list(ArchiveBatch(b"\x00\x00\x00\x00\x00", 1).split())


def test_a_file_cut_off_under_its_compression_is_damaged(path: Path) -> None:
    whole = path.read_bytes()
    for size in (0, 5, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(Damaged):
            list(read_archive(path, "things"))
