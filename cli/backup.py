"""`foscao backup FOLDER`: all databases as of one moment, while the hub runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.outcome import Display, notes, output, print_json
from operations.archive.backup import back_up
from operations.settings import Settings

APART = (
    "The master key is not in it: without that key, people's names and numbers in this backup can "
    "never be read again. Keep a copy of the key, and of the webhook key, in another place."
)


def register(app: typer.Typer) -> None:
    app.command()(backup)


def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder; one file per database goes there.")],
    unproven: Annotated[
        bool,
        typer.Option(
            "--unproven", help="Take it also if it is not sure that people's names can be opened."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
) -> None:
    """Back up all databases as of one moment, while the hub runs.

    People's data stay encrypted as they are stored; a backup whose keys are gone is refused.
    Nothing is overwritten.
    """
    with Display() as display:
        uri = Settings.load().mongo_uri
        manifest = back_up(uri, folder.absolute(), display.watch, unproven=unproven)
    if json:
        print_json(manifest.to_dict())
    else:
        console = output()
        for file in manifest.files:
            console.print(f"{file.database:18} {file.documents:>12,} {file.size:>15,} bytes")
        console.print(f"{manifest.documents:,} documents as of {manifest.taken_at} in {folder}")
    for doubt in manifest.doubts:
        notes().print(f"In doubt: {doubt}", soft_wrap=True, markup=False)
    notes().print(APART, soft_wrap=True)
