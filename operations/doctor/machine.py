"""This machine: who can read the keys, room on the disk, and whether what runs is what is locked.

Key files are looked at from outside: their mode and size, never their content.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

from operations.doctor.finding import Finding, fault, ok, warning

LOCK: Final = Path(__file__).resolve().parents[2] / "requirements.lock"
OLDEST_PYTHON: Final = (3, 11)
FREE_BYTES: Final = 2 * 1024**3
# Variable, the file's name in the local stack, bytes of the key; the file holds them as base64.
KEYS: Final = (
    ("FOSCAO_MASTER_KEY_FILE", "master.key", 96),
    ("FOSCAO_WEBHOOK_KEY_FILE", "webhook.key", 32),
)
_OTHERS: Final = 0o077
_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


def check(home: Path, environment: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """All findings. Args: home: the folder of the local stack, which need not exist."""
    yield from _keys(home, environment)
    yield from _disk(home)
    yield from _versions()


def _keys(home: Path, environment: Mapping[str, str]) -> Iterator[Finding]:
    for variable, name, size_bytes in KEYS:
        given = environment.get(variable)
        path = Path(given) if given else home / "secrets" / name
        try:
            state = path.stat()
        except FileNotFoundError:
            yield warning(
                "key",
                name,
                f"no {name} in reach: its mode and size are not checked",
                "nothing known; the key may be readable for others, or cut short",
                f"run this where the key is, with {variable}",
            )
            continue
        mode = stat.S_IMODE(state.st_mode)
        # A secret mounted into a container is readable there; the folder on the host is not.
        private = not mode & _OTHERS or (given and not path.parent.stat().st_mode & _OTHERS)
        if not private:
            yield fault(
                "key",
                name,
                f"{path} has mode {mode:04o}",
                "every user of this machine can read the key, and with it what it seals",
                f"chmod 600 {path}; whoever may have read it: rotate the key",
            )
        elif state.st_size not in range(-(-size_bytes // 3) * 4, -(-size_bytes // 3) * 4 + 3):
            yield fault(
                "key",
                name,
                f"{path} is {state.st_size} bytes long: not a key of {size_bytes} bytes in base64",
                "what it seals cannot be read",
                "put the right key back from its backup; the service refuses to start with this",
            )
        else:
            yield ok("key", name, f"mode {mode:04o}")
    others = [
        path
        for path in [*(home / "secrets").glob("*"), *home.glob("*.env"), home / "secrets"]
        if path.exists() and path.name not in {name for _, name, _ in KEYS}
        if stat.S_IMODE(path.stat().st_mode) & _OTHERS
    ]
    for path in others:
        yield fault(
            "secret",
            path.name,
            f"{path} has mode {stat.S_IMODE(path.stat().st_mode):04o}",
            "every user of this machine can read it",
            f"chmod go= {path}, then replace what it holds",
        )


def _disk(home: Path) -> Iterator[Finding]:
    if not home.exists():
        return
    free = shutil.disk_usage(home).free
    if free < FREE_BYTES:
        yield warning(
            "disk",
            "here",
            f"{free / 1024**3:.1f} GB free at {home}",
            "a full disk stops database and broker: nothing is accepted",
            "free some, or move FOSCAO_HOME to another disk",
        )
    else:
        yield ok("disk", "here", f"{free / 1024**3:.0f} GB free")


def _versions() -> Iterator[Finding]:
    if sys.version_info < OLDEST_PYTHON:
        yield fault(
            "python",
            "python",
            f"Python {sys.version.split()[0]}",
            "the code is not made for it",
            "install Python {}.{} or later".format(*OLDEST_PYTHON),
        )
    if not LOCK.exists():  # an image was built from it, its hashes checked
        return
    differing = []
    for name, wanted in _PIN.findall(LOCK.read_text(encoding="utf-8")):
        try:
            installed = metadata.version(name)
        except metadata.PackageNotFoundError:
            installed = "missing"
        if installed != wanted:
            differing.append(f"{name} {installed} instead of {wanted}")
    if differing:
        yield warning(
            "libraries",
            "here",
            f"not as locked: {', '.join(differing)}",
            "nothing known; this is not what was tested",
            "make setup",
        )
    else:
        yield ok("libraries", "here", f"Python {sys.version.split()[0]}, libraries as locked")
