"""What a key vault holds, as anybody may know it who may not open it: by id and fingerprint.

Owns where it lies: in a database beside the records that its keys seal, so that a dump of the one
without the other tells nothing.
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


def of(database: Database[Document]) -> Collection[Document]:
    """The vault of the keys that seal what lies in `database`."""
    return database.client[f"{database.name}_keys"][COLLECTION]


def fingerprints(
    vault: Collection[Document], session: ClientSession | None = None
) -> dict[str, str]:
    """The vault's keys by id."""
    found = vault.find({}, {"keyMaterial": True}, session=session)
    return {key_id(key): fingerprint(key) for key in found}


def key_id(key: Mapping[str, Any]) -> str:
    """The key's id, in hex."""
    return bytes(key["_id"]).hex()


def fingerprint(key: Mapping[str, Any]) -> str:
    """The SHA-256 of the key as it lies in the vault: wrapped under the master key."""
    return hashlib.sha256(bytes(key["keyMaterial"])).hexdigest()
