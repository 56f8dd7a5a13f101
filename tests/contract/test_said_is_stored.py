"""What a push says is what is stored, for every field of every type of record, in any order of
pushes: told by whatever comes back, late or doubled, and of all that was not named nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import Schema
from marshmallow import fields as marsh

from services.activities.definitions import DEFINITIONS
from services.activities.schemas import Country, SectorCode, WebAddress
from services.participants.rules.changes import CHANGES, CHANGING, SINCE, dated, stretches
from services.participants.schemas import NOMINATION, PERSON, Email, Phone
from shared.caller import Caller
from shared.codes import LANGUAGES, places
from shared.ids import new_id
from shared.records import fields as f
from shared.records.engine import push
from shared.records.known_by import Pairs, System
from shared.records.pushes import Push, Record, Status
from shared.records.repetitions import Repetitions

MALI = Caller("chapter", "ML", "k1")
SCHEMAS: Mapping[str, Schema] = {
    **{name: each.schema for name, each in DEFINITIONS.items()},
    "participant": PERSON,
    "nomination": NOMINATION,
}
PAIRS = {("external_refs",), ("identifiers",)}
DATED = (SINCE, CHANGES)  # told below
IDS = [new_id() for _ in range(3)]
PARTS = [new_id() for _ in range(3)]  # of things within a record
TONGUES = (*LANGUAGES, "bm", "ff", "mos")
Leaves = dict[tuple[str, ...], Any]
Item = dict[str, Any]


def values(part: Any) -> st.SearchStrategy[Any]:
    """What a field takes, in the form in which it is kept."""
    match part:
        case Pairs():
            return pairs(part)
        case System():
            return st.sampled_from(["kobo", "iati"])
        case WebAddress():
            return st.sampled_from(["https://example.org/a.pdf", "https://example.org/b"])
        case SectorCode():
            return st.sampled_from(["15220", "2.1"])
        case f.Section():
            return sections(part)
        case f.Many():
            least = 1 if part.validators else 0
            return st.lists(values(part.inner), min_size=least, max_size=3, unique_by=repr)
        case f.Localised():
            return st.dictionaries(st.sampled_from(TONGUES), st.sampled_from("abc"), min_size=1)
        case Phone():
            return st.sampled_from(["+22376123456", "76123457"])
        case Country():
            return st.sampled_from(["ML", "FR"])
        case Email():
            return st.sampled_from(["a@example.org", "b@example.org"])
        case f.Id():
            return st.sampled_from(IDS)
        case f.Code():
            return st.sampled_from(sorted(part._codes))
        case f.PlaceId():
            return st.sampled_from([each.id for each in places.children(None)])
        case f.Text():
            return st.sampled_from(["a", "b", "cé", "d e"])
        case f.Day():
            return st.dates(date(1900, 1, 1), date(2200, 12, 31)).map(str)
        case f.BirthYear():
            return st.integers(1950, 2010)
        case f.Whole() | f.Number():
            low, high = int(part._low), int(min(part._high, 50))
            numbers = st.integers(low, high)
            return numbers if isinstance(part, f.Whole) else numbers.map(float)
        case f.Truth():
            return st.booleans()
    raise AssertionError(f"no values for {type(part).__name__}")


def pairs(part: Any) -> st.SearchStrategy[Any]:
    """Keys or identifiers, of which some go."""
    [name] = {"key", "value"} & part.schema.fields.keys()
    one = st.tuples(st.sampled_from(["kobo", "iati"]), st.sampled_from("123"))
    listed = st.dictionaries(one, st.booleans(), min_size=1, max_size=3)
    return listed.map(
        lambda found: [
            {"system": system, name: text, **({"remove": True} if gone else {})}
            for (system, text), gone in found.items()
        ]
    )


def rows(schema: Schema, *, whole: bool) -> st.SearchStrategy[Item]:
    """Some of the fields; all that are required if `whole`."""
    names = {name: part for name, part in schema.fields.items() if name not in (f.REMOVE, *DATED)}
    needed = {name for name, part in names.items() if part.required and whole}
    return st.fixed_dictionaries(
        {name: values(names[name]) for name in sorted(needed)},
        optional={name: values(part) for name, part in names.items() if name not in needed},
    )


def sections(part: Any) -> st.SearchStrategy[Any]:
    if not part.many:
        return rows(part.schema, whole=True)
    if not part.identified:
        return st.lists(rows(part.schema, whole=True), max_size=2)
    things = st.tuples(st.sampled_from(PARTS), rows(part.schema, whole=True), st.booleans())
    listed = st.lists(things, min_size=1, max_size=3, unique_by=lambda thing: thing[0])
    return listed.map(
        lambda found: [
            {"id": key, "remove": True} if gone else {**row, "id": key} for key, row, gone in found
        ]
    )


def leaves(content: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The smallest parts that can be said for themselves: by path, things by their ids."""
    if isinstance(content, dict):
        for name, part in content.items():
            yield from leaves(part, (*at, name))
    elif isinstance(content, list) and content and _things(content):
        for part in content:
            yield from leaves({k: v for k, v in part.items() if k != "id"}, (*at, part["id"]))
    elif at[-1:] in PAIRS:
        for part in content:
            yield (*at, *part.values()), True
    else:
        yield at, content


