"""`foscao doctor`: compares the running set-up with what the code relies on."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Final

import typer
from rich.text import Text

from cli.outcome import CLEAN, FINDINGS, output, print_json
from cli.settings import Settings
from operations.doctor import database, machine, node, queues
from operations.doctor.finding import Finding, Severity
from operations.failure import CannotRun
from shared.config import Config, ConfigError

_COLOURS: Final = {Severity.FAULT: "bold red", Severity.WARNING: "yellow", Severity.OK: "green"}
_ORDER: Final = list(Severity)


class Room(StrEnum):
    """What is looked at through one door: the database, AMQP, rabbitmqctl, this machine."""

    DATABASE = "database"
    QUEUES = "queues"
    BROKER = "broker"
    MACHINE = "machine"


def register(app: typer.Typer) -> None:
    """Add `doctor`."""
    app.command()(doctor)


def doctor(
    json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = (
        False
    ),
    every: Annotated[bool, typer.Option("--all", help="Show also what is well.")] = False,
    room: Annotated[
        list[Room] | None,
        typer.Option(help="Look at this alone, where not all can be reached; may be repeated."),
    ] = None,
) -> None:
    """Compare the running set-up with what the code relies on.

    Says what could be lost, and the remedy. Exit code 1 if anything that the guarantees rest on is
    not so.
    """
    found = examine(Settings.load(), room or list(Room))
    findings = sorted(found, key=lambda each: _ORDER.index(each.severity))
    counts = Counter(each.severity for each in findings)
    if json:
        print_json(
            {
                "counts": {each.value: counts[each] for each in Severity},
                "findings": [each.to_dict() for each in findings],
            }
        )
    else:
        _show(findings, counts, every)
    raise typer.Exit(FINDINGS if counts[Severity.FAULT] else CLEAN)


def examine(settings: Settings, rooms: Sequence[Room] = tuple(Room)) -> list[Finding]:
    """Every finding of these rooms. Raises CannotRun where the settings lack what one takes."""
    delays = _retry_delays_s()
    checks: list[Iterator[Finding]] = []
    if Room.DATABASE in rooms:
        checks.append(database.check(settings.mongo_uri))
    if Room.QUEUES in rooms:
        checks.append(queues.check(settings.amqp_uri, delays))
    if Room.BROKER in rooms:
        checks.append(node.check(settings.rabbitmqctl, delays))
    if Room.MACHINE in rooms:
        checks.append(machine.check(settings.home))
    return [finding for check in checks for finding in check]


def _retry_delays_s() -> tuple[float, ...]:
    """As the services read them: who changed RETRY_DELAYS_S sets it here too."""
    try:
        return Config.from_env(
            "doctor", {"AMQP_URI": "-", "MONGO_URI": "-", **os.environ}
        ).retry_delays_s
    except ConfigError as error:
        raise CannotRun(str(error)) from None


def _show(findings: list[Finding], counts: Counter[Severity], every: bool) -> None:
    console = output()
    for each in findings:
        if each.severity is Severity.OK and not every:
            continue
        line = Text(f"{each.severity.upper():<8} ", style=_COLOURS[each.severity])
        line.append(f"{each.check} {each.subject}: {each.found}", style="default")
        console.print(line, soft_wrap=True)
        if each.risk:
            console.print(Text(f"         could be lost: {each.risk}"), soft_wrap=True)
            console.print(Text(f"         remedy: {each.remedy}"), soft_wrap=True)
    console.print(
        f"{counts[Severity.FAULT]} faults, {counts[Severity.WARNING]} warnings, "
        f"{counts[Severity.OK]} checks well"
    )
