"""`foscao places import`: P-codes from a list of OCHA's or of a country, matched by name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from cli.outcome import CLEAN, FINDINGS, notes, output, print_json
from operations.failure import CannotRun
from operations.places.importing import Import, plan, write, write_report
from operations.places.matching import Unmatched
from operations.settings import Settings
from shared.codes import LANGUAGES, places
from shared.codes.pcodes import FILE, VARIABLE
from shared.config import ConfigError
from shared.errors import Refused
from shared.messages import message

SHOWN: Final = 50  # rows on a screen; the report has all
_HEADINGS: Final = ("row", "level", "P-code", "name", "parent", "reason", "may be")


def register(app: typer.Typer) -> None:
    """Add `foscao places`."""
    group = typer.Typer(no_args_is_help=True, help="Look after the places of the hub.")
    group.callback()(_together)
    group.command("import")(import_codes)
    app.add_typer(group, name="places")


def _together() -> None:
    """Keeps the name of the subcommand necessary."""


def import_codes(
    file: Annotated[Path, typer.Argument(help="The list, as CSV in UTF-8.")],
    commit: Annotated[
        bool, typer.Option("--write", help="Write what was matched; without it, only show.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Where to write what was not matched, as CSV.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help=f"The hub's file of P-codes; by default {VARIABLE}'s.")
    ] = None,
    lang: Annotated[str, typer.Option(help="The language of reasons: fr, en or pt.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Write one JSON document.")] = False,
) -> None:
    """Match a list of P-codes (OCHA's global one, or the COD-AB table of a country) with the places
    of the hub, by name and by the unit they lie in.

    The gateway and notifications tell the new codes once they are started anew. Exit code 1: some
    rows were not matched.
    """
    language = _language(lang)
    target = into or _target()
    try:
        found = plan(file, target)
    except Refused as error:
        raise CannotRun(f"{error.code}: {message(error.code, language, error.params)}") from error
    except ConfigError as error:
        raise CannotRun(str(error)) from error
    unmatched = list(_told(found.outcome.unmatched, language))
    if commit and (found.new or found.changed):
        write(found.rows, target)
    if report:
        write_report([_HEADINGS, *unmatched], report)
    if json:
        print_json(_document(found, unmatched, written=commit))
    else:
        _show(found, unmatched)
        _conclude(found, target, commit=commit)
    raise typer.Exit(FINDINGS if unmatched else CLEAN)


def _language(said: str) -> str:
    """That which was said, or else that of the terminal. Raises CannotRun: it is none of ours."""
    if said and said not in LANGUAGES:
        raise CannotRun(f"--lang is one of {', '.join(LANGUAGES)}")
    known = said or (os.environ.get("LC_ALL") or os.environ.get("LANG") or "")[:2]
    return known if known in LANGUAGES else "en"


def _target() -> Path:
    said = os.environ.get(VARIABLE)
    return Path(said) if said else Settings.load().home / FILE


def _told(unmatched: Any, lang: str) -> Iterator[list[str]]:
    each: Unmatched
    for each in unmatched:
        unit = each.unit
        near = "; ".join(f"{place.id} ({places.label(place.id, lang)})" for place in each.nearest)
        yield [
            str(unit.row),
            str(unit.level),
            unit.pcode,
            " / ".join(unit.names),
            unit.parent or unit.country,
            message(each.code, lang, {}),
            near,
        ]


def _document(found: Import, unmatched: list[list[str]], *, written: bool) -> dict[str, Any]:
    return {
        "written": written,
        "new": found.new,
        "changed": {
            place: {"before": before, "after": after}
            for place, (before, after) in found.changed.items()
        },
        "kept": found.kept,
        "elsewhere": found.elsewhere,
        "unmatched": [dict(zip(_HEADINGS, row, strict=True)) for row in unmatched],
    }


def _show(found: Import, unmatched: list[list[str]]) -> None:
    screen = output()
    if found.new or found.changed:
        table = Table("place", "", "before", "after")
        steps = [(place, "", code) for place, code in found.new.items()]
        steps += [(place, before, after) for place, (before, after) in found.changed.items()]
        for place, before, after in sorted(steps)[:SHOWN]:
            table.add_row(place, places.label(place, "en"), before, after)
        screen.print(table)
        if (more := len(steps) - SHOWN) > 0:
            screen.print(f"… and {more} more: --json shows all")
    if unmatched:
        table = Table(*_HEADINGS)
        for row in unmatched[:SHOWN]:
            table.add_row(*row)
        screen.print(table)
        if (more := len(unmatched) - SHOWN) > 0:
            screen.print(f"… and {more} more: --report FILE has all")


def _conclude(found: Import, target: Path, *, commit: bool) -> None:
    counts = (
        f"{len(found.new)} new, {len(found.changed)} changed, {found.kept} as they were, "
        f"{len(found.outcome.unmatched)} not matched, {found.elsewhere} of other countries"
    )
    if not commit:
        then = "Nothing was written: --write does it."
    elif found.new or found.changed:
        then = f"Written to {target}: start the gateway and notifications anew."
    else:
        then = "Nothing to write."
    notes().print(f"{counts}. {then}", markup=False, soft_wrap=True)
