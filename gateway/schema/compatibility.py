"""Compares the schema with that of the last release: what would break a client must be announced.

The changelog's section "Breaking" under "Unreleased" announces by coordinates in backticks
(`Type.field`, `Type.field(argument:)`, `Enum.VALUE`, `Type`), several to a line, and may say from
which type to which: "- `Activity.id`, `*.projectId`: `String` → `ID`". Then it covers that change
alone: of types written without `!` and `[]` wherever these stay, else exactly as written. A `*`
stands for one name, and in a line that says no types for nothing.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from graphql import GraphQLSchema, build_schema, print_schema
from graphql.utilities import BreakingChange, find_breaking_changes

from gateway.schema import schema

ROOT: Final = Path(__file__).parents[2]
CHANGELOG: Final = "CHANGELOG.md"
SCHEMA: Final = "gateway/schema.graphql"

_NAME: Final = r"[\w.]+"
_TYPE: Final = r"[\w!\[\]]+"
# How graphql-core words a break, and the coordinate that it is about; the first that fits counts.
_WORDED: Final = tuple(
    (re.compile(pattern), coordinate)
    for pattern, coordinate in (
        (rf"(?P<a>{_NAME}) arg (?P<b>\w+) (?:has changed type|was removed)", "{a}({b}:)"),
        (rf"A required arg (?P<b>\w+) on (?P<a>{_NAME}) was added", "{a}({b}:)"),
        (r"A required field (?P<b>\w+) on input type (?P<a>\w+) was added", "{a}.{b}"),
        (r"(?P<b>\w+) was removed from enum type (?P<a>\w+)", "{a}.{b}"),
        (r"(?P<b>\w+) was removed from union type (?P<a>\w+)", "{a}"),
        (rf"(?:Standard scalar )?(?P<a>{_NAME}) (?:changed|was removed|no longer)", "{a}"),
    )
)
_FROM_TO: Final = re.compile(rf" changed type from ({_TYPE}) to ({_TYPE})\.$")
_ANNOUNCED: Final = re.compile(rf"`({_TYPE})` → `({_TYPE})`")
_RELEASED: Final = re.compile(r"^## ([\d.]+) \(commit ([0-9a-f]+)\)$", re.M)
_QUOTED: Final = re.compile(r"`([^`]+)`")

Types = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Break:
    """One change that breaks clients; `types`: before and after, where a type changed."""

    coordinate: str
    types: Types | None
    told: str

    @classmethod
    def of(cls, change: BreakingChange) -> Break:
        told = change.description
        types = _FROM_TO.search(told)
        found = ((pattern.match(told), shape) for pattern, shape in _WORDED)
        coordinate = next(
            (shape.format(**match.groupdict()) for match, shape in found if match), told
        )
        return cls(coordinate, (types[1], types[2]) if types else None, told)


@dataclass(frozen=True, slots=True)
class Announcement:
    """A line of the changelog."""

    coordinates: Sequence[str]
    types: Types | None

    @classmethod
    def of(cls, line: str) -> Announcement:
        before, _, behind = line.partition(": ")
        types = _ANNOUNCED.match(behind)
        return cls(_QUOTED.findall(before), (types[1], types[2]) if types else None)

    def covers(self, broken: Break) -> bool:
        return any(self._names(each, broken) for each in self.coordinates) and self._means(broken)

    def _names(self, coordinate: str, broken: Break) -> bool:
        if "*" in coordinate and self.types is None:
            return False
        pattern = re.escape(coordinate).replace(r"\*", r"\w+")
        return re.fullmatch(pattern, broken.coordinate) is not None

    def _means(self, broken: Break) -> bool:
        if self.types is None:
            return True
        if broken.types is None:
            return False
        (said, new), (was, now) = self.types, broken.types
        if said.isidentifier() and new.isidentifier():
            return said == was.strip("[]!") and was.replace(said, new) == now
        return (said, new) == (was, now)


def unannounced(before: GraphQLSchema, after: GraphQLSchema, changelog: str) -> list[Break]:
    """The breaks between the two that the changelog does not announce."""
    announced = list(announcements(changelog))
    breaks = (Break.of(change) for change in find_breaking_changes(before, after))
    return [each for each in breaks if not any(line.covers(each) for line in announced)]


def announcements(changelog: str) -> Iterator[Announcement]:
    """The lines of "Breaking" under "Unreleased"."""
    unreleased = _section(changelog, "## Unreleased", "## ")
    for entry in re.split(r"^- ", _section(unreleased, "### Breaking", "### "), flags=re.M)[1:]:
        yield Announcement.of(" ".join(entry.split()))


class HistoryMissing(Exception):
    """The changelog names a release of which this clone does not have the commit."""


class Release(NamedTuple):
    """A released state of the code: its name, what git knows it by, its schema."""

    name: str
    ref: str
    schema: str


def released() -> Release | None:
    """The last release; None where there is none, or no git.

    A release is the last tag behind this commit. Clones may lack tags: then it is the first that
    the changelog names, with its commit. Raises HistoryMissing.
    """
    if not _git("rev-parse", "HEAD"):
        return None
    tag = _git("describe", "--tags", "--abbrev=0")
    if text := tag and _git("show", f"{tag}:{SCHEMA}"):
        return Release(tag, tag, text)
    named = _RELEASED.search((ROOT / CHANGELOG).read_text(encoding="utf-8"))
    if named is None:
        return None
    if text := _git("show", f"{named[2]}:{SCHEMA}"):
        return Release(f"v{named[1]}", named[2], text)
    raise HistoryMissing(f"{named[1]} (commit {named[2]})")


def main() -> int:
    """0 if the last release's clients go on working, or are told; 1 with a line for each break."""
    try:
        last = released()
    except HistoryMissing as missing:
        print(f"no schema of release {missing} in this clone: git fetch --unshallow --tags",
              file=sys.stderr)  # fmt: skip
        return 1
    if last is None:
        print("no released schema to compare with", file=sys.stderr)
        return 0
    changelog = (ROOT / CHANGELOG).read_text(encoding="utf-8")
    # Both from text: graphene has types of its own for what is the same to a client.
    found = unannounced(build_schema(last.schema), build_schema(print_schema(schema())), changelog)
    for each in found:
        print(f"breaks clients of {last.name}: `{each.coordinate}`: {each.told}", file=sys.stderr)
    if found:
        print(f'announce it in {CHANGELOG} under "### Breaking", or keep it', file=sys.stderr)
    return 1 if found else 0


def _section(text: str, heading: str, next_heading: str) -> str:
    lines = text.splitlines()
    if heading not in lines:
        return ""
    rest = lines[lines.index(heading) + 1 :]
    end = next((n for n, line in enumerate(rest) if line.startswith(next_heading)), len(rest))
    return "\n".join(rest[:end])


def _git(*words: str) -> str:
    """What git says, nothing where it fails or is not there."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, and a tag of this repository
            ("git", *words),  # noqa: S607 - the developer's own
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
