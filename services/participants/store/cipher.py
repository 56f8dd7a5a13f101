"""Owns the sealing of personal values: client-side field-level encryption with a key of our own.

The master key (a file) wraps one data key, which lies wrapped in the key vault; the database server
sees neither. Three kinds of protected value:

- sealed: AEAD_AES_256_CBC_HMAC_SHA_512-Random; equal values look different, and cannot be found;
- exact:  the same, -Deterministic; equal values look equal, so that a phone number can be found;
- blind:  HMAC-SHA-256 under a key that follows from the data key, cut to 96 bits; finds words and
  likenesses, and gives nothing back.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bson.binary import Binary
from bson.codec_options import CodecOptions
from pymongo import ASCENDING, MongoClient
from pymongo.collection import Collection
from pymongo.encryption import ClientEncryption
from pymongo.encryption_shared import Algorithm
from pymongo.errors import DuplicateKeyError, EncryptionError, PyMongoError

from shared.config import ConfigError
from shared.errors import Unavailable
from shared.store.failures import answered

MASTER_KEY_BYTES = 96  # PyMongo's local key provider
KEY_NAME = "personal"
_BLIND_BYTES = 12


_PROBE = "the root of blind indexes"


class KeyLost(ConfigError):
    """The key that sealed what is stored is not there, or the master key does not open it."""


class Cipher:
    """Seals and opens personal values with the data key of one database; keeps none of them.

    Call `prepare` first. The key is remembered for a minute by the driver: `check` asks the vault,
    and from when it finds the key `lost` nothing is sealed or opened until it is there again. What
    would be sealed under a key that is gone, could never be opened.
    """

    def __init__(self, vault: Collection[dict[str, Any]], master_key: bytes) -> None:
        self.vault = vault
        self.lost = False
        self._master_key = master_key
        client: MongoClient[dict[str, Any]] = vault.database.client
        self._encryption: ClientEncryption[dict[str, Any]] = ClientEncryption(
            {"local": {"key": master_key}},
            vault.full_name,
            client,
            CodecOptions(tz_aware=True),
        )
        self._key_id: Binary
        self._blind_key: bytes
        self.hash_key: bytes

    def prepare(self, *, may_create: bool) -> None:
        """Find the data key, or make it where there is none; of racing processes one makes it.

        Raises: KeyLost (final): the master key does not open it, or there is none and `may_create`
            is False; PyMongoError: the vault does not answer.
        """
        self._key_id = self._find_key() or self._create_key(may_create)
        # A deterministic ciphertext is a pseudo-random function of its text to whoever lacks the
        # data key; this text is encrypted here alone and its ciphertext stored nowhere.
        try:
            root = self.exact(_PROBE)
        except EncryptionError as error:
            if isinstance(error.cause, PyMongoError):
                raise error.cause from error
            raise KeyLost("FOSCAO_MASTER_KEY_FILE does not open the data key") from error
        self._blind_key = hmac.digest(root, b"blind", hashlib.sha256)
        self.hash_key = hmac.digest(root, b"content hash", hashlib.sha256)

    def check(self) -> None:
        """Set `lost`, by what the vault holds now. Raises Unavailable: it does not answer."""
        again = self.anew()
        try:
            with answered():
                again.prepare(may_create=False)
            self.lost = not again.is_as(self)
        except KeyLost:
            self.lost = True
        finally:
            again.close()

    def anew(self) -> Cipher:
        """A cipher of the same vault that remembers nothing yet; `prepare` and `close` it."""
        return Cipher(self.vault, self._master_key)

    def is_as(self, other: Cipher) -> bool:
        """Whether the data key of both is the same."""
        return hmac.compare_digest(self.hash_key, other.hash_key)

    @property
    def key_id(self) -> str:
        """The data key's id, in hex."""
        return bytes(self._key_id).hex()

    @staticmethod
    def key_of(sealed: Binary) -> str:
        """The id of the key that a ciphertext says it is sealed with, in hex: byte 0 tells the
        algorithm, the next 16 the key (MongoDB's client-side encryption, BSON subtype 6)."""
        return bytes(sealed[1:17]).hex()

    def seal(self, values: Mapping[str, Any]) -> Binary:
        """The values as one ciphertext, different every time. Raises Unavailable KEY_LOST."""
        self._require()
        return self._encryption.encrypt(
            dict(values),
            Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Random,
            key_id=self._key_id,
        )

    def unseal(self, sealed: Binary) -> dict[str, Any]:
        """What `seal` was given. Raises EncryptionError (final) under another key; Unavailable
        KEY_LOST."""
        self._require()
        values: dict[str, Any] = self._encryption.decrypt(sealed)
        return values

    def exact(self, text: str) -> Binary:
        """The text as a ciphertext that is the same every time. Raises Unavailable KEY_LOST."""
        self._require()
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

    def _require(self) -> None:
        if self.lost:
            raise Unavailable("KEY_LOST")

    def _create_key(self, may_create: bool) -> Binary:
        if not may_create:
            raise KeyLost(
                f"{self.vault.full_name} holds no data key, but what it sealed is stored: restore "
                "the vault from a backup (foscao restore --keys)"
            )
        self.vault.create_index(
            [("keyAltNames", ASCENDING)],
            name="alt_name",  # the query by name, and one key per name under a race
            unique=True,
            partialFilterExpression={"keyAltNames": {"$exists": True}},
        )
        try:
            return self._encryption.create_data_key("local", key_alt_names=[KEY_NAME])
        except EncryptionError as error:
            if isinstance(error.cause, DuplicateKeyError) and (key := self._find_key()):
                return key
            raise

    def _find_key(self) -> Binary | None:
        key = self.vault.find_one({"keyAltNames": KEY_NAME}, {"_id": True})
        return key["_id"] if key else None


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
