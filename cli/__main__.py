"""Composes the command `foscao` of one module per command, each with `register(app)`."""

from __future__ import annotations

import sys
from typing import Final, Protocol

import typer

from cli import audit, backup, doctor, ids, parked, places, rebuild, republish, restore
from cli.outcome import CANNOT_RUN, notes
from operations.failure import CannotRun


class Command(Protocol):
    """What a command's module offers."""

    def register(self, app: typer.Typer) -> None:
        """Add the command, or a group of them, to the application."""


# In the order of `foscao --help`. A new command is a module of this package and a name here.
COMMANDS: Final[tuple[Command, ...]] = (
    doctor,
    audit,
    parked,
    rebuild,
    republish,
    backup,
    restore,
    places,
    ids,
)


def application() -> typer.Typer:
    """The command with all its subcommands."""
    app = typer.Typer(
        name="foscao",
        help="Look after a FOSCAO Hub. Exit codes: 0 clean, 1 findings, 2 could not run.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # a traceback with local variables would show secrets
    )
    app.callback()(_together)
    for command in COMMANDS:
        command.register(app)
    return app


def _together() -> None:
    """Keeps the name of a subcommand necessary, even while there is only one."""


def main() -> None:
    """Run one command and exit with its code; 2 with one line for what it cannot do."""
    try:
        application()(prog_name="foscao")
    except CannotRun as error:
        notes().print(f"foscao: {error}", markup=False, soft_wrap=True)
        sys.exit(CANNOT_RUN)


if __name__ == "__main__":
    main()
