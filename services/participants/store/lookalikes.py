"""Owns how it is told, while people are written, whom of their chapter they look like.

One question for a batch, and none of it is opened: marks of likenesses are equal where what they
stand for is, and the sex lies in the clear.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from pymongo.collection import Collection

from services.participants.layout import ALIKE
from services.participants.rules.resemblance import Traits, resembling
from services.participants.store.distinct import DistinctPairs
from shared import layout
from shared.records.pushes import Record
from shared.store.mongo import Tx
from shared.types import Document

LOOKED_THROUGH: Final = 5_000
"""People who share a mark with those of a batch; further ones look like nobody."""
SHARED_BY_MOST: Final = 25
"""People who share a mark; one that more share tells nobody apart, and is not followed."""

_SEX: Final = f"{layout.CONTENT}.sex"
_MARK: Final = f"{ALIKE}.mark"


class Lookalikes:
    """Who of the people looks like whom; `marks_of` gives the marks of a record's likenesses."""

    def __init__(
        self,
        people: Collection[Document],
        marks_of: Callable[[Record], list[Document]],
        distinct: DistinctPairs,
    ) -> None:
        self._people = people
        self._marks_of = marks_of
        self._distinct = distinct

    def of(self, tx: Tx, written: Iterable[Record]) -> dict[str, list[str]]:
        """Whom each of these people may be the same as, stored or among them: id → ids of the same
        chapter, the likeliest first. Not those of whom it was decided otherwise."""
        wanted = {
            each.id: _traits(self._marks_of(each), each.content.get("sex")) for each in written
        }
        marks = {mark for each in wanted.values() for _, mark in each.likenesses}
        known = self._sharing(tx, marks) | wanted if marks else wanted
        holders: dict[Any, set[str]] = defaultdict(set)
        for key, traits in known.items():
            for _, mark in traits.likenesses:
                holders[mark].add(key)
        alike = {
            key: resembling(traits, {each: known[each] for each in others})
            for key, traits in wanted.items()
            if (others := sorted(_sharers(traits, holders) - {key}))
        }
        return self._undecided(tx, alike)

    def _sharing(self, tx: Tx, marks: Iterable[Any]) -> dict[str, Traits]:
        found = self._people.find(
            {_MARK: {"$in": list(marks)}, layout.WITHDRAWN: False},
            {f"{ALIKE}.by": True, _MARK: True, _SEX: True},
            session=tx.session,
        ).limit(LOOKED_THROUGH)
        return {
            each["_id"]: _traits(each[ALIKE], each[layout.CONTENT].get("sex")) for each in found
        }

    def _undecided(self, tx: Tx, alike: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        pairs = [(key, other) for key, others in alike.items() for other in others]
        left: dict[str, list[str]] = defaultdict(list)
        for key, other in self._distinct.undecided(pairs, tx.session):
            left[key].append(other)
        return left


def _sharers(traits: Traits, holders: Mapping[Any, set[str]]) -> set[str]:
    of_marks = (holders[mark] for _, mark in traits.likenesses)
    return {each for some in of_marks if len(some) <= SHARED_BY_MOST for each in some}


def _traits(marks: Iterable[Mapping[str, Any]], sex: str | None) -> Traits:
    return Traits(frozenset((each["by"], each["mark"]) for each in marks), sex)
