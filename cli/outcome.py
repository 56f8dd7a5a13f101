"""Owns how a command ends, and where it says what: results on stdout, all else on stderr."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Self, TypeVar

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")

CLEAN: Final = 0
FINDINGS: Final = 1
CANNOT_RUN: Final = 2

# Wide enough for ids where the output is piped into a file or another program.
_PIPED_WIDTH: Final = 160


def output() -> Console:
    """Where results for people go: standard output."""
    console = Console(highlight=False, soft_wrap=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPED_WIDTH)


def notes() -> Console:
    """Where everything goes that is no result: standard error."""
    return Console(stderr=True, highlight=False)


def print_json(document: Any) -> None:
    """Write one JSON document for programs (times in RFC 3339 with Z) to standard output."""
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z))


class Display:
    """A progress display on standard error; it shows nothing where that is no terminal."""

    def __init__(self) -> None:
        console = notes()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("starting", total=None)

    def watch(self, step: str, done: int, of: int) -> None:
        """Show how far the step has got (`operations.progress.Watch`)."""
        self._progress.update(self._task, description=step, completed=done, total=of or None)

    def aside(self, ask: Callable[[], T]) -> T:
        """What `ask` returns, which has the terminal for itself."""
        self._progress.stop()
        try:
            return ask()
        finally:
            self._progress.start()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
