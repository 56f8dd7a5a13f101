"""`python -m tests.faults.random_faults`: chapters push for minutes while random faults happen.

Starts a hub of its own: a replica set of three, a broker cluster of three, two replicas of each
service, a gateway. Prints its seed, what each fault cost, what every process held of memory, and
whether the books agree; the same as JSON with `--result`. Exits with 1 if anything was lost, is
there twice, or `foscao audit` finds something.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.faults.chapters import Chapter
from tests.faults.cluster import Hub
from tests.faults.faults import FAULTS
from tests.faults.measuring import SAMPLE_S, Memory, Probe
from tests.faults.world import World

COUNTRIES = ("ML", "GH", "SN", "NE")
PROBING = "TG"
NORMAL_AGAIN_S = 180.0


@dataclass(frozen=True, slots=True)
class Happened:
    """One fault: when, how long it lasted, and how long after its begin service was normal again:
    0 if no push noticed it, None if it never was. `partners_waited_s`: the longest that an activity
    pushed meanwhile was on its way to the partner's server."""

    kind: str
    at_s: float
    lasted_s: float
    normal_after_s: float | None
    partners_waited_s: float | None = None


@dataclass(slots=True)
class Run:
    """What a run found."""

    seed: int
    seconds: float = 0.0
    faults: list[Happened] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    slowest_answer_s: float = 0.0
    began: float = 0.0
    accepted: dict[str, float] = field(default_factory=dict)
    accounted: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    audit_exit: int | None = None
    audit: str = ""
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        return not self.wrong and self.audit_exit == 0


def run(
    hub: Hub,
    world: World,
    workers: Sequence[Chapter],
    probing: Chapter,
    *,
    seed: int,
    seconds: float,
    rows: int,
    kinds: Sequence[str] = tuple(FAULTS),
    say: Any = lambda text: None,
    patience_s: float = NORMAL_AGAIN_S,
) -> Run:
    """Let faults of these kinds happen for `seconds` while the workers push `rows` rows.

    The next fault comes once all is normal again, or after `patience_s`.
    """
    chance = random.Random(seed)
    found, memory = Run(seed), Memory()
    rows_before = world.rows
    probe = Probe(probing, world.reader(probing))
    stopping = threading.Event()
    began = time.monotonic()
    broken: list[BaseException] = []

    before = {chapter.project: chapter.ledger.rows for chapter in workers}

    def due() -> float:
        return rows / len(workers) * (time.monotonic() - began) / seconds * 1.1

    def work(chapter: Chapter) -> None:
        try:
            while not stopping.is_set():
                chapter.step()
                while chapter.ledger.rows - before[chapter.project] > due() and not stopping.wait(
                    0.1
                ):
                    pass  # ahead of the plan: leave the machine to others
        except BaseException as error:  # noqa: BLE001 - told at the end of the run
            broken.append(error)

    def watch() -> None:
        while not stopping.wait(SAMPLE_S):
            memory.sample(hub)

    threads = [threading.Thread(target=work, args=[each]) for each in workers]
    threads.append(threading.Thread(target=watch))
    for thread in threads:
        thread.start()
    probe.start()
    try:
        bag: list[str] = []
        while time.monotonic() < began + seconds and not broken and probe.failure is None:
            bag = bag or chance.sample(list(kinds), len(kinds))  # each kind before any comes again
            happened = _let_happen(hub, probe, bag.pop(), chance, began, patience_s)
            found.faults.append(happened)
            say(
                f"{happened.at_s:5.0f} s {happened.kind:<28} lasted {happened.lasted_s:4.1f} s, "
                f"normal after {_shown(happened.normal_after_s)} s; {world.rows} rows"
            )
            time.sleep(chance.uniform(0, 2))
        while (
            world.rows - rows_before < rows
            and time.monotonic() < began + 2 * seconds
            and not broken
        ):
            time.sleep(0.5)
    finally:
        stopping.set()
        probe.stop()
        for thread in threads:
            thread.join()
    hub.wait_ready()
    found.seconds = time.monotonic() - began
    found.began, found.accepted = began, probe.accepted
    found.wrong = [f"{type(e).__name__}: {e}" for e in [*broken, probe.failure] if e is not None]
    if patience_s == NORMAL_AGAIN_S:
        never = [each.kind for each in found.faults if each.normal_after_s is None]
        found.wrong += [f"not normal again: {kind}" for kind in never]
    found.answers = dict(world.answers.outcomes.most_common())
    found.slowest_answer_s = world.answers.slowest_s
    found.memory = dict(memory.report())
    return found


