"""`foscao backup FOLDER`: all databases as of one moment, while the hub runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.outcome import notes, output, print_json, progress
from cli.settings import Settings
from operations.archive import catalogue
from operations.archive.server import connected
from operations.archive.taking import take
from shared.access import ALL_DATABASES

APART = (
    "The master key is not in it: without that key, people's names and numbers in this backup can "
    "never be read again. Keep a copy of the key, and of the webhook key, in another place."
)


def register(app: typer.Typer) -> None:
    app.command()(backup)


def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder; one file per database goes there.")],
    json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
) -> None:
    """Back up all databases as of one moment, while the hub runs.

    People's data stay encrypted as they are stored. Nothing is overwritten.
    """
    settings = Settings.load()
    with connected(settings.mongo_uri) as client, progress() as display:
        total = sum(
            client[each.database][each.name].estimated_document_count()
            for each in catalogue.collections(client, ALL_DATABASES)
        )
        bar = display.add_task("Backing up", total=total)
        manifest = take(
            client,
            ALL_DATABASES,
            folder.absolute(),
            lambda _, documents: display.advance(bar, documents),
        )
    if json:
        print_json(manifest.to_dict())
    else:
        console = output()
        for file in manifest.files:
            console.print(f"{file.database:18} {file.documents:>12,} {file.size:>15,} bytes")
        console.print(f"{manifest.documents:,} documents as of {manifest.taken_at} in {folder}")
    notes().print(APART, soft_wrap=True)
