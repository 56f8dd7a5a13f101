"""Owns what a pushed record must agree with beyond itself: what it refers to, and what is taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.activities.kinds import KINDS, Kind
from services.activities.rules import records
from services.activities.rules.records import Content
from services.activities.rules.sheets import Sheet
from services.activities.store import ActivityStore
from shared.caller import Caller
from shared.errors import Problem
from shared.ids import canonical
from shared.records.pushes import Push, Record, ids_of
from shared.store.mongo import Tx


class Rules:
    """What the pushed records must agree with, read in bulk in the transaction: the records they
    refer to, the sheets of their sessions, and who holds their unique values."""

    def __init__(
        self,
        kind: Kind,
        known: Mapping[str, Mapping[str, tuple[str, bool]]],
        sheets: Mapping[str, Sheet],
        holders: dict[str, str],
        today: str,
    ) -> None:
        self.sheets = sheets
        self._today = today
        self._kind = kind
        self._known = known
        self._holders = holders  # session id or unique value → the record that has it

    @classmethod
    def read(
        cls,
        tx: Tx,
        store: ActivityStore,
        kind: Kind,
        pushes: Sequence[Push],
        existing: Mapping[str, Record],
        today: str,
    ) -> Rules:
        items = [item for each in pushes for item in each.items]
        wanted: dict[str, set[str]] = {target: set() for target in kind.references.values()}
        for name, target in kind.references.items():
            wanted[target] |= {
                i for item in items for i in map(canonical, _listed(item, name)) if i
            }
        known = {
            target: store.referred(tx, KINDS[target], ids) for target, ids in wanted.items() if ids
        }
        sheets: dict[str, Sheet] = {}
        holders: dict[str, str] = {}
        if kind.has_sessions:
            named = (part.get("id") for item in items for part in _listed(item, "sessions")
                     if isinstance(part, Mapping))  # fmt: skip
            candidates = {i for i in map(canonical, named) if i}.union(
                ids_of(pushes), *(kind.session_ids(record) for record in existing.values())
            )
            sheets = store.get_sheets(candidates, tx.session)
            holders = {sheet.id: sheet.activity_id for sheet in sheets.values()}
        elif kind.unique:
            values = {str(item[kind.unique]).strip() for item in items if item.get(kind.unique)}
            holders = store.holders(tx, kind, values)
        return cls(kind, known, sheets, holders, today)

    def problems(self, caller: Caller, after: Record, before: Record | None) -> list[Problem]:
        """The `Check` of the push engine."""
        old = before.content if before else None
        found = [
            *self._kind.problems(after.content, old),
            *records.future_problems(after.content, self._today),
            *self._bad_references(caller, after, old or {}),
            *self._dropped_sheets(after, before),
        ]
        claims = list(self._claims(after))
        found += [
            Problem.at(*path, code=code)
            for value, path, code in claims
            if self._holders.get(value, after.id) != after.id
        ]
        if not found:  # so that a twin later in this push is refused
            self._holders |= {value: after.id for value, _, _ in claims}
        return found

    def _bad_references(self, caller: Caller, after: Record, old: Content) -> Iterator[Problem]:
        for name, target in self._kind.references.items():
            value = after.content.get(name)
            if value == old.get(name):
                continue  # it was right when it was made
            for path, identifier in _placed(name, value):
                chapter, withdrawn = self._known.get(target, {}).get(identifier, (None, False))
                visible = KINDS[target].public or chapter == after.chapter
                if chapter is None or not (visible or caller.may_touch(chapter)):
                    yield Problem.at(*path, code=f"UNKNOWN_{target.upper()}")
                elif withdrawn:
                    yield Problem.at(*path, code="WITHDRAWN")

    def _dropped_sheets(self, after: Record, before: Record | None) -> Iterator[Problem]:
        for session_id in self._kind.session_ids(before) - self._kind.session_ids(after):
            if (sheet := self.sheets.get(session_id)) and sheet.lines:
                yield Problem.at("sessions", code="SESSION_HAS_ATTENDANCE", session_id=session_id)

    def _claims(self, after: Record) -> Iterator[tuple[str, tuple[str | int, ...], str]]:
        for row, session in enumerate(self._kind.sessions(after)):
            implied = session["id"] == after.id and not after.content.get("sessions")
            path = ("id",) if implied else ("sessions", row, "id")
            yield session["id"], path, "ID_TAKEN"
        if self._kind.unique and (value := after.content.get(self._kind.unique)):
            yield value, (self._kind.unique,), "IDENTIFIER_TAKEN"


def _listed(item: Mapping[str, Any], name: str) -> list[Any]:
    """A pushed field as a list, whatever came."""
    value = item.get(name)
    return value if isinstance(value, list) else [value]


def _placed(name: str, value: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """Each id of a field with its path."""
    if isinstance(value, list):
        return [((name, row), identifier) for row, identifier in enumerate(value)]
    return [((name,), value)] if value else []
