"""`python -m bench.rebuild`: how fast reporting's projections are built anew from the event logs.

Takes the programme of `bench.audit`, with its live projections, and rebuilds them beside it; the
figures must not differ.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from bench.audit import Programme
from deploy.local.database import Database
from services.reporting.handlers.rebuild import Rebuild
from services.reporting.store.building import Building, event_logs


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.rebuild", description=__doc__)
    parser.add_argument("--activities", type=int, default=2_000)
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--present", type=int, default=100, help="people in each session")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="foscao-bench-") as home,
        Database(Path(home)) as server,
        MongoClient[dict[str, Any]](server.root_uri, tz_aware=True) as client,
    ):
        programme = Programme(client)
        programme.register(asked.people)
        rows = programme.hold(asked.activities, asked.present)
        steps: dict[str, float] = {}
        began = time.monotonic()

        def watch(step: str, _done: int, _of: int) -> None:
            steps[step] = time.monotonic() - began

        building = Building(client["reporting"])
        outcome = Rebuild(building, event_logs(client), watch, lambda _: None).run()
        took_s = time.monotonic() - began
    read_s = steps["reading the event logs"]
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{outcome.read:,} events with {rows:,} attendance rows in {read_s:.1f} s: "
        f"{outcome.read / read_s:,.0f} events/s; compared and swapped after {took_s:.1f} s; "
        f"{memory_mb:.0f} MB at most (writing included)"
    )
    print(f"{len(outcome.differences)} figures differ")
    return 0 if outcome.swapped and not outcome.differences else 1


if __name__ == "__main__":
    sys.exit(main())