@dataclass
class Book:
    """What a client knows of one record, kept in the simplest way: path → what was said last."""

    stored: dict[str, Record] = field(default_factory=dict)
    said: Leaves = field(default_factory=dict)
    memory: Repetitions = field(default_factory=lambda: Repetitions("push"))
    sent: list[tuple[str, Item]] = field(default_factory=list)

    def send(self, schema: Schema, push_id: str | None, item: Item) -> tuple[Status, list[str]]:
        pushed = Push(MALI, [item], push_id=push_id)
        in_time: Any = {"dated": dated} if schema is PERSON else {}
        decision = push([pushed], schema, self.stored, repetitions=self.memory, **in_time)
        self.stored |= {write.after.id: write.after for write in decision.writes}
        [[receipt]] = decision.receipts
        return receipt.status, [problem.code for problem in receipt.problems]

    def note(self, schema: Schema, item: Item) -> None:
        """Of an item that was taken."""
        for name, part in item.items():
            if name in ("id", "clear"):
                continue
            if getattr(schema.fields[name], "identified", False):
                continue
            self._say((name,), part)
        for at, listed in _listed(schema, item):
            for thing in listed:
                path = (*at, thing["id"])
                if thing.get("remove"):
                    self.said = {k: v for k, v in self.said.items() if k[: len(path)] != path}
                    continue
                if not any(known[: len(path)] == path for known in self.said):
                    inner = _schema_at(schema, at)
                    for name, part in inner.fields.items():
                        if isinstance(part.load_default, str):
                            self.said[(*path, name)] = part.load_default
                self._say(path, {k: v for k, v in thing.items() if k != "id"})

    def _say(self, at: tuple[str, ...], part: Any) -> None:
        if at[-1:] in PAIRS:
            for pair in part:
                system, text, *gone = pair.values()
                if gone:
                    self.said.pop((*at, system, text), None)
                else:
                    self.said[*at, system, text] = True
        elif isinstance(part, dict):
            for name, inner in part.items():
                if not (isinstance(inner, list) and inner and _things(inner)):
                    self._say((*at, name), inner)
        elif part == []:
            self.said.pop(at, None)  # empty, and not there, are one
        else:
            self.said[at] = part


def _things(listed: Sequence[Any]) -> bool:
    return isinstance(listed[0], dict) and "id" in listed[0]


def _listed(schema: Schema, item: Item, at: tuple[str, ...] = ()) -> Iterator[tuple[Any, Any]]:
    for name, part in item.items():
        known = schema.fields.get(name)
        if isinstance(known, f.Section) and known.identified:
            yield (*at, name), part
            for thing in part:
                yield from _listed(known.schema, thing, (*at, name, thing["id"]))
        elif isinstance(known, f.Section) and isinstance(part, dict):
            yield from _listed(known.schema, part, (*at, name))


def _schema_at(schema: Schema, at: Sequence[str]) -> Schema:
    for name in at:
        if name in PARTS:
            continue
        part: marsh.Field[Any] = schema.fields[name]
        assert isinstance(part, f.Section)
        schema = part.schema
    return schema