def _let_happen(
    hub: Hub, probe: Probe, kind: str, chance: random.Random, began: float, patience_s: float
) -> Happened:
    at = time.monotonic()
    with FAULTS[kind](hub, chance):
        over = time.monotonic()
    while (normal_after_s := probe.disturbed_s(at, over)) is None and probe.failure is None:
        if time.monotonic() > over + patience_s:
            break
        time.sleep(0.1)
    return Happened(kind, at - began, over - at, normal_after_s)


def _shown(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f}"


def settle(hub: Hub, world: World, found: Run) -> None:
    """Wait until all has arrived, compare the books, and have the operators' audit look."""
    try:
        account = world.account(deadline_s=900)
    except AssertionError as error:
        found.wrong.append(str(error))
        return
    found.faults = [replace(h, partners_waited_s=_waited_s(h, found, world)) for h in found.faults]
    found.wrong += account.wrong
    found.accounted = dict(account.counted)
    audit = hub.audit()
    found.audit_exit = audit.returncode
    found.audit = (audit.stdout if audit.returncode else "")[-4000:] + audit.stderr[-1000:]


def _waited_s(happened: Happened, found: Run, world: World) -> float | None:
    began = found.began + happened.at_s
    ended = began + max(happened.lasted_s, happened.normal_after_s or 0.0) + 1
    waits = (
        world.arrived[activity] - accepted
        for activity, accepted in found.accepted.items()
        if began - 1 < accepted < ended and activity in world.arrived
    )
    return max(waits, default=None)


def show(found: Run, console: Console) -> None:
    """The human table."""
    by_kind: defaultdict[str, list[Happened]] = defaultdict(list)
    for each in found.faults:
        by_kind[each.kind].append(each)
    table = Table(
        "fault", "times", "lasted, s", "normal after, s: median", "longest", "partners waited, s"
    )
    for kind, some in sorted(by_kind.items()):
        after = [each.normal_after_s for each in some if each.normal_after_s is not None]
        table.add_row(
            kind,
            str(len(some)),
            f"{statistics.median(each.lasted_s for each in some):.1f}",
            f"{statistics.median(after):.1f}" if after else "never",
            f"{max(after):.1f}" if after else "never",
            f"{max((each.partners_waited_s or 0.0) for each in some):.1f}",
        )
    console.print(table)
    table = Table("process", "lived, s", "early, MB", "late, MB", "most, MB")
    for name, mb in found.memory.items():
        table.add_row(name, *(f"{value:.0f}" for value in mb.values()))
    console.print(table)
    console.print("answers:", found.answers, f"slowest {found.slowest_answer_s:.1f} s")
    console.print("accounted:", found.accounted)
    console.print(f"audit exit {found.audit_exit}", found.audit, markup=False)
    for finding in found.wrong:
        console.print("WRONG", finding, markup=False)
    console.print(f"seed {found.seed}:", "clean" if found.clean else "NOT CLEAN")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.random_faults")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rows", type=int, default=100_000, help="attendance rows to be accepted")
    parser.add_argument("--broker-nodes", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=list(FAULTS), default=list(FAULTS))
    parser.add_argument("--result", type=Path, help="write the summary as JSON here")
    parser.add_argument("--keep", type=Path, help="keep data and logs in this folder")
    options = parser.parse_args()
    console = Console()
    console.print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="foscao-faults-") as folder:
        hub = Hub(options.keep or Path(folder), broker_nodes=options.broker_nodes)
        try:
            hub.up()
            habits = {"people": 600, "sheet": (50, 150), "gives_up": 0.2}
            with World(hub) as world:
                seeds = range(options.seed * 10, options.seed * 10 + len(COUNTRIES))
                workers = [
                    world.join(country, seed, **habits)
                    for country, seed in zip(COUNTRIES, seeds, strict=True)
                ]
                found = run(
                    hub, world, workers, world.join(PROBING, seeds.stop), seed=options.seed,
                    seconds=options.minutes * 60, rows=options.rows, kinds=options.only,
                    say=lambda text: console.print(text, highlight=False, soft_wrap=True),
                )  # fmt: skip
                settle(hub, world, found)
        finally:
            hub.down()
    show(found, console)
    if options.result:
        summary = asdict(found) | {"clean": found.clean}
        del summary["began"], summary["accepted"]
        options.result.write_text(json.dumps(summary, indent=2) + "\n")
    return 0 if found.clean else 1


if __name__ == "__main__":
    sys.exit(main())
