"""What would break the clients of the last release is announced in the changelog, or refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import build_schema

from gateway.schema import compatibility
from gateway.schema.compatibility import Release, announcements, unannounced

BEFORE = """
type Query { a(id: String!, day: String, gone: Int): A  old: Int }
type A { id: String!  ids: [String!]  kind: Kind  total: Int! }
enum Kind { X Y }
input In { id: String }
union Either = Query | A
"""
AFTER = BEFORE.replace


def missed(after: str, *lines: str) -> list[str]:
    """The coordinates of what breaks and is not announced by the lines."""
    changelog = f"# Changelog\n\n## Unreleased\n\n### Breaking\n\n{''.join(lines)}\n## 0.1.0\n"
    found = unannounced(build_schema(BEFORE), build_schema(after), changelog)
    return [each.coordinate for each in found]


def lines(*entries: str) -> str:
    return "".join(f"- {entry}\n" for entry in entries)


@pytest.mark.parametrize(
    ("old", "new", "coordinate"),
    [
        ("id: String!  ids", "id: ID!  ids", "A.id"),
        ("total: Int!", "total: Int", "A.total"),
        ("old: Int ", " ", "Query.old"),
        ("a(id: String!", "a(id: ID!", "Query.a(id:)"),
        (", gone: Int", "", "Query.a(gone:)"),
        ("gone: Int)", "gone: Int, new: Int!)", "Query.a(new:)"),
        ("{ id: String }", "{ id: String new: Int! }", "In.new"),
        ("{ id: String }", "{ id: ID }", "In.id"),
        ("X Y", "X", "Kind.Y"),
        ("union Either = Query | A", "", "Either"),
        ("union Either = Query | A", "union Either = A", "Either"),
        ("union Either = Query | A", "type Either { a: Int }", "Either"),
    ],
)
def test_a_break_is_found_by_its_coordinate_and_passes_once_it_is_announced(
    old: str, new: str, coordinate: str
) -> None:
    after = AFTER(old, new)
    assert missed(after) == [coordinate]
    assert missed(after, lines("`Query.other`, `A`: told.")) == [coordinate]
    assert missed(after, lines(f"`Query.other`, `{coordinate}`: told.")) == []


def test_what_breaks_nobody_needs_no_announcement() -> None:
    more = "input In { id: String, new: Int }\ntype B { a: Int }"
    assert missed(AFTER("input In { id: String }", more)) == []


TWO_IDS = AFTER("id: String!  ids: [String!]", "id: ID!  ids: [ID!]")


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("`*.id`, `*.ids`: `String` → `ID`.", []),
        ("`*.id`: `String` → `ID`.", ["A.ids"]),
        ("`A.*`: `String` → `ID`. Why: because.", []),
        ("`A.*`: `String!` → `ID!`", ["A.ids"]),
        ("`A.*`: `[String!]` → `[ID!]`", ["A.id"]),
        ("`A.*`: `String` → `Int`", ["A.id", "A.ids"]),
        ("`A.*`: now ids.", ["A.id", "A.ids"]),  # says no types
        ("`*`: `String` → `ID`", ["A.id", "A.ids"]),  # one name, and no more
        ("A.id and A.ids: `String` → `ID`", ["A.id", "A.ids"]),  # no backticks
    ],
)
def test_a_line_covers_what_it_says_and_no_more(line: str, left: list[str]) -> None:
    assert missed(TWO_IDS, lines(line)) == left


def test_types_without_their_marks_cover_no_change_of_the_marks() -> None:
    after = AFTER("a(id: String!, day: String", "a(id: ID!, day: ID!")
    assert missed(after, lines("`Query.a(id:)`, `Query.a(day:)`: `String` → `ID`")) == [
        "Query.a(day:)"
    ]
    assert (
        missed(after, lines("`*.*(id:)`: `String` → `ID`", "`*.*(day:)`: `String` → `ID!`")) == []
    )


def test_only_the_section_of_what_is_unreleased_announces() -> None:
    line = "- `A.id`\n"
    text = f"## Unreleased\n\n### Added\n\n{line}\n## 0.1.0\n\n### Breaking\n\n{line}"
    assert list(announcements(text)) == []
    wrapped = "## Unreleased\n\n### Breaking\n\nIn short.\n\n- `A.id`,\n  `A.ids`:\n  `X` → `Y`.\n"
    [found] = announcements(wrapped)
    assert (found.coordinates, found.types) == (["A.id", "A.ids"], ("X", "Y"))


def test_the_last_release_is_compared_with_and_its_breaks_are_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compatibility.main() == 0
    released = '"Was said."\ntype Query { formerly: Int }'
    monkeypatch.setattr(compatibility, "released", lambda: Release("v9", "v9", released))
    assert compatibility.main() == 1
    assert "breaks clients of v9: `Query.formerly`" in capsys.readouterr().err
    (tmp_path / "CHANGELOG.md").write_text(
        "## Unreleased\n\n### Breaking\n\n- `Query.formerly`: gone.\n", encoding="utf-8"
    )
    monkeypatch.setattr(compatibility, "ROOT", tmp_path)
    assert compatibility.main() == 0


def test_a_clone_without_tags_knows_the_release_by_the_changelog(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, ...]] = []
    history = {"rev-parse": "c0ffee", "show": "type Query { a: Int }"}

    def git(*words: str) -> str:
        asked.append(words)
        return history.get(words[0], "")

    monkeypatch.setattr(compatibility, "_git", git)
    found = compatibility.released()
    assert found is not None
    assert found.schema == "type Query { a: Int }"
    assert re.fullmatch(r"v\d+\.\d+\.\d+", found.name)
    assert re.fullmatch(r"[0-9a-f]{7,}", found.ref)
    assert re.fullmatch(r"[0-9a-f]{7,}:gateway/schema.graphql", asked[-1][1])

    del history["show"]  # a shallow clone: nothing is compared, which must not pass as agreement
    assert compatibility.main() == 1
    assert "git fetch --unshallow" in capsys.readouterr().err


def test_a_copy_without_releases_says_so_and_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compatibility, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert compatibility.main() == 0
    assert "no released schema to compare with" in capsys.readouterr().err
