"""How much processor time each process of the stack took: where a measured load goes."""

from __future__ import annotations

import os
from pathlib import Path

from deploy.local.stack import Stack

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_seconds(stack: Stack) -> dict[str, float]:
    """Seconds of processor time by process and what it started, the client's own included."""
    pids = {each.name: each.pid for each in stack.processes() if each.pid}
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    seconds = {name: _family_seconds(pid, children) for name, pid in pids.items()}
    return seconds | {"client": _family_seconds(os.getpid(), {})}


def spent(before: dict[str, float], after: dict[str, float], units: float) -> dict[str, float]:
    """Milliseconds of processor time that one of `units` took, by process, the largest first."""
    each = {name: (after[name] - before.get(name, 0.0)) * 1000 / units for name in after}
    return dict(sorted(each.items(), key=lambda item: -item[1]))


def _family_seconds(pid: int, children: dict[int, list[int]]) -> float:
    """User and system time of a process and its descendants."""
    fields = _stat(pid)
    own = (int(fields[11]) + int(fields[12])) / _TICKS_PER_S if fields else 0.0
    return own + sum(_family_seconds(child, children) for child in children.get(pid, ()))


def _stat(pid: int) -> list[str]:
    """/proc/<pid>/stat from its third field on (proc(5)); empty if the process has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
