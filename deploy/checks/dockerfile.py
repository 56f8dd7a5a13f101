"""Checks the Dockerfile: hadolint's rules, and what this project asks of every image."""

import re
import subprocess
import sysconfig
from pathlib import Path

FILE = "Dockerfile"
_TIMEOUT_S = 60


def check(root: Path) -> list[str]:
    """One line for each finding; empty if all is well.

    Raises: FileNotFoundError if hadolint is not installed beside this Python.
    """
    path = root / FILE
    return [*_hadolint(path), *_policy(path.read_text())]


def _hadolint(path: Path) -> list[str]:
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"
    done = subprocess.run(  # noqa: S603 - a pinned binary, a path of this repository
        [hadolint, "--no-color", "--failure-threshold", "style", path],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    lines = (done.stdout + done.stderr).replace(f"{path}:", f"{FILE}:").splitlines()
    return lines or ([f"{FILE}: hadolint ended with {done.returncode}"] if done.returncode else [])


def _policy(text: str) -> list[str]:
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    final = stages[-1]
    rules = {
        "must pin its base by a full version": re.search(
            r"^ARG PYTHON=\d+\.\d+\.\d+-slim", text, re.MULTILINE
        ),
        "must be built in several stages": len(stages) > 1,
        "must install with --require-hashes": "--require-hashes" in text,
        "must run as a user other than root, by number": re.search(
            r"^USER [1-9]\d*:[1-9]\d*$", final, re.MULTILINE
        ),
        "must have a HEALTHCHECK": re.search(r"^HEALTHCHECK .*\n?.*CMD \[", final, re.MULTILINE),
        "entry must be in exec form, and exec what it starts": re.search(
            r'^ENTRYPOINT \["/bin/sh", "-c", "exec ', final, re.MULTILINE
        ),
        "must state its OCI labels": all(
            f"org.opencontainers.image.{label}=" in final
            for label in ("title", "description", "version", "revision")
        ),
        "must leave build tools behind": not re.search(r"apt-get install|pip install", final),
    }
    return [f"{FILE}: {rule}" for rule, kept in rules.items() if not kept]
