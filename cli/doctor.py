"""`foscao doctor`: compares the running set-up with what the code relies on."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Final

import typer
from rich.text import Text

from cli.outcome import CLEAN, FINDINGS, output, print_json
from operations.doctor.examining import Room, examine
from operations.doctor.finding import Finding, Severity
from operations.settings import Settings

_COLOURS: Final = {Severity.FAULT: "bold red", Severity.WARNING: "yellow", Severity.OK: "green"}
_ORDER: Final = list(Severity)


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
