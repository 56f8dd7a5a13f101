"""Puts ids in the place of keys that lead to records of another service than the item's own.

Within one service the service does it, in the push's transaction (`shared.records.keys`); services
do not ask each other, so what leads from one into another is asked here, once for each type of
record, and only where a key is named. What leads nowhere stays as it is, for the service to refuse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from gateway.calls.context import Context
from shared.ids import canonical, new_id
from shared.record_types import RECORD_TYPES
from shared.records.keys import INVALID_REF, OF_ANOTHER, REF, given, ref_name
from shared.records.pairs import EXTERNAL_REFS, read, removed

Item = Mapping[str, Any]

_PERSON: Final = "participant_id"
_PERSON_REF: Final = ref_name(_PERSON)
_ELSEWHERE: Final[Mapping[str, Mapping[str, str]]] = {
    "participant": {"organisation_id": "organisation"},
    "nomination": {"activity_id": "activity", "project_id": "project"},
}
"""Record type → its ids of records that live in another service, and of which type these are."""


async def replaced(ctx: Context, kind: str, items: Sequence[Item]) -> Sequence[Item]:
    """The items, with ids in the place of the keys that lead elsewhere. Raises HubError."""
    for name, target in _ELSEWHERE.get(kind, {}).items():
        ref = ref_name(name)
        rows = [row for row, item in enumerate(items) if given(item.get(ref))]
        if rows:
            found = await lead(ctx, target, [_asked(items[row], ref) for row in rows])
            led = {row: each for row, each in zip(rows, found, strict=True) if each}
            items = [
                {**{n: v for n, v in item.items() if n != ref}, name: led[row]}
                if row in led and canonical(item.get(name)) in (None, led[row])
                else item
                for row, item in enumerate(items)
            ]
    return items


@dataclass(frozen=True, slots=True)
class Named:
    """Sheets with ids in the place of people's keys."""

    sheets: Sequence[Item]
    unled: Mapping[str, str] = field(default_factory=dict)
    """Ids that stand for nobody, each with what is wrong: nobody has such a key, or another."""
    by_key: frozenset[int] = frozenset()
    """The numbers of the rows, over all sheets, that name somebody by a key."""

    def told(self, receipts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The receipts of the rows, with problems at the names that the client gave."""
        for receipt in receipts:
            if receipt["row"] in self.by_key:
                receipt["id"] = None if receipt["id"] in self.unled else receipt["id"]
                for problem in receipt["problems"]:
                    if problem["path"] == [_PERSON]:
                        problem["path"] = [_PERSON_REF]
        return receipts


async def on_sheets(
    ctx: Context,
    sheets: Sequence[Item],
    people: Sequence[Item],
    receipts: Sequence[Mapping[str, Any]],
) -> Named:
    """The sheets with ids in the place of people's keys, also of the `people` who are pushed with
    them, whose receipts these are: of a dry run nobody else knows. Raises HubError."""
    rows = [row for sheet in sheets for row in sheet["rows"]]
    by_key = frozenset(number for number, row in enumerate(rows) if given(row.get(_PERSON_REF)))
    if not by_key:
        return Named(sheets)
    pushed: dict[str, set[str]] = {}
    for item, receipt in zip(people, receipts, strict=True):
        for pair in item.get(EXTERNAL_REFS) or ():
            if receipt["id"] and (key := read(pair)) and not removed(pair):
                pushed.setdefault(key, set()).add(receipt["id"])
    led: dict[int, str | None] = {}
    for number in by_key:
        key = read(rows[number][_PERSON_REF])
        ids = pushed.get(key or "", set())
        if key is None or len(ids) == 1:
            led[number] = next(iter(ids), None)
    asked = sorted(by_key - led.keys())
    if asked:
        found = await lead(ctx, "participant", [{REF: rows[each][_PERSON_REF]} for each in asked])
        led |= zip(asked, found, strict=True)
    unled: dict[str, str] = {}

    def with_id(number: int, row: Item) -> Item:
        if _PERSON_REF not in row:
            return row
        rest = {name: value for name, value in row.items() if name != _PERSON_REF}
        if number not in by_key:
            return rest
        person, beside = led[number], canonical(row.get(_PERSON))
        if person is None or beside not in (None, person):
            wrong = "UNKNOWN_PARTICIPANT" if person is None else OF_ANOTHER
            person = new_id()
            unled[person] = wrong if read(row[_PERSON_REF]) else INVALID_REF
        return {**rest, _PERSON: person}

    numbers = count()
    led_to = [
        {**sheet, "rows": [with_id(next(numbers), row) for row in sheet["rows"]]}
        for sheet in sheets
    ]
    return Named(led_to, unled, by_key)


async def lead(ctx: Context, kind: str, items: Sequence[Item]) -> list[str | None]:
    """The id that the `ref` of each item leads to, or None. Raises HubError."""
    answer = await ctx.ask(RECORD_TYPES[kind].owner, "lead", kind=kind, items=list(items))
    ids: list[str | None] = answer["ids"]
    return ids


def _asked(item: Item, ref: str) -> Item:
    return {REF: item[ref], "chapter": item.get("chapter")}
