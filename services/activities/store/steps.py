"""Owns what is known of each step beside its record: its events, and the reasons given."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from pymongo.collection import Collection as MongoCollection

from services.activities import layout
from shared.layout import SCHEMA_VERSION, SEQUENCE, SUBJECT, TYPE
from shared.records.versions import Key
from shared.store.mongo import Tx
from shared.store.outbox import Outbox
from shared.store.prefixes import below
from shared.types import Document


class Made(NamedTuple):
    """What made a version of a record; `actor` is the id of a key."""

    kind: str  # recorded | corrected | withdrawn | reinstated
    actor: str | None
    reason: str | None
    restored: int | None  # the version whose content it brought back


class Steps:
    """The steps of records and sheets, by the version or sequence that each made."""

    def __init__(self, outbox: Outbox, reasons: MongoCollection[Document]) -> None:
        self._outbox = outbox
        self._reasons = reasons

    def between(
        self,
        subject: str,
        record_type: str,
        *,
        since: int,
        until: int | None,
        most: int,
        newest: bool,
    ) -> list[Document]:
        """The outbox rows of a subject from sequence `since` to `until`, in order: each step once,
        in the oldest version in which it was told; the `newest` so many, or the oldest."""
        way = -1 if newest else 1
        found = self._outbox.collection.find(_steps(subject, record_type, since, until)).sort(
            [(SEQUENCE, way), (TYPE, way), (SCHEMA_VERSION, way)]
        )
        steps: dict[int, Document] = {}
        with found:
            for row in found:
                if row[SEQUENCE] not in steps and len(steps) == most:
                    break
                if newest:
                    steps[row[SEQUENCE]] = row
                else:
                    steps.setdefault(row[SEQUENCE], row)
        return [steps[sequence] for sequence in sorted(steps)]

    def count(self, subject: str, record_type: str) -> int:
        """How many steps there are in all."""
        return len(
            self._outbox.collection.distinct(SEQUENCE, _steps(subject, record_type, 0, None))
        )

    def made(self, record_type: str, keys: Collection[Key]) -> dict[Key, Made]:
        """What made each of these versions."""
        why = self.reasons_of(keys)
        steps = self._outbox.steps(record_type, keys)
        return {
            key: Made(step.kind, step.actor, *why.get(key, (None, None)))
            for key, step in steps.items()
        }

    def reasons_of(self, keys: Collection[Key]) -> dict[Key, tuple[str, int | None]]:
        """Of these versions: the reason given, and the version whose content came back."""
        names = {f"{identifier}:{version}": (identifier, version) for identifier, version in keys}
        found = self._reasons.find({"_id": {"$in": list(names)}})
        return {names[each["_id"]]: (each["reason"], each.get(layout.RESTORED)) for each in found}

    def give_reasons(self, tx: Tx, reasons: Mapping[str, tuple[str, int | None]]) -> None:
        """Version's key → the reason given, and the version whose content came back."""
        documents = [
            {"_id": key, "reason": reason} | ({layout.RESTORED: restored} if restored else {})
            for key, (reason, restored) in reasons.items()
        ]
        if documents:
            self._reasons.insert_many(documents, ordered=False, session=tx.session)


def _steps(subject: str, record_type: str, since: int, until: int | None) -> Document:
    within: Document = {"$gte": since} if until is None else {"$gte": since, "$lte": until}
    return {SUBJECT: subject, SEQUENCE: within, TYPE: below(f"{record_type}.")}
