"""Owns the keys that seal people: the root, from which others follow, and one key for each person.

    master key   a file of 96 bytes, in no database
    root         32 random bytes in the key vault, wrapped under a key that follows from the master
                 key; exchanging the master key means wrapping this one anew
    person keys  32 random bytes each, in `personKeys` beside it (`shared.store.vault`), wrapped
                 under a key that follows from the root and bound to the person's id

Wrapped is AES-256-GCM with a random nonce (NIST SP 800-38D), `follows` is HKDF with SHA-256 (RFC
5869) and a name of the purpose. Who forgets a person's key, has made all that it sealed unreadable.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Collection as Many
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from bson.binary import Binary
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pymongo import ASCENDING
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from shared.config import ConfigError
from shared.store.vault import MATERIAL, NAMES, person_keys

MASTER_KEY_BYTES: Final = 96
ROOT_NAME: Final = "root"

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class KeyLost(ConfigError):
    """The key that sealed what is stored is not there, or the master key does not open it."""


def follow(key: bytes, purpose: str) -> bytes:
    """The key of 32 bytes that follows from another for one purpose."""
    return HKDF(SHA256(), _KEY_BYTES, None, f"foscao hub 1: {purpose}".encode()).derive(key)


def wrap(by: AESGCM, key: bytes, bound_to: bytes) -> Binary:
    """The key as it may be stored, 60 bytes."""
    nonce = os.urandom(_NONCE_BYTES)
    return Binary(nonce + by.encrypt(nonce, key, bound_to))


def unwrap(by: AESGCM, wrapped: bytes, bound_to: bytes) -> bytes:
    """Raises InvalidTag: wrapped under another key, for another owner, or damaged."""
    try:
        return by.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], bound_to)
    except ValueError as error:  # too short to be any
        raise InvalidTag from error


def find_root(vault: Collection[dict[str, Any]], master_key: bytes) -> tuple[bytes, bytes] | None:
    """The id of the root, and the root; None: there is none.

    Raises: KeyLost (final): the master key does not open it; a PyMongoError.
    """
    found = vault.find_one({NAMES: ROOT_NAME})
    if found is None:
        return None
    identifier = bytes(found["_id"])
    try:
        return identifier, unwrap(_of_master(master_key), bytes(found[MATERIAL]), identifier)
    except (InvalidTag, KeyError, TypeError) as error:
        raise KeyLost("FOSCAO_MASTER_KEY_FILE does not open the data key") from error


def make_root(vault: Collection[dict[str, Any]], master_key: bytes) -> None:
    """Make the root, unless another process was faster. Raises a PyMongoError."""
    vault.create_index(
        [(NAMES, ASCENDING)],
        name="alt_name",  # the query by name, and one key per name under a race
        unique=True,
        partialFilterExpression={NAMES: {"$exists": True}},
    )
    identifier = os.urandom(16)
    wrapped = wrap(_of_master(master_key), os.urandom(_KEY_BYTES), identifier)
    with suppress(DuplicateKeyError):
        vault.insert_one({"_id": Binary(identifier), NAMES: [ROOT_NAME], MATERIAL: wrapped})


class PersonKeys:
    """The keys of people, as the holder of the root opens them; none is remembered."""

    def __init__(self, vault: Collection[dict[str, Any]], root: bytes) -> None:
        self.collection = person_keys(vault)
        self._wrapping = AESGCM(follow(root, "person keys"))

    def get(self, ids: Many[str], session: ClientSession | None = None) -> dict[str, AESGCM]:
        """The keys of these people; no entry for one who has none, or one that does not open."""
        found = self.collection.find({"_id": {"$in": list(ids)}}, session=session) if ids else ()
        keys: dict[str, AESGCM] = {}
        for each in found:
            person = each["_id"]
            try:
                keys[person] = AESGCM(unwrap(self._wrapping, each[MATERIAL], person.encode()))
            except (InvalidTag, KeyError, TypeError):
                continue  # told by the proof, and by whatever needs it
        return keys

    def make(self, ids: Iterable[str], session: ClientSession) -> dict[str, AESGCM]:
        """New keys for people who have none, stored in the transaction."""
        keys: dict[str, AESGCM] = {}
        wrapped: list[dict[str, Any]] = []
        for person in ids:
            key = os.urandom(_KEY_BYTES)
            keys[person] = AESGCM(key)
            material = wrap(self._wrapping, key, person.encode())
            wrapped.append({"_id": person, MATERIAL: material})
        if wrapped:
            self.collection.insert_many(wrapped, ordered=False, session=session)
        return keys


def read_master_key(path: Path) -> bytes:
    """The 96 bytes of a key file: raw, or in base64. Raises ConfigError (one line)."""
    raw = path.read_bytes()
    if len(raw) == MASTER_KEY_BYTES:
        return raw
    try:
        key = base64.b64decode(raw.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise ConfigError(f"FOSCAO_MASTER_KEY_FILE: {path} holds no {MASTER_KEY_BYTES} bytes")
    return key


def _of_master(master_key: bytes) -> AESGCM:
    return AESGCM(follow(master_key, "root"))
