"""What the keys of a push lead to: the step before the engine that puts ids in their place.

An item without an id that has `external_refs` (`shared.records.known_by`) is of the record that one
of them leads to, or a new one; `ref` beside `id`, and `project_ref` or `organisation_refs` beside
the ids of references, lead likewise. Each kind of record is asked once for all that a call names,
in the call's transaction, and not at all where no key is named. Of racing pushes of one new key the
unique index lets one through: the others start over, and find its record.

A key leads to a record of the item's chapter; where the secretariat names none, of the one chapter
that has it. Who is withdrawn, or merged into somebody, keeps their keys.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from shared.caller import Caller
from shared.codes import code_list
from shared.ids import canonical, new_id
from shared.records.pairs import EXTERNAL_REFS, Unknown, read, removed, text_of, texts
from shared.records.partial import parts
from shared.records.pushes import Decision, Push, Receipt, Record
from shared.records.walk import Claim
from shared.texts import plain

Item = Mapping[str, Any]
Held = tuple[str, str]
"""A chapter, and a key as a text (`known_by.text_of`)."""
Holders = Mapping[Held, str]
Find = Callable[[Mapping[str, Collection[str]]], Holders]
"""Chapter → keys; who holds which of them, withdrawn ones included."""

REF: Final = "ref"
INVALID_REF: Final = "INVALID_REF"
OF_ANOTHER: Final = "REF_OF_ANOTHER"
TAKEN: Final = "REF_TAKEN"


class Reference(NamedTuple):
    """A field of ids of `target`; `find` is None where that lives in another service: what the
    gateway has not replaced by then, leads nowhere."""

    ids: str  # `project_id`, `organisation_ids`
    target: str
    find: Find | None

    @property
    def refs(self) -> str:
        return ref_name(self.ids)

    @property
    def many(self) -> bool:
        return self.ids.endswith("s")


def ref_name(ids: str) -> str:
    """`project_ref` of `project_id`, `organisation_refs` of `organisation_ids`."""
    return f"{ids[:-4]}_refs" if ids.endswith("_ids") else f"{ids[:-3]}_ref"


class _Named(NamedTuple):
    """Where an id stands that a client said by a key: problems are told there."""

    name: str
    skip: int = 0  # so many of the list were said by their ids


@dataclass(slots=True)
class Resolved:
    """The pushes with ids in the place of keys, and who holds the keys that they name."""

    pushes: list[Push]
    holders: Holders = field(default_factory=dict)
    _named: dict[tuple[int, int], dict[str, _Named]] = field(default_factory=dict)

    def told(self, decision: Decision) -> Decision:
        """The decision, its problems at the names that the clients gave."""
        for (push, row), named in self._named.items():
            receipt = decision.receipts[push][row]
            if receipt.problems:
                decision.receipts[push][row] = _renamed(receipt, named)
        return decision


def resolve(pushes: Sequence[Push], own: Find, references: Sequence[Reference] = ()) -> Resolved:
    """Args: own: finds records of the type that is pushed."""
    names = (EXTERNAL_REFS, REF, *(each.refs for each in references))
    if not any(name in item for push in pushes for item in push.items for name in names):
        return Resolved(list(pushes))
    asked = {"": _Keys(own), **{each.target: _Keys(each.find) for each in references}}
    for push in pushes:
        for item in push.items:
            where = where_of(push.caller, item)
            asked[""].want(where, [*_listed(item.get(EXTERNAL_REFS)), item.get(REF)])
            for each in references:
                asked[each.target].want(where, _listed(item.get(each.refs)))
    for keys in asked.values():
        keys.look()
    resolved = Resolved([], asked[""].found)
    for number, push in enumerate(pushes):
        items: list[Item] = []
        for row, item in enumerate(push.items):
            where = where_of(push.caller, item)
            item, named = _with_own_id(item, where, asked[""])
            for each in references:
                if each.refs in item:
                    item, at = _with_ids(item, where, each, asked[each.target])
                    named |= at
            if named:
                resolved._named[number, row] = named
            items.append(item)
        resolved.pushes.append(replace(push, items=items))
    return resolved


def lead(caller: Caller, items: Sequence[Item], find: Find) -> list[str | None]:
    """The id that the `ref` of each item leads to, None where it leads nowhere; for the gateway,
    which puts it in the place of a key of another service's record."""
    keys = _Keys(find)
    for item in items:
        keys.want(where_of(caller, item), [item.get(REF)])
    keys.look()
    return [
        keys.lead(where_of(caller, item), key) if (key := read(item.get(REF))) else None
        for item in items
    ]


def holders_of(records: Iterable[Record], find: Find) -> Holders:
    """Who holds the keys that these records have, or had."""
    wanted: dict[str, set[str]] = {}
    for record in records:
        if keys := texts(record.content, EXTERNAL_REFS):
            wanted.setdefault(record.chapter, set()).update(keys)
    return find(wanted) if wanted else {}


