"""How much processor time each process of the stack took: where a measured load goes."""

from __future__ import annotations

import os
from pathlib import Path

from deploy.local.stack import Stack

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_seconds(stack: Stack) -> dict[str, float]:
    """Seconds of processor time by process since it started, the client's own included."""
    pids = {each.name: each.pid for each in stack.processes() if each.pid}
    return {name: _seconds(pid) for name, pid in (pids | {"client": os.getpid()}).items()}


def spent(before: dict[str, float], after: dict[str, float], units: float) -> dict[str, float]:
    """Milliseconds of processor time that one of `units` took, by process, the largest first."""
    each = {name: (after[name] - before.get(name, 0.0)) * 1000 / units for name in after}
    return dict(sorted(each.items(), key=lambda item: -item[1]))


def _seconds(pid: int) -> float:
    """User and system time (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
