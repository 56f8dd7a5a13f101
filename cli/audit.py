"""`foscao audit`: nothing lost, nothing twice, from the stores to each partner."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from cli.outcome import CLEAN, FINDINGS, notes, output, print_json
from operations.audit import report
from operations.audit.run import audit_hub
from operations.audit.scope import Asked
from operations.audit.tally import Account, FindingKind, Tally
from operations.failure import CannotRun
from operations.settings import Settings
from shared.days import calendar_day, parse_timestamp
from shared.ids import canonical

_COLUMNS: Final = (
    "expected", "found", "in flight", "missing", "double", "other", "checksum",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    app.command(name="audit")(run)


def run(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Everything there is: the default.")
    ] = False,
    activity: Annotated[
        str | None,
        typer.Option(help="One activity: its sessions and the people on their sheets too."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="DAY|TIME",
            help="Whatever was recorded since: YYYY-MM-DD (UTC), or a time of RFC 3339.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", metavar="DAY|TIME", help="Whatever was recorded before."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    grace: Annotated[
        float,
        typer.Option(min=0, help="Seconds that an event may take to its next stage."),
    ] = 5.0,
    strict: Annotated[
        bool, typer.Option("--strict", help="Nothing may be in flight: as --grace 0.")
    ] = False,
    most: Annotated[int, typer.Option(min=0, help="Findings named of each stage.")] = 20,
) -> None:
    """Follow what was accepted from where it is stored to each partner; name gaps and doubles.

    Reads the databases alone, as of one moment. Exit codes: 0 clean, 1 findings, 2 could not run.
    """
    if sum((everything, activity is not None, since is not None or until is not None)) > 1:
        raise CannotRun("--all, --activity and --from/--to exclude each other")
    asked = Asked(_id(activity), _moment("--from", since), _moment("--to", until))
    uri = Settings.load().mongo_uri
    with notes().status("reading") as status:
        account = audit_hub(
            uri,
            asked,
            timedelta(seconds=0 if strict else grace),
            most,
            lambda what: status.update(f"reading {what}"),
        )
    if as_json:
        print_json(report.document(account))
    else:
        show(account, output())
    raise typer.Exit(CLEAN if account.clean else FINDINGS)


def _id(activity: str | None) -> str | None:
    if activity is not None and canonical(activity) is None:
        raise CannotRun(f"{activity!r} is no id of an activity")
    return activity and canonical(activity)


def _moment(option: str, given: str | None) -> datetime | None:
    """The beginning of a day, in UTC, or a moment."""
    if given is None:
        return None
    day = calendar_day(given)
    at = datetime.combine(day, time(tzinfo=UTC)) if day else parse_timestamp(given)
    if at is None:
        raise CannotRun(f"{option} {given!r} is neither YYYY-MM-DD nor a time of RFC 3339")
    return at


def show(account: Account, console: Console) -> None:
    """Print the table, the findings kept of each stage, and what it all comes to."""
    table = Table("stage", box=None, pad_edge=False)
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    for tally in account:
        table.add_row(tally.stage, *_row(tally), style=None if tally.clean else "red")
    console.print(table)
    for tally in account:
        for finding in tally.findings:
            console.print(
                f"{finding.kind.upper()}  {finding.stage}: {finding.text}",
                markup=False,
                soft_wrap=True,
            )
        unnamed = sum(tally.counts.values()) - sum(1 for _ in tally.findings)
        if unnamed > 0:
            console.print(f"… {tally.stage}: {unnamed} more (--most)", markup=False)
        if tally.again:
            console.print(
                f"note: {tally.stage}: {tally.again} deliveries were repeated under the same id, "
                "as after a crash between a partner's answer and the cursor",
                markup=False,
                soft_wrap=True,
            )
    console.print(_verdict(account))


def _row(tally: Tally) -> list[str]:
    missing, double = (
        tally.counts.get(FindingKind.MISSING, 0),
        tally.counts.get(FindingKind.DOUBLE, 0),
    )
    other = sum(tally.counts.values()) - missing - double
    counts = (tally.expected, tally.found, tally.in_flight, missing, double, other)
    return [*(f"{count:,}" for count in counts), "ok" if tally.checksum_ok else "DIFFERS"]


def _verdict(account: Account) -> str:
    if account.clean:
        return "Clean: nothing is missing, nothing is double."
    total = sum(sum(tally.counts.values()) for tally in account)
    return f"{total:,} findings."
