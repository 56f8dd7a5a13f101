"""What a key vault holds, as anybody may know it who may not open it: by id and fingerprint.

Owns where it lies: in a database beside the records that its keys seal, so that a dump of the one
without the other tells nothing.

    keyVault    the keys that open all others: {_id: binary, keyAltNames: [name], keyMaterial}
    personKeys  a key for each person: {_id: the person's id, keyMaterial}
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database

from shared.types import Document

COLLECTION: Final = "keyVault"
PERSON_KEYS: Final = "personKeys"
NAMES: Final = "keyAltNames"
MATERIAL: Final = "keyMaterial"
"""A key, wrapped."""


def of(database: Database[Document]) -> Collection[Document]:
    """The vault of the keys that seal what lies in `database`."""
    return database.client[f"{database.name}_keys"][COLLECTION]


def person_keys(vault: Collection[Document]) -> Collection[Document]:
    """The keys of single people, beside the vault's own."""
    return vault.database[PERSON_KEYS]


def keyless(
    people: Collection[Document],
    condition: Mapping[str, Any],
    session: ClientSession | None = None,
) -> list[str]:
    """The ids of those people, of all for whom the condition holds, who have no key."""
    # People first: whoever is registered meanwhile has a key by the time that keys are read.
    ids = [each["_id"] for each in people.find(condition, {"_id": True}, session=session)]
    keys = person_keys(of(people.database)).find({}, {"_id": True}, session=session)
    present = {each["_id"] for each in keys}
    return [each for each in ids if each not in present]


def fingerprints(
    vault: Collection[Document], session: ClientSession | None = None
) -> dict[str, str]:
    """The vault's keys by id."""
    found = vault.find({}, {MATERIAL: True}, session=session)
    return {key_id(key): fingerprint(key) for key in found}


def key_id(key: Mapping[str, Any]) -> str:
    """The key's id, in hex."""
    return bytes(key["_id"]).hex()


def fingerprint(key: Mapping[str, Any]) -> str:
    """The SHA-256 of the key as it lies in the vault: wrapped under the master key."""
    return hashlib.sha256(bytes(key[MATERIAL])).hexdigest()
