"""`foscao audit`: nothing lost, nothing twice, from the stores to each partner."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated

import typer

from cli.outcome import CLEAN, FINDINGS, notes, output, print_json
from cli.settings import Settings
from operations.audit import report
from operations.audit.log import Moment
from operations.audit.reading import Databases
from operations.audit.run import audit
from operations.audit.scope import EVERYTHING, Scope, of_activity, of_period
from operations.audit.tally import Account
from operations.failure import CannotRun
from operations.server import connected
from shared.days import calendar_day, moment
from shared.ids import canonical


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
    begin, end = _moment("--from", since), _moment("--to", until)
    uri = Settings.load().mongo_uri
    grace_given = timedelta(seconds=0 if strict else grace)
    console = notes()
    with (
        console.status("reading") as status,
        connected(uri) as client,
        Databases(client) as databases,
    ):
        scope = _scope(databases, activity, begin, end)
        account = audit(
            databases,
            scope,
            Moment(databases.now, grace_given),
            most,
            lambda what: status.update(f"reading {what}"),
        )
    _tell(account, as_json=as_json)
    raise typer.Exit(CLEAN if account.clean else FINDINGS)


def _scope(
    databases: Databases, activity: str | None, since: datetime | None, until: datetime | None
) -> Scope:
    if activity is not None:
        identifier = canonical(activity)
        if identifier is None:
            raise CannotRun(f"{activity!r} is no id of an activity")
        try:
            return of_activity(databases, identifier)
        except LookupError as error:
            raise CannotRun(f"no database knows of activity {identifier}") from error
    if since is not None or until is not None:
        return of_period(databases, since, until)
    return EVERYTHING


def _moment(option: str, given: str | None) -> datetime | None:
    """The beginning of a day, in UTC, or a moment."""
    if given is None:
        return None
    day = calendar_day(given)
    at = datetime.combine(day, time(tzinfo=UTC)) if day else moment(given)
    if at is None:
        raise CannotRun(f"{option} {given!r} is neither YYYY-MM-DD nor a time of RFC 3339")
    return at


def _tell(account: Account, *, as_json: bool) -> None:
    if as_json:
        print_json(report.document(account))
    else:
        report.show(account, output())
