"""What the pages point to is there: other pages and their sections, files, folders and modules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
# The changelog tells of what was, and its names need not be there any more.
OF_TODAY = [page for page in PAGES if page.name != "CHANGELOG.md"]
LINK = re.compile(r"\]\((?!https?:)(?P<file>[^)#\s]*)(?:#(?P<section>[^)]+))?\)")
PATH = re.compile(
    r"`((?:bench|cli|demo|deploy|docs|gateway|operations|services|shared|tests)/[\w./*-]*)`"
)
RUN = re.compile(r"python -m ((?:bench|cli|demo|deploy|gateway|shared|tests)[\w.]*)")
MADE_BY_OPERATORS = {"deploy/compose/secrets/"}


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def sections(page: Path) -> Iterator[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    for heading in re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    dead = []
    for link in LINK.finditer(page.read_text(encoding="utf-8")):
        target = page.parent / link["file"] if link["file"] else page
        section = link["section"]
        if not target.exists() or (section and section not in sections(target)):
            dead.append(link[0])
    assert dead == []


@pytest.mark.parametrize("page", OF_TODAY, ids=name)
def test_every_file_and_module_that_is_named_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = set(PATH.findall(text)) - MADE_BY_OPERATORS
    modules = {module.rstrip(".").replace(".", "/") for module in RUN.findall(text)}
    absent = [path for path in paths if not there(path)]
    absent += [path for path in modules if not there(path)]
    assert absent == []


def there(path: str) -> bool:
    return any(ROOT.glob(path.rstrip("/"))) or (ROOT / f"{path}.py").exists()
