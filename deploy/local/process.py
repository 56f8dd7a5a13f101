"""Owns single child processes: they die with their parent, log to a file and stop when asked."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local.errors import LocalError

# The kernel sends the child SIGTERM when its parent is gone, even by kill -9 (prctl(2),
# PR_SET_PDEATHSIG). The parent is the *thread* that started it: start from one that stays.
DIES_WITH_PARENT = ("setpriv", "--pdeathsig", "TERM", "--")


def spawn(
    command: Sequence[str], log: Path, env: Mapping[str, str], *, dies_with_parent: bool = True
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, output appended to `log`; `env` adds to ours."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [*(DIES_WITH_PARENT if dies_with_parent else ()), *command],
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes], timeout_s: float = 30) -> None:
    """End a process of `spawn`: SIGTERM, and SIGKILL to its whole group after `timeout_s`."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def alive(pid: int) -> bool:
    """Return whether `pid` runs; one that ended and was not yet waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_until(
    ready: Callable[[], bool],
    what: str,
    log: Path,
    *,
    timeout_s: float = 60,
    failed: Callable[[], bool] = lambda: False,
) -> None:
    """Return once `ready()`; LocalError with the log's last words if `failed()` or too late."""
    deadline = time.monotonic() + timeout_s
    while not ready():
        gave_up = failed()
        if gave_up or time.monotonic() > deadline:
            why = "ended" if gave_up else f"was not ready after {timeout_s:.0f} s"
            raise LocalError(f"{what} {why}: see {log} ({last_words(log)})")
        time.sleep(0.05)


def last_words(log: Path, size_bytes: int = 200) -> str:
    """Return the end of the log's last line that says something, for a one-line message."""
    text = log.read_text(errors="replace") if log.exists() else ""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[-size_bytes:] if lines else "it is empty"
