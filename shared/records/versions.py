"""The versions of records in MongoDB: each as it was, whole, before it was written over.

The latest version of a record is the record itself, so that nothing is kept twice, and what is
never corrected costs nothing. Of records of the release before, which kept none, all is kept from
the next correction on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from shared.cursors import decode_cursor, encode_cursor
from shared.errors import Refused
from shared.layout import version_key
from shared.paging import Asked, Page
from shared.records.collection import sifted
from shared.records.soundness import Damaged

if TYPE_CHECKING:
    from shared.store.mongo import Tx

Key = tuple[str, int]
"""A record's id, and one of its versions."""


class Versioned(Protocol):
    """What has versions: a record, or a line of a sheet."""

    @property
    def id(self) -> str: ...

    @property
    def version(self) -> int: ...


V = TypeVar("V", bound=Versioned)


class Documents(Protocol[V]):
    """How these are documents (`shared.records.collection.RecordCollection`)."""

    def bare_all(self, tx: Tx, records: Sequence[V], /) -> list[dict[str, Any]]:
        """Each as a document by which it is not found."""

    def readable(
        self, documents: Sequence[Mapping[str, Any]], session: ClientSession | None, /
    ) -> list[V | Damaged]:
        """What each of the documents says, or that it is damaged."""


class VersionCollection(Generic[V]):
    """The versions of the records of one collection; `collection` may hold those of others too."""

    def __init__(self, collection: Collection[dict[str, Any]], records: Documents[V]) -> None:
        self.collection = collection
        self._records = records

    def keep(self, tx: Tx, befores: Iterable[V | None]) -> None:
        """Store what is written over, in bulk; None is what was not there."""
        replaced = [each for each in befores if each is not None]
        if replaced:
            documents = self._records.bare_all(tx, replaced)
            for document, record in zip(documents, replaced, strict=True):
                document["_id"] = version_key(record.id, record.version)
            self.collection.insert_many(documents, ordered=False, session=tx.session)

    def get(self, keys: Iterable[Key], session: ClientSession | None = None) -> dict[Key, V]:
        """Those of the versions that were written over, are kept and can be shown."""
        wanted = [version_key(*key) for key in keys]
        if not wanted:
            return {}
        found = self.collection.find({"_id": {"$in": wanted}}, session=session)
        read = self._records.readable(_of_record(found), session)
        return {(each.id, each.version): each for each in read if not isinstance(each, Damaged)}

    def page(self, latest: V, asked: Asked, *, oldest_first: bool = False) -> Page[V]:
        """The part asked for of the record's versions, newest first by default; `latest` is the
        record.

        Raises Refused BAD_CURSOR (final).
        """
        after, before = _version(asked.after), _version(asked.before)
        low, high = (after, before) if oldest_first else (before, after)
        low, high = low or 0, latest.version + 1 if high is None else high
        ascending = asked.backwards is not oldest_first
        # What is written meanwhile stays out.
        kept = self._between(latest.id, low, min(high, latest.version))
        found = self.collection.find(kept).sort("_id", 1 if ascending else -1)
        walked: list[dict[str, Any] | None] = list(found.limit(asked.size + 1))
        if low < latest.version < high:
            walked.insert(len(walked) if ascending else 0, None)  # the record itself
        page = asked.cut(
            walked[: asked.size + 1],
            lambda each: encode_cursor([_number(each) if each else latest.version]),
            behind=self._behind(latest, _version(asked.behind), ascending=ascending),
            total_count=self._count(latest) if asked.count else None,
        )
        read = iter(self._records.readable(_of_record(filter(None, page.items)), None))
        return sifted(page, [next(read) if each else latest for each in page.items])

    def _behind(self, latest: V, start: int | None, *, ascending: bool) -> bool:
        """Whether anything stands at the version where the walk begins, or on its other side."""
        if start is None:
            return False
        if not ascending:
            return latest.version >= start
        oldest = self._between(latest.id, 0, start + 1)
        return (
            latest.version <= start or self.collection.find_one(oldest, {"_id": True}) is not None
        )

    def _count(self, latest: V) -> int:
        return 1 + self.collection.count_documents(self._between(latest.id, 0, latest.version))

    @staticmethod
    def _between(record_id: str, low: int, high: int) -> dict[str, Any]:
        """The condition for the versions between the two, neither included."""
        return {"_id": {"$gt": version_key(record_id, low), "$lt": version_key(record_id, high)}}


def _of_record(versions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The documents of versions as those of their records."""
    return [{**each, "_id": each["_id"].rpartition(":")[0]} for each in versions]


def _number(version: Mapping[str, Any]) -> int:
    return int(version["_id"].rpartition(":")[2])


def _version(cursor: Any) -> int | None:
    """The version that a cursor stands for. Raises Refused BAD_CURSOR (final)."""
    if cursor is None:
        return None
    [version] = decode_cursor(cursor, 1)
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version < 2**31:
        raise Refused("BAD_CURSOR")
    return version
