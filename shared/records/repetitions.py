"""Repetitions: what of a push was applied before under its id, and so is not applied again.

A push is known by the id that its client gave it (`push_id`), the same on each retry. Its content
tells nothing: what sets a value back to what it once was is a correction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from shared.errors import Problem
from shared.records.pushes import Push, Receipt, Status

ALREADY_APPLIED: Final = "ALREADY_APPLIED"


class Repetitions:
    """One operation's memory, within one transaction.

    Args: operation: what is done with the items; under one id each operation counts for itself.
        known: name → the ids of the items that were applied, as the ledger keeps them
        (`shared.store.ledger`).
    """

    def __init__(self, operation: str, known: Mapping[str, Collection[str]] | None = None) -> None:
        self._operation = operation
        self.news: dict[str, list[str]] = {}
        """What has to be added to the ledger."""
        self._known = {name: set(items) for name, items in (known or {}).items()}

    def has(self, push: Push, item: str, scope: str = "") -> bool:
        """Whether the item was applied under the push's id."""
        if push.push_id is None or not self._known:  # as mostly
            return False
        return item in self._known.get(name(push, self._operation, scope) or "", ())

    def note(self, push: Push, items: Iterable[str], scope: str = "") -> None:
        """These items stand."""
        if (key := name(push, self._operation, scope)) is None:
            return
        known = self._known.setdefault(key, set())
        fresh = [each for each in dict.fromkeys(items) if each not in known]
        if fresh:
            known.update(fresh)
            self.news.setdefault(key, []).extend(fresh)


def name(push: Push, operation: str, scope: str = "") -> str | None:
    """What the ledger knows the push by; None if it has no id. `scope` parts items that would have
    equal ids: those of several sheets."""
    return f"{push.push_id}/{operation}/{scope}" if push.push_id else None


def already_applied(row: int, item: str, version: int | None) -> Receipt:
    """The receipt of a repetition: nothing changed, whatever came between."""
    return Receipt(row, item, Status.UNCHANGED, version, (Problem(ALREADY_APPLIED),))
