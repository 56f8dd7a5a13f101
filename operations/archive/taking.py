"""Takes a backup: every collection as of one moment of the replica set, while the hub runs.

All reads belong to one snapshot session: its first read fixes the cluster time, and the server
answers all others, of whatever database, as of that time. Reads block nobody.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient
from pymongo.client_session import ClientSession

from operations.archive import catalogue
from operations.archive.catalogue import Collection
from operations.archive.format import ArchiveWriter
from operations.archive.manifest import File, Manifest
from operations.failure import CannotRun

_BATCH: Final = 100_000  # documents; what bounds a batch is the server's 16 MB

Advance = Callable[[str, int], None]
Examine = Callable[[ClientSession], Sequence[str]]


def take(
    client: MongoClient[Any],
    databases: Sequence[str],
    folder: Path,
    advance: Advance,
    examine: Examine = lambda _: (),
) -> Manifest:
    """Write the databases into the new folder `folder` (mode 0700); it is there whole or not.

    Args: advance: told of the database and of how many of its documents were written. examine:
        looks at the moment of the backup before anything is written, and says what is doubtful of
        it, for the manifest, or raises.
    Raises: CannotRun: the folder exists, there is nothing to back up, or collections were made or
        dropped meanwhile; a PyMongoError: the server failed, or no longer knew that moment.
    """
    part = folder.with_name(folder.name + ".partial")
    if folder.exists():
        raise CannotRun(f"{folder} exists and is kept: name another folder")
    try:
        part.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise CannotRun(
            f"{part} exists: another backup is being written there, or one was cut off; "
            "remove it if none is"
        ) from None
    except OSError as error:
        raise CannotRun(f"{part}: {error.strerror}") from error
    try:
        manifest = _write(client, databases, part, advance, examine)
        manifest.save(part)
        part.rename(folder)
        _to_disk(folder.parent)
    except OSError as error:
        raise CannotRun(f"{folder}: {error.strerror}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return manifest


def _write(
    client: MongoClient[Any],
    databases: Sequence[str],
    folder: Path,
    advance: Advance,
    examine: Examine,
) -> Manifest:
    server = str(client.server_info()["version"])
    before = catalogue.collections(client, databases)
    if not before:
        raise CannotRun("there is nothing to back up: the databases are empty")
    with client.start_session(snapshot=True) as session:
        first = before[0]
        client[first.database][first.name].find_one({}, {"_id": True}, session=session)
        # The driver keeps the time that the first read was answered with to itself.
        moment: Any = session._snapshot_time
        doubts = tuple(examine(session))
        files = tuple(
            _file(client, session, [c for c in before if c.database == name], name, folder, advance)
            for name in databases
        )
    # A collection that was dropped reads as empty, and one that is new would be missing.
    if catalogue.collections(client, databases) != before:
        raise CannotRun("collections were made or dropped meanwhile (a rebuild?): run it again")
    return Manifest(
        cluster_time=(moment.time, moment.inc),
        taken_at=f"{datetime.fromtimestamp(moment.time, UTC):%Y-%m-%dT%H:%M:%SZ}",
        server=server,
        files=files,
        doubts=doubts,
    )


def _file(
    client: MongoClient[Any],
    session: ClientSession,
    collections: Sequence[Collection],
    database: str,
    folder: Path,
    advance: Advance,
) -> File:
    name = f"{database}.bson.gz"
    counts: dict[str, int] = {}
    with ArchiveWriter(folder / name, database) as archive:
        for each in collections:
            archive.begin(catalogue.described(client, each))
            counts[each.name] = 0
            for raw in client[database][each.name].find_raw_batches(
                {}, batch_size=_BATCH, session=session
            ):
                documents = archive.add(raw)
                counts[each.name] += documents
                advance(database, documents)
    return File(database, name, archive.size, archive.sha256, counts)


def _to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
