"""Owns the P-codes of places, by which OCHA knows them: those of `data/place_pcodes.csv`, and over
them those that the operators of a hub have imported (`foscao places import`).

The file that PLACE_CODES_FILE names is read once per process, by those that tell P-codes: the
gateway and notifications.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from shared.codes import read_rows
from shared.config import ConfigError, Environment

VARIABLE: Final = "PLACE_CODES_FILE"
FILE: Final = "place-codes.csv"
"""What it is called in the folder of a hub on one machine."""
COLUMNS: Final = ("place", "pcode", "source")


@cache
def pcodes() -> Mapping[str, str]:
    """Place → P-code. Raises ConfigError: the operators' file is not there, or is none of ours."""
    environment = Environment()
    if not environment.text(VARIABLE, " ").strip():
        return built_in()
    imported = rows_of(environment.path(VARIABLE))
    return {**built_in(), **{row["place"]: row["pcode"] for row in imported}}


@cache
def built_in() -> Mapping[str, str]:
    """Those that come with the hub."""
    return {row["place"]: row["pcode"] for row in read_rows("place_pcodes")}


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of an operators' file. Raises ConfigError: it is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file, strict=True)
            rows = list(table)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path} cannot be read: {type(error).__name__}") from error
    if tuple(table.fieldnames or ()) != COLUMNS or not all(map(all, map(dict.values, rows))):
        raise ConfigError(f"{path} is no file of `foscao places import`")
    return rows
