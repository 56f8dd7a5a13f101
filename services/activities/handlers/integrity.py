"""Owns the integrity of pushed records beyond themselves: what they refer to is there, and what
must be unique is not taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from services.activities.definitions import DEFINITIONS, PLACE, RecordDefinition
from services.activities.rules import places, records, remarks
from services.activities.rules.lines import AttendanceSheet
from services.activities.rules.records import Content
from services.activities.store import ActivityStore
from services.activities.store.records import Referred
from shared.caller import Caller
from shared.codes.countries import today
from shared.codes.places import exists, present, pushed_as, pushed_id
from shared.codes.suggestions import unknown_place
from shared.errors import Problem
from shared.ids import canonical
from shared.records.partial import WRONG, known
from shared.records.pushes import Push, Record, ids_of
from shared.records.walk import Claim
from shared.store.mongo import Tx
from shared.texts import plain

_TOLD: Final = 5  # places of a like name


class Integrity:
    """What the pushed records are checked against, read in bulk in the transaction: the records
    they refer to, the sheets of their sessions, and who holds their unique values."""

    def __init__(
        self,
        definition: RecordDefinition,
        known: Mapping[str, Mapping[str, Referred]],
        sheets: Mapping[str, AttendanceSheet],
        holders: Mapping[str, str],
        around: Mapping[str, Sequence[places.Named]] = MappingProxyType({}),
        has_outside: Callable[[Record], bool] = lambda _: False,
    ) -> None:
        self.sheets = sheets
        self.holders = holders  # session id or unique value → the record that has it
        self._definition = definition
        self._known = known
        self._around_place = around  # unit → the places in it, and those that are pushed
        self._has_outside = has_outside

    @classmethod
    def read(
        cls,
        tx: Tx,
        store: ActivityStore,
        definition: RecordDefinition,
        pushes: Sequence[Push],
        existing: Mapping[str, Record],
    ) -> Integrity:
        items = [item for each in pushes for item in each.items]
        wanted: dict[str, set[str]] = {target: set() for target in definition.references.values()}
        for name, target in definition.references.items():
            wanted[target] |= {
                i for item in items for i in map(canonical, _listed(item, name)) if i
            }
            # What is not pushed again is still what the rest is compared with.
            if target in ("project", "activity"):
                wanted[target] |= {
                    i for record in existing.values() if (i := record.content.get(name))
                }
        pushed = {pushed_as(each) for item in items for _, each in places.named_places(item)}
        wanted |= {PLACE.name: {each for each in pushed if each}}
        known = {
            target: store.records[target].referred(tx, ids) for target, ids in wanted.items() if ids
        }
        sheets: dict[str, AttendanceSheet] = {}
        holders: dict[str, str] = {}
        if definition.has_sessions:
            named = (part.get("id") for item in items for part in _listed(item, "sessions")
                     if isinstance(part, Mapping))  # fmt: skip
            candidates = {i for i in map(canonical, named) if i}.union(
                ids_of(pushes), *(definition.session_ids(record) for record in existing.values())
            )
            sheets = store.sheets.get(candidates, tx.session)
            holders = {sheet.id: sheet.activity_id for sheet in sheets.values()}
        elif definition.unique:
            values = {
                plain(str(item[definition.unique])) for item in items if item.get(definition.unique)
            }
            holders = store.records[definition.name].unique_holders(tx, values)
        return cls(
            definition,
            known,
            sheets,
            holders,
            _around_places(tx, store, items, existing) if definition is PLACE else {},
            lambda project: store.activities.any_outside(tx, project),
        )

    def problems(self, caller: Caller, after: Record, before: Record | None) -> Iterator[Problem]:
        """The `Check` of the push engine."""
        yield from self._definition.problems(after.content, before.content if before else None)
        yield from self._around(caller, after, before)

    def problems_of_restored(
        self, caller: Caller, after: Record, before: Record | None
    ) -> Iterator[Problem]:
        """The same where a version is brought back: it may lie before what cannot be undone by a
        push, such as a status."""
        yield from self._definition.problems(after.content, None)
        yield from self._around(caller, after, before)

    def _around(self, caller: Caller, after: Record, before: Record | None) -> Iterator[Problem]:
        yield from records.future_problems(after.content, today(after.chapter))
        yield from self._bad_references(caller, after, before.content if before else {})
        yield from self._bad_places(after, before.content if before else {})
        yield from self._dropped_sheets(after, before)

    def remarks(self, _: Caller, after: Record, before: Record | None) -> Iterator[Problem]:
        """The remarks of the push engine: what contradicts another record is stored."""
        content = after.content
        yield from self._definition.remarks(content)
        if self._definition is PLACE:
            yield from self._like(after, before.content if before else {})
        if project := self._referred("project", content.get("project_id")):
            yield from remarks.outside_project(content, project.content)
        if activity := self._referred("activity", content.get("activity_id")):
            yield from remarks.raised_too_early(content, activity.content)
        if self._definition.name == "project" and before is not None:
            moved = any(content.get(n) != before.content.get(n) for n in ("starts_on", "ends_on"))
            if moved and self._has_outside(after):
                yield Problem.at("ends_on", code="ACTIVITIES_OUTSIDE_PROJECT")

    def _like(self, after: Record, old: Content) -> Iterator[Problem]:
        """Whether another place of the unit has much the same name."""
        content, names = after.content, places.names_of(after.content)
        parent: Any = content.get("parent")
        if names == places.names_of(old) or not known(parent):
            return
        own = {pushed_id(parent, after.id), content.get("same_as")}
        others = [each for each in self._around_place.get(parent, ()) if each.id not in own]
        if ids := places.like_names(content, others):
            yield Problem.at("name", code="PLACE_OF_LIKE_NAME", ids=ids[:_TOLD])

    def _referred(self, target: str, identifier: Any) -> Referred | None:
        return self._known.get(target, {}).get(identifier)

    def claims(self, caller: Caller, after: Record, _: Record | None) -> Iterator[Claim]:
        """The `Claims` of the push engine: no two records share a session or a unique value."""
        for path, session_id in self._definition.session_paths(after):
            if known(session_id):
                yield Claim(session_id, path, "ID_TAKEN")
        if (name := self._definition.unique) and known(value := after.content.get(name)):
            sees = self._definition.public and caller.role in ("chapter", "secretariat")
            yield Claim(value, (name,), "IDENTIFIER_TAKEN", names_holder=sees)

    def _bad_references(self, caller: Caller, after: Record, old: Content) -> Iterator[Problem]:
        for name, target in self._definition.references.items():
            value = after.content.get(name)
            if value == old.get(name):
                continue  # it was right when it was made
            for path, identifier in _placed(name, value):
                if identifier is WRONG:
                    continue
                found = self._referred(target, identifier)
                chapter, withdrawn = found[:2] if found else (None, False)
                visible = DEFINITIONS[target].public or chapter == after.chapter
                if chapter is None or not (visible or caller.may_touch(chapter)):
                    yield Problem.at(*path, code=f"UNKNOWN_{target.upper()}")
                elif withdrawn:
                    yield Problem.at(*path, code="WITHDRAWN")

    def _bad_places(self, after: Record, old: Content) -> Iterator[Problem]:
        """Pushed places that are not there; a record keeps one that was withdrawn since."""
        kept = {each for _, each in places.named_places(old)}
        for path, place_id in places.named_places(after.content):
            if place_id in kept or (own := pushed_as(place_id)) is None:
                continue
            found = self._referred(PLACE.name, own)
            if found is None or pushed_id(found.content["parent"], own) != place_id:
                yield Problem("UNKNOWN_PLACE", path, unknown_place(place_id))
            elif found.withdrawn:
                yield Problem.at(*path, code="WITHDRAWN")
            elif own == after.id:
                yield Problem.at(*path, code="SAME_AS_ITSELF")

    def _dropped_sheets(self, after: Record, before: Record | None) -> Iterator[Problem]:
        kept = {session_id for _, session_id in self._definition.session_paths(after)}
        if WRONG in kept:
            return  # it may be any of those that are missing
        attended = [
            session_id
            for session_id in sorted(self._definition.session_ids(before) - kept)
            if (sheet := self.sheets.get(session_id)) and sheet.lines
        ]
        if attended:
            yield Problem.at("sessions", code="SESSION_HAS_ATTENDANCE", session_ids=attended)


def _around_places(
    tx: Tx,
    store: ActivityStore,
    items: Sequence[Mapping[str, Any]],
    existing: Mapping[str, Record],
) -> dict[str, list[places.Named]]:
    """By unit: what the gazetteer has in it, what was pushed, and what is pushed now."""
    now: defaultdict[str, list[places.Named]] = defaultdict(list)
    for item in items:
        identifier, unit = canonical(item.get("id")), item.get("parent")
        if identifier and isinstance(unit, str) and exists(unit := plain(unit)):
            named = places.Named(pushed_id(unit, identifier), places.names_of(item))
            now[present(unit)].append(named)
    units = {*now, *(record.content["parent"] for record in existing.values())}
    stored = store.places.below(tx, units) if units else {}
    return {
        unit: [*places.neighbours(unit), *stored.get(unit, ()), *now.get(unit, ())]
        for unit in units
    }


def _listed(item: Mapping[str, Any], name: str) -> list[Any]:
    """A pushed field as a list, whatever came."""
    value = item.get(name)
    return value if isinstance(value, list) else [value]


def _placed(name: str, value: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """Each id of a field with its path."""
    if isinstance(value, list):
        return [((name, row), identifier) for row, identifier in enumerate(value)]
    return [((name,), value)] if value else []
