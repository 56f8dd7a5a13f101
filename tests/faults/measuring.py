"""What faults cost: how long until service is normal again, and how much memory processes hold."""

from __future__ import annotations

import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.e2e.client import Client
from tests.faults.chapters import Chapter
from tests.faults.cluster import Hub

NORMAL_S = 2.0  # an answer, and then its effect in the report, each within this
IN_A_ROW = 5
VISIBLE_S = 120.0
SAMPLE_S = 2.0
COUNT = "query { report(filter: {}) { figures { uniquePeople { total } } } }"


@dataclass(frozen=True, slots=True)
class Tried:
    began: float
    ended: float
    normal: bool


class Probe:
    """A thread that pushes one activity with a participant after the other, which asks something of
    every service, and looks for each in the report.

    Normal: accepted at once, and shown soon after, no question refused meanwhile. Times are those
    of `time.monotonic`.
    """

    def __init__(self, chapter: Chapter, reader: Client) -> None:
        self._chapter, self._reader = chapter, reader
        self._tried: list[Tried] = []
        self._failed = 0
        self._stopping = threading.Event()
        self.accepted: dict[str, float] = {}  # when, by activity
        self._thread = threading.Thread(target=self._run, name="probe")
        self.failure: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def disturbed_s(self, began: float, over: float) -> float | None:
        """Seconds from a fault's begin until service was normal for good; 0 if no try noticed it.

        None as long as there were not yet some good tries in a row after it was over.
        """
        during = [each for each in self._tried if each.ended >= began]
        last = during[-IN_A_ROW:]
        if len(last) < IN_A_ROW or last[0].began < over or not all(each.normal for each in last):
            return None
        return max((each.ended - began for each in during if not each.normal), default=0.0)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._try()
                self._stopping.wait(0.2)
        except BaseException as error:  # noqa: BLE001 - told by whoever looks at the run's end
            self.failure = error

    def _try(self) -> None:
        chapter = self._chapter
        began = time.monotonic()
        attempts, failed = chapter.attempts, self._failed
        activity = chapter.all_at_once(1)
        accepted = self.accepted[activity] = time.monotonic()
        at_once = chapter.attempts == attempts + 1
        expected = chapter.ledger.figures()["uniquePeople"].total()
        while not self._shown(expected) and time.monotonic() < accepted + VISIBLE_S:
            time.sleep(0.05)
        ended = time.monotonic()
        at_once &= self._failed == failed
        normal = at_once and accepted - began < NORMAL_S and ended - accepted < NORMAL_S
        self._tried.append(Tried(began, ended, normal))

    def _shown(self, expected: int) -> bool:
        try:
            answer = self._reader.answer(COUNT)
        except (httpx.HTTPError, ValueError):
            answer = {"errors": True}
        if answer.get("errors"):
            self._failed += 1
            return False
        return bool(answer["data"]["report"]["figures"]["uniquePeople"]["total"] >= expected)


@dataclass(slots=True)
class Memory:
    """Resident megabytes of each process, sampled; of a name the process that lived longest."""

    samples: dict[str, dict[int, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def sample(self, hub: Hub) -> None:
        sessions = {node.name: node.pid for node in hub.broker.nodes if node.pid}
        for name, pid in hub.pids().items():
            self._note(name, pid, _resident_mb(pid))
        for name, pid in sessions.items():
            self._note(name, pid, sum(map(_resident_mb, _of_session(pid))))

    def report(self) -> Mapping[str, Mapping[str, float]]:
        """By name: seconds lived, megabytes early (median of the second tenth), late (median of
        the last tenth), and at most."""
        shown = {}
        for name, by_pid in sorted(self.samples.items()):
            series = max(by_pid.values(), key=len)
            tenth = max(1, len(series) // 10)
            shown[name] = {
                "lived_s": len(series) * SAMPLE_S,
                "early_mb": round(statistics.median(series[tenth : 2 * tenth] or series), 1),
                "late_mb": round(statistics.median(series[-tenth:]), 1),
                "most_mb": round(max(max(each) for each in by_pid.values()), 1),
            }
        return shown

    def _note(self, name: str, pid: int, megabytes: float) -> None:
        if megabytes:
            self.samples[name][pid].append(megabytes)


def _resident_mb(pid: int) -> float:
    """VmRSS (proc(5)); 0 of a process that is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next(
        (int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")),
        0.0,
    )


def _of_session(session: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[3]) == session:
                found.append(int(entry.name))
    return found
