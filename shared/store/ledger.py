"""The ledger of pushes: which items were applied under which push's id.

Owns the collection `pushes` (`shared.layout`), {_id: name, items: [the ids of a transaction,
packed, …]}. Kept for good: a telephone that was off for a season repeats what it never
heard an answer to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from bson.binary import Binary
from pymongo import UpdateOne
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
        return {each["_id"]: _unpacked(b"".join(each[_ITEMS])) for each in found}

    def add(self, news: Mapping[str, Collection[str]], session: ClientSession) -> None:
        """Write the news beside what is there already of the same names, which need not be read.

        A twin that applies the same push at the same time makes one of the two transactions start
        over, and find that it is a repetition.
        """
        if news:
            self._collection.bulk_write(
                [
                    UpdateOne({"_id": name}, {"$push": {_ITEMS: _packed(items)}}, upsert=True)
                    for name, items in news.items()
                ],
                ordered=False,
                session=session,
            )


def _packed(items: Collection[str]) -> Binary:
    return Binary(b"".join(bytes.fromhex(each.replace("-", "")) for each in items))


def _unpacked(packed: bytes) -> set[str]:
    texts = (packed[at : at + _BYTES].hex() for at in range(0, len(packed), _BYTES))
    return {f"{t[:8]}-{t[8:12]}-{t[12:16]}-{t[16:20]}-{t[20:]}" for t in texts}
