"""`foscao restore FOLDER`: a backup becomes the hub's databases again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.outcome import notes, output, print_json, progress
from cli.settings import Settings
from operations.archive import broker, catalogue, keys, positions
from operations.archive.format import Damaged
from operations.archive.manifest import Manifest
from operations.archive.putting import put
from operations.archive.republishing import republish
from operations.failure import CannotRun
from operations.server import Client, connected
from shared.access import ALL_DATABASES
from shared.config import ConfigError, Environment

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
    try:
        manifest = Manifest.load(folder)
        if lacking := set(ALL_DATABASES) - {file.database for file in manifest.files}:
            raise Damaged(f"{folder} lacks {', '.join(sorted(lacking))}")
        _verify(manifest, folder)
        if only_keys:
            _put_keys_back(settings, manifest, folder, json=json)
            return
        with connected(settings.mongo_uri) as client:
            held = _held(client, manifest)
            if held and not replace:
                raise CannotRun(
                    f"the databases are not empty ({', '.join(held)}): nothing was touched; "
                    "--replace deletes what they hold"
                )
            if not new_broker:
                broker.require_stopped(settings.amqp_uri)
            if held and not yes:
                _ask(f"Delete what {', '.join(held)} hold now?")
            if not new_broker:
                broker.forget_events(settings.amqp_uri, _delays_s())
            replaced = positions.head(client)
            _put(client, manifest, folder)
            gap = positions.leave_gap(client, replaced, feed_gap)
            missing = republish(client, lambda _: None)
    except Damaged as error:
        raise CannotRun(str(error)) from error
    except OSError as error:
        raise CannotRun(f"{folder}: {error.strerror}") from error
    if json:
        print_json(
            {
                "taken_at": manifest.taken_at,
                "documents": manifest.documents,
                "feed": {"ended_at": gap.after, "goes_on_after": gap.to},
                "events_published_again": missing.events,
            }
        )
    else:
        console = output()
        console.print(f"{manifest.documents:,} documents as of {manifest.taken_at} are restored.")
        console.print(f"The feed ended at {gap.after:,} and goes on behind {gap.to:,}.")
        console.print(f"{missing.events:,} events are published again.")
    for doubt in manifest.doubts:
        notes().print(f"In doubt when it was taken: {doubt}", soft_wrap=True, markup=False)
    notes().print(AFTERWARDS, soft_wrap=True)


def _put_keys_back(settings: Settings, manifest: Manifest, folder: Path, *, json: bool) -> None:
    with connected(settings.mongo_uri) as client:
        put = keys.put_back(client, manifest, folder)
    if json:
        print_json({"keys": put})
    else:
        output().print(f"Put back: {', '.join(put) or 'nothing, no key of the backup is lacking'}.")


def _ask(question: str) -> None:
    """Raises: CannotRun: the answer is no, or there is nobody to answer."""
    try:
        sure = typer.confirm(question, err=True)
    except typer.Abort:
        sure = False
    if not sure:
        raise CannotRun("nothing was touched")


def _verify(manifest: Manifest, folder: Path) -> None:
    with progress() as display:
        bar = display.add_task("Verifying", total=manifest.documents)
        manifest.verify(folder, lambda _, documents: display.advance(bar, documents))


def _put(client: Client, manifest: Manifest, folder: Path) -> None:
    with progress() as display:
        bar = display.add_task("Restoring", total=manifest.documents)
        put(client, manifest, folder, lambda _, documents: display.advance(bar, documents))


def _held(client: Client, manifest: Manifest) -> list[str]:
    """Which of the databases hold anything."""
    names = [file.database for file in manifest.files]
    return sorted({each.database for each in catalogue.collections(client, names)})


def _delays_s() -> tuple[float, ...]:
    """The rungs of the services' ladder, where the environment tells of others than usual."""
    usual = tuple(str(each) for each in broker.DELAYS_S)
    try:
        return tuple(float(each) for each in Environment().words("RETRY_DELAYS_S", usual))
    except (ConfigError, ValueError):
        raise CannotRun("RETRY_DELAYS_S must be numbers of seconds with commas") from None
