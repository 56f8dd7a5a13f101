"""`foscao rebuild reporting`: build the projections anew from the event logs, and swap them."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from cli.outcome import CLEAN, FINDINGS, Display, notes, output, print_json
from operations.rebuild import rebuild_reporting
from operations.settings import Settings
from services.reporting.handlers.rebuild import Outcome

SHOWN = 50  # differences on a screen; --json has all


def register(app: typer.Typer) -> None:
    """Add `foscao rebuild`."""
    group = typer.Typer(no_args_is_help=True, help="Build projections anew from the event logs.")
    group.command("reporting")(reporting)
    app.add_typer(group, name="rebuild")


def reporting(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the difference, change nothing.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the old projections until the next rebuild.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Do not go on with a rebuild that was cut off.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Write one JSON document.")] = False,
) -> None:
    """Build reporting's projections beside the live ones, show what differs, and swap them.

    Questions are answered and events are applied meanwhile. Cut off at any moment, it leaves the
    hub as it was; run again, it goes on. Exit code 1: figures differed, or events failed.
    """
    started = time.monotonic()
    with Display() as display:
        uri = Settings.load().mongo_uri
        outcome = rebuild_reporting(uri, display.watch, dry_run=dry_run, keep=keep, fresh=fresh)
    seconds = time.monotonic() - started
    if json:
        print_json(_document(outcome, seconds))
    else:
        _show(outcome, seconds)
    raise typer.Exit(CLEAN if outcome.clean else FINDINGS)


def _document(outcome: Outcome, seconds: float) -> dict[str, Any]:
    return {
        "swapped": outcome.swapped,
        "seconds": round(seconds, 1),
        "events_read": outcome.read,
        "events_applied": {"before": outcome.before, "after": outcome.after},
        "differences": [asdict(each) for each in outcome.differences],
        "failed": [
            {"id": each.event.id, "type": each.event.type, "reason": each.reason}
            for each in outcome.failed.values()
        ],
        "waiting": [{"id": each.id, "type": each.type} for each in outcome.waiting.values()],
    }


def _show(outcome: Outcome, seconds: float) -> None:
    found = output()
    if outcome.differences:
        table = Table("row", "figure", "of whom", "before", "after", "change")
        for each in outcome.differences[:SHOWN]:
            table.add_row(
                f"{each.rows_by} {each.key}",
                each.figure,
                f"{each.dimension} {each.category}" if each.dimension else "all",
                f"{each.before:,}",
                f"{each.after:,}",
                f"{each.after - each.before:+,}",
            )
        found.print(table)
        if (more := len(outcome.differences) - SHOWN) > 0:
            found.print(f"… and {more} more: --json shows all")
    else:
        found.print("No figure differs.")
    if outcome.before != outcome.after:
        notes().print(
            f"Compared after {outcome.before:,} events in the live projections and "
            f"{outcome.after:,} in the new ones: figures may differ by those under way."
        )
    for failure in outcome.failed.values():
        found.print(f"failed: {failure.event.type} {failure.event.id}: {failure.reason}")
    for event in outcome.waiting.values():
        found.print(f"waits for an event before it: {event.type} {event.id}")
    done = "swapped" if outcome.swapped else "not swapped"
    notes().print(f"{outcome.read:,} events read in {seconds:.1f} s; {done}.")
