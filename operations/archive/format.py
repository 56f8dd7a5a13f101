"""Owns the form of one database's file: a gzip stream of BSON documents (docs/adr/0050).

    {format: "foscao-backup", version: 1, database}
    {collection, options, indexes}           a collection begins
    {documents: n, bytes: m}                 then m bytes: n documents of it, one after the other
    …
    {end: true}

Every BSON document begins with its own length, so the stream needs no other framing, and documents
are copied as the server sent them: nothing is decoded, so nothing can be altered on the way.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import bson
from bson.errors import BSONError

from shared.types import Document

FORMAT: Final = "foscao-backup"
VERSION: Final = 1
# The server sends at most 16 MB at once; a document has at most 16 MB and a little.
_LIMIT: Final = 64 * 1024**2
# Fast rather than small: the server keeps the past for five minutes, and ciphertexts stay as long.
_LEVEL: Final = 1


class Damaged(Exception):
    """The file is not what was written: cut off, altered, or none of ours; the text says which."""


@dataclass(frozen=True, slots=True)
class Begin:
    """A collection begins: how it was created, and its indexes as the server lists them."""

    collection: str
    options: Mapping[str, Any]
    indexes: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class ArchiveBatch:
    """Documents of the collection that began last, one behind the other."""

    raw: bytes
    documents: int

    def split(self) -> Iterator[bytes]:
        """The documents one by one. Raises Damaged where lengths do not fit."""
        position = 0
        while position < len(self.raw):
            end = position + int.from_bytes(self.raw[position : position + 4], "little")
            if not position + 5 <= end <= len(self.raw):
                raise Damaged("documents of a wrong length")
            yield self.raw[position:end]
            position = end


class ArchiveWriter:
    """Writes a new file of mode 0600; use it as a context, then read `sha256` and `size`.

    Raises: OSError, also FileExistsError: a file is never replaced.
    """

    def __init__(self, path: Path, database: str) -> None:
        self._file = _HashingFile(path)
        self._stream = gzip.GzipFile("", "wb", _LEVEL, fileobj=self._file, mtime=0)
        self._write({"format": FORMAT, "version": VERSION, "database": database})

    @property
    def sha256(self) -> str:
        """Of the file as it lies on the disk, in hex."""
        return self._file.digest.hexdigest()

    @property
    def size(self) -> int:
        return self._file.size

    def begin(self, begin: Begin) -> None:
        self._write(
            {
                "collection": begin.collection,
                "options": dict(begin.options),
                "indexes": list(begin.indexes),
            }
        )

    def add(self, raw: bytes) -> int:
        """Append documents as the server sent them; returns how many they are."""
        documents = sum(1 for _ in ArchiveBatch(raw, 0).split())
        self._write({"documents": documents, "bytes": len(raw)})
        self._stream.write(raw)
        return documents

    def _write(self, document: Document) -> None:
        self._stream.write(bson.encode(document))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._write({"end": True})
        self._stream.close()
        self._file.close()


class _HashingFile:
    """The file under the compression: hashes what is written, and brings it to the disk."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file: BinaryIO = os.fdopen(descriptor, "wb")
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, part: bytes) -> int:
        self.digest.update(part)
        self.size += len(part)
        return self._file.write(part)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def read_archive(path: Path, database: str) -> Iterator[Begin | ArchiveBatch]:
    """The collections of a file with their documents, in order, one batch in memory at a time.

    Raises: Damaged: it is not the whole file of this database; OSError: it cannot be read.
    """
    try:
        with gzip.open(path, "rb") as stream:
            yield from _parts(stream, database)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Damaged("it ends too early or was altered") from error
    except (BSONError, KeyError, TypeError, ValueError) as error:
        raise Damaged("it holds what no backup holds") from error


def _parts(stream: Any, database: str) -> Iterator[Begin | ArchiveBatch]:
    header = _document(stream)
    if header.get("format") != FORMAT:
        raise Damaged("it is no backup")
    if header["version"] != VERSION:
        raise Damaged(f"it has format {header['version']}, this program reads {VERSION}")
    if header["database"] != database:
        raise Damaged("it is another database's")
    while "end" not in (each := _document(stream)):
        if "collection" in each:
            yield Begin(each["collection"], each["options"], tuple(each["indexes"]))
        else:
            yield ArchiveBatch(_exactly(stream, each["bytes"]), each["documents"])
    if stream.read(1):
        raise Damaged("something follows its end")


def _document(stream: Any) -> Document:
    length = _exactly(stream, 4)
    rest = int.from_bytes(length, "little") - 4
    return bson.decode(length + _exactly(stream, rest))


def _exactly(stream: Any, size: int) -> bytes:
    if not 0 <= size <= _LIMIT:
        raise Damaged("it holds what no backup holds")
    data: bytes = stream.read(size)
    if len(data) != size:
        raise Damaged("it ends too early")
    return data