@pytest.mark.parametrize("kind", SCHEMAS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_was_said_last_of_each_field_is_what_is_stored(kind: str, data: st.DataObject) -> None:
    schema, book, key = SCHEMAS[kind], Book(), new_id()
    for step in range(data.draw(st.integers(1, 6))):
        again: bool = data.draw(st.booleans()) if book.sent else False
        if again:
            known_as, repeated = data.draw(st.sampled_from(book.sent))
            before = book.stored[key]
            told = book.send(schema, known_as, repeated)
            assert told == (Status.UNCHANGED, ["ALREADY_APPLIED"])
            assert book.stored[key] is before
            continue
        item = {"id": key, **data.draw(rows(schema, whole=step == 0))}
        push_id = data.draw(st.one_of(st.none(), st.builds(new_id)))
        before_content = book.stored[key].content if book.stored else None
        status, codes = book.send(schema, push_id, item)
        assert status is not Status.REJECTED, codes
        book.note(schema, item)
        stored = dict(leaves(book.stored[key].content))
        assert stored == book.said
        assert (status is Status.UNCHANGED) is (book.stored[key].content == before_content)
        if push_id:
            book.sent.append((push_id, item))


@pytest.mark.parametrize("kind", SCHEMAS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_is_cleared_is_gone_and_nothing_else(kind: str, data: st.DataObject) -> None:
    schema, book, key = SCHEMAS[kind], Book(), new_id()
    whole = data.draw(rows(schema, whole=True))
    assert book.send(schema, None, {"id": key, **whole})[0] is Status.CREATED
    before = dict(leaves(book.stored[key].content))
    paths = {next((path[: n + 1] for n, name in enumerate(path) if (name,) in PAIRS), path)
             for path in before}  # fmt: skip
    path = data.draw(st.sampled_from(sorted(paths)))
    if isinstance(before.get(path), list) and len(path) > 1 and path[-1] in ("cells",):
        path = path[:-1]
    status, codes = book.send(schema, None, {"id": key, "clear": [".".join(path)]})
    after = dict(leaves(book.stored[key].content))
    if status is Status.REJECTED:
        assert set(codes) == {"REQUIRED"}
        assert after == before
    else:
        left = {k: v for k, v in before.items() if k[: len(path)] != path}
        if path[1:2] == ("recommendations",) and path[-1] == "status":
            left[path] = "open"  # as it is where nothing is said
        assert after == left
        assert (status, codes) == (Status.UPDATED if left != before else Status.UNCHANGED, [])


DAYS = [f"202{year}-03-01" for year in range(1, 5)]


def leaf_of(part: str) -> tuple[str, ...]:
    return tuple(part.split("."))


@dataclass
class Told:
    """Of each part: what was true before, and from which days on; in the simplest way."""

    base: Leaves
    since: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)

    def say(self, path: tuple[str, ...], value: Any, since: str | None) -> None:
        value = None if value == [] else value
        days = self.since.setdefault(path, {})
        if since is not None:
            days[since] = value
        elif not days or days[max(days)] != value:
            self.base[path] = value
            days.clear()

    def take_back(self, since: str) -> None:
        for days in self.since.values():
            days.pop(since, None)

    def on(self, day: str | None) -> Leaves:
        found = dict(self.base)
        for path, days in self.since.items():
            if told := [each for each in days if day is not None and each <= day]:
                found[path] = days[max(told)]
        return {path: value for path, value in found.items() if value is not None}


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_was_said_since_a_day_is_true_from_it_on_in_whatever_order_it_came(
    data: st.DataObject,
) -> None:
    book, key = Book(), new_id()
    consent = {"purpose": ["contact"], "given_on": "2021-01-01"}
    changing = {name: values(PERSON.fields[name]) for name in CHANGING}
    some = st.fixed_dictionaries({}, optional=changing)
    first = data.draw(some)
    book.send(PERSON, None, {"id": key, "family_name": "Koné", "consent": consent, **first})
    told = Told({path: value for path, value in leaves(first) if value != []})
    for _ in range(data.draw(st.integers(1, 8))):
        since = data.draw(st.none() | st.sampled_from(DAYS))
        what = data.draw(st.sampled_from(["say", "clear", "take back"]))
        item: Item = {"id": key}
        if since is not None:
            item["since"] = since
        if what == "say":
            item |= data.draw(some)
        elif what == "clear":
            present = sorted(told.on(DAYS[-1]))
            item["clear"] = [".".join(each) for each in present[:1]]
        else:
            item = {"id": key, "clear": [f"life_changes.{since}"] if since else ["life_changes"]}
        before = book.stored[key].content
        status, codes = book.send(PERSON, None, item)
        assert status is not Status.REJECTED, codes
        assert (status is Status.UNCHANGED) is (book.stored[key].content == before)
        if what == "take back":
            for day in DAYS if since is None else [since]:
                told.take_back(day)
        for path in item.get("clear", ()) if what == "clear" else ():
            told.say(leaf_of(path), None, since)
        for path, value in leaves({name: item[name] for name in changing if name in item}):
            told.say(path, value, since)
        content = book.stored[key].content
        now = {name: content[name] for name in changing if name in content}
        assert dict(leaves(now)) == told.on(DAYS[-1])
        seen = {each.since: dict(leaves(each.content)) for each in stretches(content)}
        assert seen.keys() - {None} == {day for days in told.since.values() for day in days}
        for since, true in seen.items():
            assert true == told.on(since)
