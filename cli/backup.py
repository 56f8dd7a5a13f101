"""`foscao backup FOLDER`: all databases as of one moment, while the hub runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.outcome import notes, output, print_json, progress
from cli.settings import Settings
from operations.archive import catalogue
from operations.archive.taking import take
from operations.failure import CannotRun
from operations.sealed import look, troubles
from operations.server import Session, connected
from shared.access import ALL_DATABASES

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
    settings = Settings.load()

    def examine(session: Session) -> list[str]:
        found = list(troubles(look(client["participants"], session)))
        if found and not unproven:
            raise CannotRun(
                "; ".join(f"{each.text} (remedy: {each.remedy})" for each in found)
                + ". No backup was taken; --unproven takes it all the same"
            )
        return [each.text for each in found]

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
            examine,
        )
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
