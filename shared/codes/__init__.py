"""Owns the code lists: what may be recorded, how each code reads in three languages, age bands.

Every list is one CSV file in `data/` (see `data/README.md`); a new row is a new code. Lists are
read once per process, on first use, and never change afterwards.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

LANGUAGES: Final = ("fr", "en", "pt")

UNKNOWN: Final = "unknown"
"""The absence of a value. No list holds it, so nobody can record it; every report shows it."""

_UNKNOWN_LABELS: Final = MappingProxyType(
    {"fr": "Inconnu", "en": "Unknown", "pt": "Desconhecido"},
)
_NOT_CODE_LISTS: Final = frozenset({"places", "places_geonames", "place_parents", "place_pcodes"})


@dataclass(frozen=True, slots=True)
class Code:
    """One code: its label by language, and the list's own columns (`extra`) as text."""

    code: str
    labels: Mapping[str, str]
    extra: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class CodeList(Mapping[str, Code]):
    """A code list: a mapping from code to `Code`, in the order of its file."""

    name: str
    codes: Mapping[str, Code]

    def __getitem__(self, code: str) -> Code:
        return self.codes[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self.codes)

    def __len__(self) -> int:
        return len(self.codes)

    def label(self, code: str, lang: str) -> str:
        """The code's label, or that of `UNKNOWN`. Raises KeyError: no such code or language."""
        labels = _UNKNOWN_LABELS if code == UNKNOWN else self.codes[code].labels
        return labels[lang]


@cache
def list_names() -> tuple[str, ...]:
    """The names of all code lists, sorted."""
    files = (resources.files(__name__) / "data").iterdir()
    names = {file.name.removesuffix(".csv") for file in files if file.name.endswith(".csv")}
    return tuple(sorted(names - _NOT_CODE_LISTS))


@cache
def code_list(name: str) -> CodeList:
    """The code list of that name. Raises KeyError: there is none."""
    if name not in list_names():
        raise KeyError(name)
    return CodeList(name, MappingProxyType({row["code"]: _code(row) for row in read_rows(name)}))


def label(list_name: str, code: str, lang: str) -> str:
    """The label of a code, or of `UNKNOWN`. Raises KeyError: no such list, code or language."""
    return code_list(list_name).label(code, lang)


def age_band(birth_year: int | None, on_year: int) -> str:
    """The code of the age band; `UNKNOWN` without a birth year, or where no band has such an age.

    Only the birth year is kept of a person: the age is the one reached in the course of `on_year`.
    """
    if birth_year is None:
        return UNKNOWN
    return _band_by_age().get(on_year - birth_year, UNKNOWN)


def birth_years(band: str, on_year: int) -> range:
    """The birth years that fall into the band in `on_year`. Raises KeyError: no such band."""
    ages = _ages(band)
    return range(on_year - ages.stop + 1, on_year - ages.start + 1)


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of `data/<name>.csv`, by column, blanks as empty text."""
    return list(each_row(name))


def each_row(name: str) -> Iterator[dict[str, str]]:
    """As `read_rows`, one after the other: of a long file not all at once."""
    text = (resources.files(__name__) / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return iter(csv.DictReader(io.StringIO(text), strict=True))


def _code(row: Mapping[str, str]) -> Code:
    labels = {lang: row[lang] for lang in LANGUAGES}
    extra = {column: row[column] for column in row if column not in {"code", *LANGUAGES}}
    return Code(row["code"], MappingProxyType(labels), MappingProxyType(extra))


def _ages(band: str) -> range:
    extra = code_list("age_band")[band].extra
    return range(int(extra["min_age"]), int(extra["max_age"]) + 1)


@cache
def _band_by_age() -> Mapping[int, str]:
    return {age: band for band in code_list("age_band") for age in _ages(band)}
