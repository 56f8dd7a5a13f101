"""`foscao id`: new ids, for whoever writes records down before they are pushed."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from shared.ids import new_id

_MOST: Final = 10_000


def register(app: typer.Typer) -> None:
    """Add `id`."""
    app.command("id")(ids)


def ids(
    count: Annotated[int, typer.Argument(min=1, max=_MOST, help="How many, one a line.")] = 1,
) -> None:
    """Make new ids (UUID version 7), one a line.

    Each person, activity, session and push wants one of its own, once, and keeps it: by its id a
    record is corrected, and a repetition does no harm. It needs no hub and no network.
    """
    for _ in range(count):
        typer.echo(new_id())
