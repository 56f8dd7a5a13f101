"""`foscao republish`: after a broker has lost its data, the events it had are published again."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.outcome import Display, output, print_json
from operations.archive.republishing import republish_lost
from operations.settings import Settings


def register(app: typer.Typer) -> None:
    app.command()(republish)


def republish(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Publish again the events that never reached a consumer, after the broker has lost its data.

    Run it when all services run again on the new broker. What arrives twice is applied once.
    """
    with Display() as display:
        missing = republish_lost(Settings.load().mongo_uri, display.watch, dry_run=dry_run)
    if json:
        print_json({"events": missing.events, "lacking": missing.lacking, "dry_run": dry_run})
        return
    console = output()
    for consumer, count in missing.lacking.items():
        console.print(f"{consumer:18} lacks {count:>12,} events")
    verb = "would be" if dry_run else "are"
    console.print(f"{missing.events:,} events {verb} published again")
