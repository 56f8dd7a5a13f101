"""`foscao restore FOLDER`: a backup becomes the hub's databases again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.outcome import Display, notes, output, print_json
from operations.archive import positions
from operations.archive.restoring import Restored, restore_keys
from operations.archive.restoring import restore as restore_all
from operations.settings import Settings

AFTERWARDS = (
    "Start the services now. What was pushed after the backup is to be pushed again (under its ids "
    "it counts once); API keys and webhooks are as they were then: look through them for any that "
    "were revoked or deleted since. See docs/operators.md."
)


def register(app: typer.Typer) -> None:
    app.command()(restore)


def restore(
    folder: Annotated[Path, typer.Argument(help="The folder of a backup.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Delete what the databases hold now.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before deleting.")] = False,
    new_broker: Annotated[
        bool,
        typer.Option("--new-broker", help="The broker is a new, empty one: ask nothing of it."),
    ] = False,
    feed_gap: Annotated[
        int,
        typer.Option(
            min=1,
            help="More entries than the feed can have got between the backup and its loss.",
        ),
    ] = positions.GAP,
    only_keys: Annotated[
        bool,
        typer.Option(
            "--keys", help="Put back lost keys of people's data alone, while the hub may run."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Put a backup back, while the gateway and the services are stopped.

    Every file is verified before anything is touched. Afterwards the broker holds no events, and
    those that the backup's consumers had not received are published when the services start.
    """
    settings = Settings.load()
    with Display() as display:
        if only_keys:
            put = restore_keys(settings, folder, display.watch)
        else:
            done = restore_all(
                settings,
                folder,
                display.watch,
                lambda question: yes or display.aside(lambda: _sure(question)),
                replace=replace,
                new_broker=new_broker,
                feed_gap=feed_gap,
            )
    if only_keys:
        _tell_keys(put, json=json)
    else:
        _tell(done, json=json)


def _tell_keys(put: Sequence[str], *, json: bool) -> None:
    if json:
        print_json({"keys": put})
    else:
        output().print(f"Put back: {', '.join(put) or 'nothing, no key of the backup is lacking'}.")


def _tell(done: Restored, *, json: bool) -> None:
    if json:
        print_json(
            {
                "taken_at": done.manifest.taken_at,
                "documents": done.manifest.documents,
                "feed": {"ended_at": done.gap.after, "goes_on_after": done.gap.to},
                "events_published_again": done.events,
            }
        )
    else:
        console = output()
        console.print(
            f"{done.manifest.documents:,} documents as of {done.manifest.taken_at} are restored."
        )
        console.print(f"The feed ended at {done.gap.after:,} and goes on behind {done.gap.to:,}.")
        console.print(f"{done.events:,} events are published again.")
    for doubt in done.manifest.doubts:
        notes().print(f"In doubt when it was taken: {doubt}", soft_wrap=True, markup=False)
    notes().print(AFTERWARDS, soft_wrap=True)


def _sure(question: str) -> bool:
    """False also where there is nobody to answer."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        return False
