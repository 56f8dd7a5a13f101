"""Owns the backup's folder: one file per database, and `manifest.json`, which is written last.

A folder without a manifest is no backup. The checksums find accidents, not malice: whoever can
alter a file can alter the manifest.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from operations.archive.format import FORMAT, VERSION, ArchiveBatch, Begin, Damaged, read_archive

NAME: Final = "manifest.json"
_BLOCK: Final = 1024**2


@dataclass(frozen=True, slots=True)
class File:
    """One database's file; `collections`: how many documents each has."""

    database: str
    name: str
    size: int
    sha256: str
    collections: Mapping[str, int]

    @property
    def documents(self) -> int:
        return sum(self.collections.values())


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    `cluster_time`: [seconds, increment], the moment of the replica set at which all databases were
    read; `taken_at`: the same moment (UTC, RFC 3339); `server`: MongoDB's version; `doubts`: why it
    was not sure, when it was taken, that the names in it can be opened.
    """

    cluster_time: tuple[int, int]
    taken_at: str
    server: str
    files: tuple[File, ...]
    doubts: tuple[str, ...] = ()

    @property
    def documents(self) -> int:
        return sum(each.documents for each in self.files)

    def to_dict(self) -> dict[str, Any]:
        return {"format": FORMAT, "version": VERSION, **asdict(self)}

    def save(self, folder: Path) -> None:
        """Write it, so that it is on the disk. Raises OSError."""
        descriptor = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(self.to_dict(), indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Raises: Damaged: there is none, or it is none of ours."""
        path = folder / NAME
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
            if said["format"] != FORMAT:
                raise ValueError
            if said["version"] != VERSION:
                raise Damaged(f"{path}: format {said['version']}, this program reads {VERSION}")
            seconds, increment = said["cluster_time"]
            files = tuple(File(**each) for each in said["files"])
            doubts = tuple(said.get("doubts", ()))
            return cls((seconds, increment), said["taken_at"], said["server"], files, doubts)
        except OSError as error:
            raise Damaged(f"{path}: {error.strerror}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(f"{path}: it is no backup's manifest") from error

    def verify(self, folder: Path, advance: Callable[[File, int], None]) -> None:
        """Read every file to its end and compare it with what the manifest says of it.

        Args: advance: told of the documents that were found whole.
        Raises: Damaged: names the first file that is not as it was written.
        """
        for file in self.files:
            path = folder / file.name
            try:
                if path.stat().st_size != file.size or _sha256(path) != file.sha256:
                    raise Damaged("it was cut off or altered: its checksum differs")
                found: dict[str, int] = {}
                last = ""
                for part in read_archive(path, file.database):
                    match part:
                        case Begin(collection=last):
                            found[last] = 0
                        case ArchiveBatch(documents=documents):
                            found[last] += documents
                            advance(file, documents)
                if found != file.collections:
                    raise Damaged("it does not hold what the manifest says")
            except OSError as error:
                raise Damaged(f"{path}: {error.strerror}") from error
            except Damaged as error:
                raise Damaged(f"{path}: {error}") from error


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
