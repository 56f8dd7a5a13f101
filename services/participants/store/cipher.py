"""Owns the sealing of personal values, each under the key of the person whom it is about.

- sealed: AES-256-GCM, with a format byte and a random nonce before it; bound to the person, the
  chapter, the record and its version, so that a document copied, relabelled or put back opens
  nothing;
- mark:   HMAC-SHA-256 under a key of the chapter, cut to 96 bits; finds names, phones, e-mails and
  likenesses within a chapter, gives nothing back, and is another in another chapter.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pymongo.collection import Collection

from services.participants.store.before import CipherBefore
from services.participants.store.keys import KeyLost, PersonKeys, find_root, follow, make_root
from shared.errors import Unavailable
from shared.store.failures import answered

FORMAT: Final = 1
_NONCE_BYTES: Final = 12
_MARK_BYTES: Final = 12
_MARKS_REMEMBERED: Final = 8192  # of a chapter

Marks = Callable[[str, str], bytes]
"""(kind, text) → its mark in one chapter."""


class Unreadable(Exception):
    """A sealed value that was altered, or is not the one of its place; final."""


class Cipher:
    """Seals and opens personal values with the keys of one database; remembers the root, and of
    each chapter the marks that were made last, for its people share their names.

    Call `prepare` first. `check` asks the vault whether the root is there, and from when it finds
    it `lost` nothing is sealed or opened until it is back. What would be sealed under a key that is
    gone, could never be opened.
    """

    def __init__(self, vault: Collection[dict[str, Any]], master_key: bytes) -> None:
        self.vault = vault
        self.lost = False
        self.before: CipherBefore | None = None
        """For what the release before sealed, while its key is in the vault."""
        self.needs_before = False
        """Whether anything is stored that it sealed."""
        self._master_key = master_key
        self._marks: dict[str, Marks] = {}
        self._identifier: bytes
        self._root: bytes
        self._people: PersonKeys

    def prepare(self, *, may_create: bool) -> None:
        """Find the root, or make it where there is none; of racing processes one makes it.

        Raises: KeyLost (final): the master key does not open what is in the vault, or there is no
            root and `may_create` is False, or what the release before sealed is stored and its key
            is not there; PyMongoError: the vault does not answer.
        """
        if not CipherBefore.has_key(self.vault):
            self.close()
        elif self.before is None:
            self.before = CipherBefore(self.vault, self._master_key)
            self.before.prepare()
        found = find_root(self.vault, self._master_key)
        if found is None and may_create:
            make_root(self.vault, self._master_key)
            found = find_root(self.vault, self._master_key)
        if found is None or (self.needs_before and self.before is None):
            raise KeyLost(
                f"{self.vault.full_name} holds no data key, but what it sealed is stored: restore "
                "the vault from a backup (foscao restore --keys)"
            )
        self._identifier, self._root = found
        self._people = PersonKeys(self.vault, self._root)
        self._marks = {}

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
        cipher = Cipher(self.vault, self._master_key)
        cipher.needs_before = self.needs_before
        return cipher

    def is_as(self, other: Cipher) -> bool:
        """Whether the root of both is the same."""
        return hmac.compare_digest(self._root, other._root)

    @property
    def key_id(self) -> str:
        """The root's id, in hex."""
        return self._identifier.hex()

    @property
    def people(self) -> PersonKeys:
        """The keys of people. Raises Unavailable KEY_LOST."""
        if self.lost:
            raise Unavailable("KEY_LOST")
        return self._people

    @staticmethod
    def seal(key: AESGCM, values: Mapping[str, Any], place: bytes) -> bytes:
        """The values as one ciphertext, different every time; it opens at this place alone."""
        nonce = os.urandom(_NONCE_BYTES)
        return bytes((FORMAT,)) + nonce + key.encrypt(nonce, orjson.dumps(values), place)

    @staticmethod
    def unseal(key: AESGCM, sealed: Any, place: bytes) -> dict[str, Any]:
        """What `seal` was given. Raises Unreadable."""
        if not isinstance(sealed, bytes) or sealed[:1] != bytes((FORMAT,)):
            raise Unreadable
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            values: dict[str, Any] = orjson.loads(key.decrypt(nonce, body, place))
        except (InvalidTag, ValueError) as error:
            raise Unreadable from error
        return values

    def marks(self, chapter: str) -> Marks:
        """The marks of a chapter: of 12 bytes, the same every time. Raises Unavailable KEY_LOST."""
        if self.lost:
            raise Unavailable("KEY_LOST")
        if (known := self._marks.get(chapter)) is not None:
            return known
        key = follow(self._root, f"marks of {chapter}")

        @lru_cache(maxsize=_MARKS_REMEMBERED)
        def mark(kind: str, text: str) -> bytes:
            digest = hmac.digest(key, f"{kind}\0{text}".encode(), hashlib.sha256)
            return digest[:_MARK_BYTES]

        self._marks[chapter] = mark
        return mark

    def close(self) -> None:
        if self.before is not None:
            self.before.close()
            self.before = None


def place(person: str, chapter: str, kind: str, record: str, version: int) -> bytes:
    """Where a sealed value belongs, as it is bound into its seal."""
    return f"{FORMAT}\0{person}\0{chapter}\0{kind}\0{record}\0{version}".encode()
