"""Owns the opening of what the release before sealed: by MongoDB's client-side field-level
encryption, with one data key for all people. Nothing is sealed so any more, and `resealing` seals
it anew.

- sealed: AEAD_AES_256_CBC_HMAC_SHA_512-Random;
- exact:  the same, -Deterministic, by which a phone number was found;
- blind:  HMAC-SHA-256 under a key that follows from the data key, cut to 96 bits.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Final

from bson.binary import Binary
from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.encryption import ClientEncryption
from pymongo.encryption_shared import Algorithm
from pymongo.errors import EncryptionError, PyMongoError

from services.participants.store.keys import KeyLost
from shared.store.vault import NAMES

KEY_NAME: Final = "personal"
_BLIND_BYTES: Final = 12
_SUBTYPE: Final = 6  # of BSON's binary
_PROBE: Final = "the root of blind indexes"


class CipherBefore:
    """Opens what is sealed with the data key `personal` of the vault. Call `prepare` first."""

    def __init__(self, vault: Collection[dict[str, Any]], master_key: bytes) -> None:
        self.vault = vault
        client: MongoClient[dict[str, Any]] = vault.database.client
        self._encryption: ClientEncryption[dict[str, Any]] = ClientEncryption(
            {"local": {"key": master_key}},
            vault.full_name,
            client,
            CodecOptions(tz_aware=True),
        )
        self._blind_key: bytes
        self.key_id = ""

    @staticmethod
    def has_key(vault: Collection[dict[str, Any]]) -> bool:
        """Whether the data key is in the vault."""
        return vault.find_one({NAMES: KEY_NAME}, {"_id": True}) is not None

    def prepare(self) -> None:
        """Find the data key.

        Raises: KeyLost (final): it is gone, or the master key does not open it; PyMongoError: the
            vault does not answer.
        """
        found = self.vault.find_one({NAMES: KEY_NAME}, {"_id": True})
        if found is None:
            raise KeyLost("the data key is gone from the vault")
        self._key_id: Binary = found["_id"]
        self.key_id = bytes(self._key_id).hex()
        # A deterministic ciphertext is a pseudo-random function of its text to whoever lacks the
        # data key; this text was encrypted here alone and its ciphertext stored nowhere.
        try:
            root = self.exact(_PROBE)
        except EncryptionError as error:
            if isinstance(error.cause, PyMongoError):
                raise error.cause from error
            raise KeyLost("FOSCAO_MASTER_KEY_FILE does not open the data key") from error
        self._blind_key = hmac.digest(root, b"blind", hashlib.sha256)

    @staticmethod
    def sealed_by_it(value: Any) -> bool:
        """Whether the value is a ciphertext of this kind (BSON subtype 6)."""
        return isinstance(value, Binary) and value.subtype == _SUBTYPE

    @staticmethod
    def key_of(sealed: Binary) -> str:
        """The id of the key that a ciphertext says it is sealed with, in hex: byte 0 tells the
        algorithm, the next 16 the key."""
        return bytes(sealed[1:17]).hex()

    def unseal(self, sealed: Binary) -> dict[str, Any]:
        """The values. Raises EncryptionError (final) under another key."""
        values: dict[str, Any] = self._encryption.decrypt(sealed)
        return values

    def exact(self, text: str) -> Binary:
        """The text as a ciphertext that is the same every time."""
        return self._encryption.encrypt(
            text,
            Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Deterministic,
            key_id=self._key_id,
        )

    def blind(self, kind: str, text: str) -> Binary:
        """A mark of the text that is the same every time, of 12 bytes; nothing opens it again."""
        mark = hmac.digest(self._blind_key, f"{kind}\0{text}".encode(), hashlib.sha256)
        return Binary(mark[:_BLIND_BYTES])

    def close(self) -> None:
        self._encryption.close()
