"""The signing secrets of endpoints: made here, at rest only sealed, shown once to their owner.

AES-256-GCM (NIST SP 800-38D) with a fresh 96-bit nonce per secret; the endpoint's id is bound into
the seal, so that a sealed secret copied to another endpoint opens nothing.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.config import ConfigError

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class SecretUnreadable(Exception):
    """Sealed under another key, for another endpoint, or damaged; final."""


class Sealer:
    """Seals and opens under one key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def from_file(cls, path: Path) -> Sealer:
        """The key of a file that holds 32 bytes in base64. Raises ConfigError: it does not."""
        try:
            key = base64.b64decode(path.read_text().strip(), validate=True)
        except (OSError, ValueError, binascii.Error) as error:
            raise ConfigError(f"{path} cannot be read as base64") from error
        if len(key) != _KEY_BYTES:
            raise ConfigError(f"{path} must hold {_KEY_BYTES} bytes in base64, not {len(key)}")
        return cls(key)

    def seal(self, secret: str, endpoint_id: str) -> bytes:
        """The secret as it may be stored."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), endpoint_id.encode())

    def open(self, sealed: bytes, endpoint_id: str) -> str:
        """Raises SecretUnreadable."""
        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, body, endpoint_id.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SecretUnreadable from error


def new_secret() -> str:
    """256 random bits as Standard Webhooks writes them: `whsec_` and base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
