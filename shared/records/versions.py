"""The versions of records in MongoDB: each as it was, whole, before it was written over.

The latest version of a record is the record itself, so that nothing is kept twice, and what is
never corrected costs nothing. Of records of the release before, which kept none, all is kept from
the next correction on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from shared.cursors import decode_cursor, encode_cursor
from shared.errors import Refused
from shared.layout import version_key
from shared.paging import Asked, Page
from shared.records.collection import RecordCollection
from shared.records.pushes import Record, Write

if TYPE_CHECKING:
    from shared.store.mongo import Tx

Key = tuple[str, int]
"""A record's id, and one of its versions."""


class VersionCollection:
    """The versions of the records of one collection; `collection` may hold those of others too."""

    def __init__(self, collection: Collection[dict[str, Any]], records: RecordCollection) -> None:
        self.collection = collection
        self._records = records

    def encode(self, record: Record) -> dict[str, Any]:
        """The version as a document: that of the record, under a key of its own."""
        return {**self._records.encode(record), "_id": version_key(record.id, record.version)}

    def decode(self, document: Mapping[str, Any]) -> Record:
        return self._records.decode({**document, "_id": document["_id"].partition(":")[0]})

    def keep(self, tx: Tx, writes: Iterable[Write]) -> None:
        """Store what the writes replace, in bulk."""
        replaced = [self.encode(write.before) for write in writes if write.before is not None]
        if replaced:
            self.collection.insert_many(replaced, ordered=False, session=tx.session)

    def get(self, keys: Iterable[Key], session: ClientSession | None = None) -> dict[Key, Record]:
        """Those of the versions that were written over and are kept."""
        wanted = [version_key(*key) for key in keys]
        if not wanted:
            return {}
        found = map(self.decode, self.collection.find({"_id": {"$in": wanted}}, session=session))
        return {(record.id, record.version): record for record in found}

    def page(self, latest: Record, asked: Asked) -> Page[Record]:
        """The part asked for of the record's versions, newest first; `latest` is the record.

        Raises Refused BAD_CURSOR (final).
        """
        after, before = _version(asked.after), _version(asked.before)
        # `after` the cursor stand the older versions. What is written meanwhile stays out.
        high = latest.version if after is None else min(after, latest.version)
        kept = self._between(latest.id, before or 0, high)
        found = self.collection.find(kept).sort("_id", 1 if asked.backwards else -1)
        walked = [self.decode(each) for each in found.limit(asked.size + 1)]
        if (before or 0) < latest.version and (after is None or latest.version < after):
            walked.insert(len(walked) if asked.backwards else 0, latest)
        return asked.cut(
            walked[: asked.size + 1],
            lambda record: encode_cursor([record.version]),
            behind=self._behind(latest, asked, after, before),
            total_count=self._count(latest) if asked.count else None,
        )

    def _behind(self, latest: Record, asked: Asked, after: int | None, before: int | None) -> bool:
        """Whether anything stands at the cursor where the walk begins, or on its other side."""
        if asked.behind is None:
            return False
        if not asked.backwards:
            return latest.version >= (after or 0)
        oldest = self._between(latest.id, 0, (before or 0) + 1)
        kept = self.collection.find_one(oldest, {"_id": True})
        return kept is not None or latest.version <= (before or 0)

    def _count(self, latest: Record) -> int:
        return 1 + self.collection.count_documents(self._between(latest.id, 0, latest.version))

    @staticmethod
    def _between(record_id: str, low: int, high: int) -> dict[str, Any]:
        """The condition for the versions between the two, neither included."""
        return {"_id": {"$gt": version_key(record_id, low), "$lt": version_key(record_id, high)}}


def _version(cursor: Any) -> int | None:
    """The version that a cursor stands for. Raises Refused BAD_CURSOR (final)."""
    if cursor is None:
        return None
    [version] = decode_cursor(cursor, 1)
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version < 2**31:
        raise Refused("BAD_CURSOR")
    return version
