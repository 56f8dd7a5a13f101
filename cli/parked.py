"""`foscao parked`: the events that services could not apply, and what to do about them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import orjson
import typer

from cli.outcome import CLEAN, FINDINGS, Display, print_json
from operations import parked
from operations.failure import CannotRun
from operations.parked import ParkedEvent, Reached
from operations.settings import Settings
from shared.parked import DISCARDED, RETRIED, STATES

Service = Annotated[
    str | None, typer.Option("--service", help="Of this service only, e.g. reporting.")
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")]
Reason = Annotated[str | None, typer.Option(help="With this reason's code only, e.g. INTERNAL.")]
Ids = Annotated[list[str], typer.Argument(help="Ids as `foscao parked list` shows them.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Events that a service could not apply, set aside so that others could go on.",
        no_args_is_help=True,
    )
    group.command("list")(list_parked)
    group.command()(show)
    group.command()(retry)
    group.command()(discard)
    app.add_typer(group, name="parked")


def list_parked(
    service: Service = None,
    state: Annotated[str, typer.Option(help="parked, retried, discarded or all.")] = "parked",
    subject: Annotated[str | None, typer.Option(help="Of this subject only.")] = None,
    reason: Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most, of each service.")] = 50,
    json: Json = False,
) -> None:
    """List them, the one that waits longest first. Exit code 1 if any waits for a decision."""
    found = parked.listed(
        Settings.load(),
        service,
        state=None if state == "all" else state,
        subject=subject,
        reason=reason,
        limit=limit,
    )
    if json:
        print_json({"services": found.counts, "events": found.rows})
    else:
        for row in found.rows:
            typer.echo(_summary(row))
        for count in found.counts:
            told = ", ".join(f"{count[each]} {each}" for each in STATES)
            typer.echo(f"{count['service']}: {told}")
    raise typer.Exit(FINDINGS if found.waiting else CLEAN)


def show(
    id: Annotated[str, typer.Argument(help="The id, as `foscao parked list` shows it.")],
    service: Service = None,
    json: Json = False,
) -> None:
    """Show one with its content, and what was decided about it."""
    rows = parked.shown(Settings.load(), id, service)
    if json:
        print_json({"events": rows})
        return
    for row in rows:
        typer.echo(_summary(row))
        for each in row["decisions"]:
            because = f": {each['why']}" if each["why"] else ""
            typer.echo(f"    {each['action']} {each['at']} with key {each['by']}{because}")
        if row["event"] is None:
            typer.echo(f"    no event, {row['sizeBytes']} bytes, not shown: it may be anything")
        else:
            typer.echo(orjson.dumps(row["event"], option=orjson.OPT_INDENT_2))


def retry(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids, or --all.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that wait for a decision.")] = False,
    service: Service = None,
    reason: Reason = None,
    json: Json = False,
) -> None:
    """Send events to their service again, each with what is parked behind it.

    What was applied before is not applied twice, so this is always safe.
    """
    if every == bool(ids):
        raise CannotRun("name the events by their ids, or all of them by --all")
    with Display() as display:
        reached = parked.retry(Settings.load(), ids or None, service, reason, display.watch)
    _tell(reached, RETRIED, json=json)


def discard(
    ids: Ids,
    why: Annotated[str, typer.Option(help="The reason, for the record; name no person.")],
    service: Service = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Give events up, on record: what they say stays missing until they are retried."""
    with Display() as display:

        def confirm(rows: Sequence[ParkedEvent]) -> bool:
            return yes or display.aside(lambda: _sure(rows))

        reached = parked.discard(Settings.load(), ids, service, why, confirm, display.watch)
    if reached is None:
        typer.echo("Nothing was discarded.", err=True)
        raise typer.Exit(FINDINGS)
    _tell(reached, DISCARDED, json=json)


def _sure(rows: Sequence[ParkedEvent]) -> bool:
    """Whether the person at the terminal says yes. Raises: CannotRun: there is none."""
    if not sys.stdin.isatty():
        raise CannotRun("nobody is there to ask: add --yes to discard")
    for row in rows:
        typer.echo(_summary(row), err=True)
    held = sum(row["holdsUp"] for row in rows)
    behind = f" {held} later events cannot be applied without them." if held else ""
    typer.echo(
        f"What these {len(rows)} events say will be missing from the reports and feeds of their "
        f"services until they are retried.{behind}",
        err=True,
    )
    answer: str = typer.prompt("Type yes to discard them", default="no", err=True)
    return answer.strip().lower() == "yes"


def _tell(reached: Reached, word: str, *, json: bool) -> None:
    """Say what a decision reached."""
    if json:
        print_json({word: reached})
        return
    for service, count in reached.items():
        typer.echo(f"{service}: {count} {word}")
    if not reached:
        typer.echo(f"nothing to be {word}")


def _summary(row: Mapping[str, Any]) -> str:
    """What a person must know of a row to decide, in a few lines."""
    what = f"{row['type']} #{row['sequence']} of {row['subject']}" if row["type"] else "no event"
    lines = [
        f"{row['service']}  {row['id']}",
        f"    {what}",
        f"    {row['state']}; last failed {row['lastAt']}, attempts: {row['attempts']}",
        f"    {row['reasonText']} [{row['reason']}]",
    ]
    if row["appliedAt"]:
        lines.append(f"    applied after all, {row['appliedAt']}")
    if row["holdsUp"]:
        lines.append(f"    holds up {row['holdsUp']} later events of the same subject")
    if row["waitsFor"]:
        lines.append(f"    waits for {row['waitsFor']}")
    return "\n".join(lines) + "\n"
