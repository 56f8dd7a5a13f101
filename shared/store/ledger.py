"""The ledger of pushes: which items were applied under which push's id.

Owns the collection `pushes` (`shared.layout`). Kept for good: a telephone that was off for a season
repeats what it never heard an answer to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from bson.binary import Binary
from pymongo import ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.database import Database

from shared.layout import PUSHES

_ITEMS: Final = "items"
_BYTES: Final = 16  # of an id


class Ledger:
    """Names of pushes (`shared.records.repetitions`) → ids of items."""

    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._collection = db[PUSHES]

    def load(self, names: Sequence[str], session: ClientSession) -> dict[str, set[str]]:
        """What was applied, as the transaction sees it; no entry where nothing was."""
        if not names:
            return {}
        found = self._collection.find({"_id": {"$in": list(names)}}, session=session)
        return {each["_id"]: _unpacked(each[_ITEMS]) for each in found}

    def add(
        self,
        news: Mapping[str, Collection[str]],
        known: Mapping[str, Collection[str]],
        session: ClientSession,
    ) -> None:
        """Write the news, beside what was `known` of the same names.

        A twin that applies the same push at the same time makes one of the two transactions start
        over, and find that it is a repetition.
        """
        fresh = [
            {"_id": name, _ITEMS: _packed(items)}
            for name, items in news.items()
            if name not in known
        ]
        more = [
            ReplaceOne({"_id": name}, {_ITEMS: _packed([*known[name], *items])})
            for name, items in news.items()
            if name in known
        ]
        if fresh:
            self._collection.insert_many(fresh, ordered=False, session=session)
        if more:
            self._collection.bulk_write(more, ordered=False, session=session)


def _packed(items: Collection[str]) -> Binary:
    return Binary(b"".join(bytes.fromhex(each.replace("-", "")) for each in items))


def _unpacked(packed: bytes) -> set[str]:
    texts = (packed[at : at + _BYTES].hex() for at in range(0, len(packed), _BYTES))
    return {f"{t[:8]}-{t[8:12]}-{t[12:16]}-{t[16:20]}-{t[20:]}" for t in texts}
