"""Who looks for a decision finds it in the index, with the title, date and status of its file."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "adr"
ROW = re.compile(
    r"\| \[(?P<number>\d{4})\]\((?P<file>[^)]+)\) \| (?P<title>.+) \| (?P<date>[-\d]+) "
    r"\| (?P<status>.+) \|"
)
HEAD = re.compile(
    r"# (?P<number>\d{4}) (?P<title>.+)\n\n(?P<status>Accepted|Replaced by \d{4}) "
    r"(?P<date>20\d\d-\d\d-\d\d)\."
)


def listed() -> list[dict[str, str]]:
    lines = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    return [row.groupdict() for line in lines if (row := ROW.fullmatch(line))]


def recorded() -> list[dict[str, str]]:
    found = []
    for file in sorted(FOLDER.glob("[0-9]*.md")):
        head = HEAD.match(file.read_text(encoding="utf-8"))
        assert head, f"{file.name} does not begin with number, title, status and date"
        status = head["status"][0].lower() + head["status"][1:]
        found.append({**head.groupdict(), "status": status, "file": file.name})
    return found


def test_every_decision_is_in_the_index_as_its_file_has_it() -> None:
    assert len(recorded()) >= 17
    assert listed() == recorded()


def test_a_number_is_that_of_its_file_and_of_no_other() -> None:
    numbers = [each["number"] for each in recorded()]
    assert numbers == [each["file"][:4] for each in recorded()]
    assert len(set(numbers)) == len(numbers)
