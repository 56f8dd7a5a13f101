"""What a key vault holds, as anybody may know it who may not open it: by id and fingerprint.

Owns the names that the service `participants` and the operators' tools agree on: the vault's
database and collection, and the collection `proofs`, in which the service notes, with the time of
the database, what it could open:

    {_id: "sealed", at, keys: [{id, fingerprint}], lost: [key id], records, opened,
     unreadable: [{collection, id}], unreadable_count}

`keys` are those that sealed records need, each as it was when it last opened (None: never); `lost`
those of them that are gone or do not open;
`records` is how many are sealed, `opened` how many of a sample could be opened; `unreadable` names
the first of those that could not. Ids and counts: no value, and nothing that opens one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database

COLLECTION: Final = "keyVault"
PROOFS: Final = "proofs"
SEALED: Final = "sealed"
EVERY_S: Final = 30.0  # how often it is proved anew
SAMPLE: Final = 200

Document = dict[str, Any]


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
