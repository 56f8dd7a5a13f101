"""Whoever looks for the tests of a folder finds them under its name, in files that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 400
FILES = sorted((ROOT / "tests").rglob("*.py"))


def folders(kind: str) -> list[Path]:
    """Each folder with a file of tests in it, below tests/<kind>."""
    top = ROOT / "tests" / kind
    return sorted({file.parent.relative_to(top) for file in FILES if top in file.parents})


def test_no_file_of_tests_is_longer_than_a_reader_can_hold() -> None:
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert Path(__file__).resolve() in lengths
    too_long = {str(file.relative_to(ROOT)): n for file, n in lengths.items() if n > MAX_LINES}
    assert too_long == {}, "split them by what the user relies on"


@pytest.mark.parametrize("kind", ["unit", "integration"])
def test_each_folder_of_tests_is_named_as_the_folder_it_tests(kind: str) -> None:
    found = folders(kind)
    assert Path("services/activities") in found
    # A folder that was moved away may live on with nothing but its compiled files.
    strangers = [str(each) for each in found if not any((ROOT / each).glob("*.*"))]
    assert strangers == [], f"tests/{kind} must mirror the source"


@pytest.mark.parametrize("kind", ["unit", "integration"])
def test_every_test_lies_in_the_folder_of_what_it_tests(kind: str) -> None:
    assert [str(file) for file in (ROOT / "tests" / kind).glob("*.py")] == []
