"""`foscao parked`: the events that services could not apply, and what to do about them.

Owns how they are shown and asked about; the hub itself decides and records (GraphQL).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

import orjson
import typer

from cli.hub import Hub
from cli.outcome import CLEAN, FINDINGS, print_json, progress
from cli.settings import Settings
from operations.failure import CannotRun

CHUNK: Final = 200  # what the hub takes at once
STATES: Final = ("parked", "retried", "discarded")

FIELDS: Final = """
    service id state type subject sequence reason reasonText attempts firstAt lastAt appliedAt
    holdsUp waitsFor decisions { action at by why }
"""
COUNTS: Final = "{ parkedCounts { service parked retried discarded } }"
LIST: Final = f"""
query($service: EventConsumer!, $state: ParkedState, $subject: ID, $reason: String, $ids: [ID!],
      $first: Int, $after: String) {{
  parked(service: $service, state: $state, subject: $subject, reason: $reason, ids: $ids,
         first: $first, after: $after) {{
    nodes {{ {FIELDS} }} pageInfo {{ endCursor hasNextPage }}
  }}
}}"""
SHOW: Final = f"""
query($service: EventConsumer!, $id: ID!) {{
  parkedEvent(service: $service, id: $id) {{ {FIELDS} event sizeBytes }}
}}"""
RETRY: Final = """
mutation($service: EventConsumer!, $ids: [ID!]!) {
  retryParked(service: $service, ids: $ids) { count unknown }
}"""
DISCARD: Final = """
mutation($service: EventConsumer!, $ids: [ID!]!, $reason: String!) {
  discardParked(service: $service, ids: $ids, reason: $reason) { count unknown }
}"""

Row = dict[str, Any]
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
    if state not in (*STATES, "all"):
        raise CannotRun(f"no state is called {state!r}: it is parked, retried, discarded or all")
    wanted = {"state": None if state == "all" else state, "subject": subject, "reason": reason}
    with Hub(Settings.load()) as hub:
        counts = _counts(hub, service)
        rows = [
            row for count in counts for row in _rows(hub, count["service"], limit=limit, **wanted)
        ]
    if json:
        print_json({"services": counts, "events": rows})
    else:
        for row in rows:
            typer.echo(_summary(row))
        for count in counts:
            told = ", ".join(f"{count[each]} {each}" for each in STATES)
            typer.echo(f"{count['service']}: {told}")
    waiting = any(count["parked"] for count in counts)
    raise typer.Exit(FINDINGS if waiting else CLEAN)


def show(
    id: Annotated[str, typer.Argument(help="The id, as `foscao parked list` shows it.")],
    service: Service = None,
    json: Json = False,
) -> None:
    """Show one with its content, and what was decided about it."""
    with Hub(Settings.load()) as hub:
        found = _found(hub, [id], service)
        rows = [hub.ask(SHOW, service=each["service"], id=id)["parkedEvent"] for each in found]
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
    with Hub(Settings.load()) as hub:
        if ids:
            rows = _found(hub, ids, service)
        else:
            # All are listed before the first is sent: one that fails again is back at the end.
            rows = [
                row
                for count in _counts(hub, service)
                for row in _rows(hub, count["service"], state="parked", reason=reason)
            ]
        _decide(hub, RETRY, "retried", leading(rows), json=json)


def discard(
    ids: Ids,
    why: Annotated[str, typer.Option(help="The reason, for the record; name no person.")],
    service: Service = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Give events up, on record: what they say stays missing until they are retried."""
    with Hub(Settings.load()) as hub:
        rows = _found(hub, ids, service)
        if not yes:
            _ask(rows)
        _decide(hub, DISCARD, "discarded", rows, json=json, reason=why)


def _counts(hub: Hub, service: str | None) -> list[Row]:
    """The services with how many they hold. Raises CannotRun if one does not answer."""
    counts: list[Row] = hub.ask(COUNTS)["parkedCounts"]
    if service is not None:
        names = [count["service"] for count in counts]
        counts = [count for count in counts if count["service"] == service]
        if not counts:
            raise CannotRun(f"no service {service!r} takes events: {', '.join(names)} do")
    silent = [count["service"] for count in counts if count["parked"] is None]
    if silent:
        raise CannotRun(f"no answer from {', '.join(silent)}; --service asks one of the others")
    return counts


def _rows(hub: Hub, service: str, *, limit: int | None = None, **wanted: Any) -> Iterator[Row]:
    """A service's rows, page by page."""
    after, taken = None, 0
    while limit is None or taken < limit:
        first = CHUNK if limit is None else min(CHUNK, limit - taken)
        answer = hub.ask(LIST, service=service, first=first, after=after, **wanted)["parked"]
        yield from answer["nodes"]
        taken += len(answer["nodes"])
        after = answer["pageInfo"]["endCursor"]
        if not answer["pageInfo"]["hasNextPage"]:
            return


def _found(hub: Hub, ids: Sequence[str], service: str | None) -> list[Row]:
    """The rows with these ids, of each service that has them; CannotRun if an id is nowhere."""
    asked = list(dict.fromkeys(ids))
    rows = [
        row
        for count in _counts(hub, service)
        for start in range(0, len(asked), CHUNK)
        for row in _rows(hub, count["service"], ids=asked[start : start + CHUNK])
    ]
    missing = set(asked) - {row["id"] for row in rows}
    if missing:
        raise CannotRun(
            f"not in the parking lot, so nothing was done: {', '.join(sorted(missing))}"
        )
    return rows


def leading(rows: Sequence[Row]) -> list[Row]:
    """The rows without those that go along with another of them."""
    named = {(row["service"], row["id"]) for row in rows}
    return [
        row
        for row in rows
        if row["state"] != "parked" or (row["service"], row["waitsFor"]) not in named
    ]


def _ask(rows: Sequence[Row]) -> None:
    """Return if the person at the terminal says yes; exit otherwise."""
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
    if typer.prompt("Type yes to discard them", default="no", err=True).strip().lower() != "yes":
        typer.echo("Nothing was discarded.", err=True)
        raise typer.Exit(FINDINGS)


def _decide(
    hub: Hub, mutation: str, word: str, rows: Sequence[Row], *, json: bool, **more: str
) -> None:
    """Send a decision about the rows, service by service, and say what it reached."""
    by_service: dict[str, list[str]] = {}
    for row in rows:
        by_service.setdefault(row["service"], []).append(row["id"])
    reached = dict.fromkeys(by_service, 0)
    with progress() as shown:
        task = shown.add_task(word, total=len(rows))
        for service, ids in by_service.items():
            for start in range(0, len(ids), CHUNK):
                chunk = ids[start : start + CHUNK]
                (answer,) = hub.ask(mutation, service=service, ids=chunk, **more).values()
                reached[service] += answer["count"]
                shown.advance(task, len(chunk))
    if json:
        print_json({word: reached})
    else:
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