def claims(record: Record, given: Mapping[str, Any]) -> Iterator[Claim]:
    """The keys that a record claims, each at its place in what was given."""
    places = {text_of(pair): place for place, pair in parts(given, EXTERNAL_REFS)}
    for _, pair in parts(record.content, EXTERNAL_REFS):
        if text := text_of(pair):
            at = (EXTERNAL_REFS, places[text]) if text in places else (EXTERNAL_REFS,)
            yield Claim((record.chapter, text), at, TAKEN, names_holder=True)


class _Keys:
    """The keys of one type of record that a call names, and what they lead to."""

    def __init__(self, find: Find | None) -> None:
        self._find = find
        self._wanted: dict[str, set[str]] = {}
        self.found: Holders = {}
        self.new: dict[Held, str] = {}

    def want(self, where: Collection[str], given: Iterable[Any]) -> None:
        for key in filter(None, map(read, given)):
            for chapter in where:
                self._wanted.setdefault(chapter, set()).add(key)

    def look(self) -> None:
        if self._wanted and self._find is not None:
            self.found = self._find(self._wanted)

    def lead(self, where: Collection[str], key: str) -> str | None:
        """The one record that the key leads to, among those that the call makes too."""
        holders = {
            holder
            for chapter in where
            if (holder := self.found.get((chapter, key)) or self.new.get((chapter, key)))
        }
        return holders.pop() if len(holders) == 1 else None


def where_of(caller: Caller, item: Item) -> Collection[str]:
    """The chapters in which the item's keys may lead somewhere."""
    if caller.chapter or caller.role != "secretariat":
        return (caller.chapter,) if caller.chapter else ()
    chapter = item.get("chapter")
    said = plain(chapter) if isinstance(chapter, str) else None
    return (said,) if said else tuple(code_list("country"))


def _with_own_id(item: Item, where: Collection[str], keys: _Keys) -> tuple[Item, dict[str, _Named]]:
    if not given(item.get(REF)):
        item = _without(item, REF) if REF in item else item
    else:
        led = _led(item[REF], where, keys, "UNKNOWN_REF", item.get("id"))
        return {**_without(item, REF), "id": led}, {"id": _Named(REF)}
    if not isinstance(pairs := item.get(EXTERNAL_REFS), list) or not pairs:
        return item, {}
    stay = [key for pair in pairs if not removed(pair) and (key := read(pair))]
    identifier, named = item.get("id"), dict[str, _Named]()
    if not given(identifier):
        go = [key for pair in pairs if removed(pair) and (key := read(pair))]
        known = (keys.lead(where, key) for key in (*go, *stay))
        # Where they lead to several, the engine tells which of them is another's.
        identifier = next(filter(None, known), None) or new_id()
        item, named = {**item, "id": identifier}, {"id": _Named(EXTERNAL_REFS)}
    if isinstance(identifier, str) and (whole := canonical(identifier)):
        for chapter in where if len(where) == 1 else ():
            for key in stay:
                keys.new.setdefault((chapter, key), whole)
    return item, named


def _with_ids(
    item: Item, where: Collection[str], reference: Reference, keys: _Keys
) -> tuple[Item, dict[str, _Named]]:
    name, target, find = reference
    refs, beside = item[reference.refs], item.get(name)
    rest, code = _without(item, reference.refs), f"UNKNOWN_{target.upper()}"
    if not given(refs):
        return rest, {}
    if not reference.many:
        code = OF_ANOTHER if find is None and given(beside) else code
        led = _led(refs, where, keys, code, beside)
        return {**rest, name: led}, {name: _Named(reference.refs)}
    said = list(beside) if isinstance(beside, list) else []
    ids = [_led(each, where, keys, code, None) for each in _listed(refs)]
    return {**rest, name: [*said, *ids]}, {name: _Named(reference.refs, len(said))}


def _led(ref: Any, where: Collection[str], keys: _Keys, code: str, beside: Any) -> str | Unknown:
    """The id that a key leads to; `beside` it may stand the same id."""
    if (key := read(ref)) is None:
        return Unknown(INVALID_REF)
    identifier = keys.lead(where, key)
    if identifier is None:
        return Unknown(code)
    if given(beside) and canonical(beside) != identifier:
        return Unknown(OF_ANOTHER)
    return identifier


def given(value: Any) -> bool:
    """Whether anything was said by it."""
    if isinstance(value, Mapping):
        return any(map(given, value.values()))
    if isinstance(value, str):
        return bool(plain(value))
    return value is not None and value != []


def _listed(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def _without(item: Item, name: str) -> dict[str, Any]:
    return {other: value for other, value in item.items() if other != name}


def _renamed(receipt: Receipt, named: Mapping[str, _Named]) -> Receipt:
    problems = []
    for problem in receipt.problems:
        first, *rest = problem.path or ("",)
        told = named.get(str(first))
        if told is not None:
            if not rest or not isinstance(rest[0], int):
                problem = replace(problem, path=(told.name, *rest))
            elif rest[0] >= told.skip:
                problem = replace(problem, path=(told.name, rest[0] - told.skip, *rest[1:]))
        problems.append(problem)
    return replace(receipt, problems=tuple(problems))
