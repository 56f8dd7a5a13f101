"""Owns the file of P-codes that a hub's operators have imported, and how a list gets into it.

The processes that tell P-codes read it when they start (`shared.codes.pcodes`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from operations.failure import CannotRun
from operations.places import lists
from operations.places.matching import Outcome, match
from shared.codes import pcodes
from shared.codes.pcodes import COLUMNS


@dataclass(frozen=True, slots=True)
class Import:
    """What an import does: `new` places → P-codes, `changed` place → before and after, how many are
    `kept` as they are, and what was not matched; `rows` is the whole file after it."""

    new: Mapping[str, str]
    changed: Mapping[str, tuple[str, str]]
    kept: int
    elsewhere: int
    outcome: Outcome
    rows: Mapping[str, tuple[str, str]]


def plan(source: Path, into: Path) -> Import:
    """What the list in `source` would do to the file, which may not be there yet.

    Raises: Refused (`operations.places.lists`); ConfigError: the file is none of ours.
    """
    found = lists.read(source)
    outcome = match(found.units)
    rows = {row["place"]: (row["pcode"], row["source"]) for row in _rows(into)}
    known = {**pcodes.built_in(), **{place: code for place, (code, _) in rows.items()}}
    said = {place_id: unit.pcode for place_id, unit in outcome.matched.items()}
    differing = {place: code for place, code in said.items() if known.get(place) != code}
    return Import(
        new={place: code for place, code in differing.items() if place not in known},
        changed={
            place: (known[place], code) for place, code in differing.items() if place in known
        },
        kept=len(said) - len(differing),
        elsewhere=found.elsewhere,
        outcome=outcome,
        rows={**rows, **{place: (code, source.name) for place, code in differing.items()}},
    )


def write(rows: Mapping[str, tuple[str, str]], into: Path) -> None:
    """Replace the file as a whole. Raises CannotRun."""
    listed = ([place, *said] for place, said in sorted(rows.items()))
    _replace(into, [COLUMNS, *listed])


def write_report(rows: Iterable[Iterable[str]], into: Path) -> None:
    """Write a table for a spreadsheet. Raises CannotRun."""
    _replace(into, rows)


def _rows(path: Path) -> list[dict[str, str]]:
    return pcodes.rows_of(path) if path.exists() else []


def _replace(path: Path, rows: Iterable[Iterable[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    beside = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text.getvalue(), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise CannotRun(f"{path} cannot be written: {type(error).__name__}") from error
