"""Puts the data keys of a backup back into the key vault, and touches nothing else.

For the case that the vault lost what the records still need: the records are newer than any backup
and stay as they are. The hub may run; `participants` goes on by itself once its key is there.
"""

from __future__ import annotations

from pathlib import Path

import bson
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from operations.archive.format import ArchiveBatch, Begin, read_archive
from operations.archive.manifest import Manifest
from operations.failure import CannotRun
from services.participants.layout import (
    FINGERPRINT,
    FORM,
    KEY_ID,
    KEYED,
    KEYS,
    PEOPLE,
    PROOFS,
    SEALED,
    UNREADABLE,
    UNREADABLE_ID,
    UNREADABLE_IN,
)
from shared.store import vault
from shared.types import Document


def put_back(
    client: MongoClient[Document], manifest: Manifest, folder: Path, owner: str = "participants"
) -> list[str]:
    """Insert the backup's keys that the vault lacks; replace those that are there, but not as they
    were when they last opened, if the backup's are.

    Args: owner: the database whose records they seal.
    Returns: the ids of the keys put back. Raises: CannotRun: the vault holds another key under the
        name of one of them; Damaged or OSError; a PyMongoError. May be repeated.
    """
    database = client[owner]
    into = vault.of(database)
    proof = database[PROOFS].find_one({"_id": SEALED}) or {KEYS: []}
    opened = {each[KEY_ID]: each[FINGERPRINT] for each in proof[KEYS]}
    present = vault.fingerprints(into)
    put: list[str] = []
    for key in _keys(manifest, folder, into.database.name):
        identifier, mark = vault.key_id(key), vault.fingerprint(key)
        try:
            if identifier not in present:
                into.insert_one(key)
            elif mark == opened.get(identifier) != present[identifier]:
                into.replace_one({"_id": key["_id"]}, key)
            else:
                continue
        except DuplicateKeyError:
            raise CannotRun(
                f"the vault holds another key under the name of {identifier}: what it sealed since "
                "needs it, so that nothing was changed"
            ) from None
        put.append(identifier)
    return put + _put_back_people(database, proof, manifest, folder)


def _put_back_people(
    database: Database[Document], proof: Document, manifest: Manifest, folder: Path
) -> list[str]:
    """Likewise the keys of people who are stored: whoever is not, is not brought back."""
    into = vault.person_keys(vault.of(database))
    keyless = set(vault.keyless(database[PEOPLE], {FORM: KEYED}))
    damaged = {
        each[UNREADABLE_ID] for each in proof.get(UNREADABLE, ()) if each[UNREADABLE_IN] == PEOPLE
    }
    put: list[str] = []
    for key in _keys(manifest, folder, into.database.name, vault.PERSON_KEYS):
        if key["_id"] in keyless:
            into.insert_one(key)
        elif key["_id"] not in damaged or into.find_one({"_id": key["_id"]}) == key:
            continue
        else:
            into.replace_one({"_id": key["_id"]}, key)
        put.append(str(key["_id"]))
    return put


def _keys(
    manifest: Manifest, folder: Path, database: str, collection: str = vault.COLLECTION
) -> list[Document]:
    (file,) = (each for each in manifest.files if each.database == database)
    found: list[Document] = []
    name = ""
    for part in read_archive(folder / file.name, database):
        match part:
            case Begin(collection=name):
                pass
            case ArchiveBatch() if name == collection:
                found += [bson.decode(each) for each in part.split()]
    return found
