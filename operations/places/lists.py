"""Owns how lists of P-codes are read, as CSV: OCHA's global list, and a country's table (COD-AB).

The global list has a row for each unit; a country's table one for each of the lowest level, with
those it lies in beside it. Order and case of columns do not matter, nor the language of names.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.codes import code_list
from shared.errors import Refused

LEVELS: Final = (1, 2)
"""Of administrative units, as the gazetteer has them; what lies below is left out."""

_GLOBAL: Final = ("location", "admin_level", "p_code", "name", "parent_p_code")
_CODE = re.compile(r"adm(?:in)?([0-9])_?pcode")
_NAME = re.compile(r"adm(?:in)?([0-9])_?(?:alt)?_?(?:name)?[0-9]?_?(?:[a-z]{2})?[0-9]?")
_DELIMITERS: Final = ",;\t"


@dataclass(frozen=True, slots=True)
class Listed:
    """A unit of a list: `row` as spreadsheets count, the heading being the first; `country` ISO
    3166-1 alpha-2; `parent` the P-code of the unit it lies in, None for one of the first level."""

    row: int
    country: str
    level: int
    pcode: str
    names: tuple[str, ...]
    parent: str | None


@dataclass(frozen=True, slots=True)
class Read:
    """What a list says of the hub's countries; `elsewhere` counts rows about others."""

    units: Sequence[Listed]
    elsewhere: int


def read(path: Path) -> Read:
    """The units of the list, each once, as the first row has it that names it.

    Raises: Refused NOT_CSV: it cannot be read as such; NOT_A_PCODE_LIST: it has other headings.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        first = text.partition("\n")[0]
        delimiter = max(_DELIMITERS, key=first.count)
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Refused("NOT_CSV", file=path.name) from error
    headings = [_spelt(each) for each in rows[0]] if rows else []
    if set(_GLOBAL) <= set(headings):
        find = _of_global
    elif "1" in {found[1] for each in headings if (found := _CODE.fullmatch(each))}:
        find = _of_country
    else:
        shown = ", ".join(rows[0])[:200] if rows else "–"
        raise Refused("NOT_A_PCODE_LIST", file=path.name, headings=shown)
    units: dict[str, Listed] = {}
    elsewhere = 0
    for number, cells in enumerate(rows[1:], 2):
        row = {name: cell.strip() for name, cell in zip(headings, cells, strict=False)}
        if any(cell.startswith("#") for cell in row.values()):
            continue  # HXL's tags
        said = list(find(number, row))
        elsewhere += not said and not _is_ours(row)
        for unit in said:
            units.setdefault(unit.pcode, unit)
    return Read(list(units.values()), elsewhere)


def _of_global(number: int, row: Mapping[str, str]) -> Iterator[Listed]:
    country = _countries().get(row.get("location", "").upper())
    level, pcode, name = (row.get(each, "") for each in ("admin_level", "p_code", "name"))
    if country and pcode and name and level in map(str, LEVELS):
        parent = row.get("parent_p_code") if level != "1" else None
        yield Listed(number, country, int(level), pcode.upper(), (name,), _upper(parent))


def _of_country(number: int, row: Mapping[str, str]) -> Iterator[Listed]:
    codes: dict[int, str] = {}
    names: dict[int, dict[str, None]] = {}
    for heading, cell in row.items():
        if found := _CODE.fullmatch(heading):
            codes[int(found[1])] = cell.upper()
        elif cell and (found := _NAME.fullmatch(heading)):
            names.setdefault(int(found[1]), {})[cell] = None
    country = _countries().get(codes.get(0) or codes.get(1, "")[:2])
    for level in LEVELS if country else ():
        if (pcode := codes.get(level)) and level in names:
            parent = codes.get(level - 1) if level > 1 else None
            yield Listed(number, country or "", level, pcode, tuple(names[level]), parent)


def _is_ours(row: Mapping[str, str]) -> bool:
    values = [row.get(each, "") for each in ("location", "adm0_pcode", "admin0pcode", "adm1_pcode")]
    return any(each.upper() in _countries() or each[:2].upper() in _countries() for each in values)


def _countries() -> dict[str, str]:
    """Alpha-2 and alpha-3 codes of the hub's countries → alpha-2."""
    found: dict[str, Any] = {}
    for code in code_list("country").values():
        found |= {code.code: code.code, code.extra["alpha3"]: code.code}
    return found


def _spelt(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", heading.strip().casefold())


def _upper(text: str | None) -> str | None:
    return text.upper() if text else None
