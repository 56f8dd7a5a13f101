"""`python -m bench`: starts a stack of its own, loads it over HTTP, and prints figures and ratios.

All guarantees are on: keys checked, ids idempotent, transactions majority and journaled, outbox,
inbox, projections. Client, gateway, services, broker and database share the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import raw
from bench.load import Load, ask, send, session
from bench.processes import cpu_seconds, spent
from bench.workload import Workload
from deploy.local.stack import Stack

ROWS = 500
SMALL_CONNECTIONS = 64
CATCH_UP_DEADLINE_S = 60.0

Figures = dict[str, float]
Profile = dict[str, dict[str, float]]


async def measure(stack: Stack, options: argparse.Namespace) -> tuple[Figures, Profile]:
    figures: Figures = {}
    profile: Profile = {}
    url = stack.hub_url
    async with session(url, stack.admin_key, 1) as admin:
        key = (await ask(admin, Workload.create_key()))["createApiKey"]["key"]
    async with session(url, key, SMALL_CONNECTIONS) as http:
        work = Workload()
        for payload in work.setup(sheets=options.sheets, rows=ROWS):
            await ask(http, payload)

        figures["raw_mongodb_rows_per_s"] = raw.rows_per_second(stack.mongo_root_uri, seconds=5)

        sheets = work.sheets(ROWS)
        await send(http, sheets[:4], 2, work.ATTENDANCE_REJECTED)  # warm
        before = cpu_seconds(stack)
        load = await send(http, sheets[4:], options.sheet_connections, work.ATTENDANCE_REJECTED)
        figures["attendance_rows_per_s"] = load.answers * ROWS / load.span_s
        figures["attendance_p95_ms"] = load.percentile_ms(95)
        figures["report_caught_up_after_s"] = await _caught_up(
            http, work, work.sheets_project, sessions=len(sheets) * ROWS
        )
        profile["ms per sheet of 500"] = spent(before, cpu_seconds(stack), load.answers)
        figures["ratio_to_raw_mongodb"] = (
            figures["attendance_rows_per_s"] / figures["raw_mongodb_rows_per_s"]
        )

        registered, corrected = work.registrations(options.registrations, ROWS)
        for name, payloads in (("registered", registered), ("corrected", corrected)):
            before = cpu_seconds(stack)
            load = await send(http, payloads, options.sheet_connections, work.REGISTER_REJECTED)
            figures[f"people_{name}_per_s"] = load.answers * ROWS / load.span_s
            profile[f"ms per 500 people {name}"] = spent(before, cpu_seconds(stack), load.answers)

        small = work.small_activities(options.activities, work.small_project)
        await send(http, small[:200], SMALL_CONNECTIONS, work.ACTIVITY_REJECTED)  # warm
        before = cpu_seconds(stack)
        load = await send(http, small[200:], SMALL_CONNECTIONS, work.ACTIVITY_REJECTED)
        figures["single_activities_per_s"] = load.answers / load.span_s
        figures["single_activities_p95_ms"] = load.percentile_ms(95)
        figures["single_caught_up_after_s"] = await _caught_up(
            http, work, work.small_project, activities=len(small)
        )
        profile["ms per single activity"] = spent(before, cpu_seconds(stack), load.answers)

        lone, visible = await _lone(http, work, options.lone)
        figures["lone_push_p95_ms"] = lone.percentile_ms(95)
        figures["visible_in_report_p95_ms"] = visible.percentile_ms(95)
    return figures, profile


async def _caught_up(
    http: Any, work: Workload, project: str, *, activities: int = 0, sessions: int = 0
) -> float:
    """Seconds until the project's report shows all that was accepted."""
    began = time.perf_counter()
    while time.perf_counter() - began < CATCH_UP_DEADLINE_S:
        counted, attended = await work.reported(http, project)
        if counted >= activities and attended >= sessions:
            return time.perf_counter() - began
        await asyncio.sleep(0.02)
    raise RuntimeError("the report did not catch up")


async def _lone(http: Any, work: Workload, count: int) -> tuple[Load, Load]:
    """One small push at a time: how long its answer took, and how long until a report showed it."""
    lone, visible = Load(), Load()
    for number, payload in enumerate(work.small_activities(count, work.lone_project), start=1):
        began = time.perf_counter()
        await ask(http, payload)
        lone.took_s.append(time.perf_counter() - began)
        while (await work.reported(http, work.lone_project))[0] < number:
            await asyncio.sleep(0.005)
        visible.took_s.append(time.perf_counter() - began)
    return lone, visible


TARGETS = {
    "attendance_rows_per_s": (">=", 10_000),
    "report_caught_up_after_s": ("<=", 2),
    "single_activities_per_s": (">=", 1_000),
    "lone_push_p95_ms": ("<=", 60),
    "visible_in_report_p95_ms": ("<=", 500),
}


def show(figures: Figures, profile: Profile) -> None:
    table = Table(
        "figure", "measured", "target", title=f"{os.cpu_count()} cores, all on one machine"
    )
    for name, value in figures.items():
        sign, target = TARGETS.get(name, ("", None))
        met = target is None or (value >= target if sign == ">=" else value <= target)
        text = f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
        table.add_row(
            name,
            text if met else f"[red]{text}[/red]",
            f"{sign} {target:,}" if target is not None else "",
        )
    console = Console()
    console.print(table)
    for unit, by_process in profile.items():
        total = sum(by_process.values())
        parts = ", ".join(f"{name} {ms:.2f}" for name, ms in by_process.items() if ms > total / 100)
        console.print(f"processor time, {unit}: {total:.2f} = {parts}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--sheets", type=int, default=500, help="sheets of 500 rows to push")
    parser.add_argument("--sheet-connections", type=int, default=6)
    parser.add_argument("--registrations", type=int, default=60, help="batches of 500 people")
    parser.add_argument("--activities", type=int, default=10_000, help="pushed one a request")
    parser.add_argument("--lone", type=int, default=200, help="pushed one after the other")
    parser.add_argument("--result", type=Path, default=Path("bench-result.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="foscao-bench-") as folder:
        stack = Stack(Path(folder))
        stack.up(dies_with_parent=True)
        try:
            figures, profile = asyncio.run(measure(stack, options))
        finally:
            stack.down()
    show(figures, profile)
    result = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "options": {k: v for k, v in vars(options).items() if k != "result"},
        "figures": figures,
        "processor_ms": profile,
    }
    options.result.write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
