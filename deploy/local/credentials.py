"""Owns what is secret in a stack: generated once, mode 0600, in a folder only its owner reads."""

import base64
import secrets
from collections.abc import Callable
from pathlib import Path


def private_folder(path: Path) -> Path:
    """Return `path`, created with its parents and readable by its owner alone."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner reads, whole or not at all."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600, exist_ok=False)
    part.write_text(text)
    part.replace(path)


class Secrets:
    """The `secrets/` folder of a stack; each secret is made on first use and then stays."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "secrets"

    def password(self, name: str) -> str:
        """Return the password kept under `name`: 43 characters, safe in a URI."""
        return self._kept(f"{name}.password", lambda: secrets.token_urlsafe(32))

    def admin_key(self) -> str:
        """Return the first administrator's API key."""
        return self._kept("admin.key", lambda: "fhk_admin_" + secrets.token_urlsafe(32))

    def key_file(self, name: str, size_bytes: int) -> Path:
        """Return the file with `size_bytes` random bytes, base64."""
        self._kept(name, lambda: base64.b64encode(secrets.token_bytes(size_bytes)).decode())
        return self.folder / name

    def _kept(self, name: str, make: Callable[[], str]) -> str:
        path = private_folder(self.folder) / name
        if not path.exists():
            write_private(path, make())
        return path.read_text()
