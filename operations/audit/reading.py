"""Reads the services' databases as of one moment, in sorted streams, and joins them by key.

Owns the only pymongo of the audit. All reads see one snapshot of the whole replica set, so that a
push that is being committed is seen everywhere or nowhere; memory does not grow with the data,
except for one number per participant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from types import TracebackType
from typing import Any, Final, Self

from pymongo import ASCENDING, MongoClient

from operations.generation import live_prefix
from operations.sealed import Sight, look
from services.activities.layout import (
    ATTENDANCE,
    COUNTS_IN,
    POST,
    PRE,
    STATUS,
    line_key,
    session_of,
)
from services.reporting.layout import under
from shared.record_types import CONSUMERS, PRODUCERS
from shared.store.prefixes import below
from shared.types import Document

Fields = Sequence[str]
Keyed = Iterable[tuple[str, Document]]

SERVICES: Final = (*PRODUCERS, *CONSUMERS)

_LINE: Final = (STATUS, PRE, POST, COUNTS_IN)
_CHUNK: Final = 5_000  # ids in one query
_RANGES: Final = 200  # ranges in one query
_BATCH: Final = 10_000  # small documents in one round trip


class Databases:
    """The services' databases in one snapshot.

    Args: names: service → database, where that is not the service's own name.
    """

    def __init__(
        self, client: MongoClient[Document], names: Mapping[str, str] | None = None
    ) -> None:
        self._client = client
        self._names = {service: service for service in SERVICES} | dict(names or {})
        self._session = client.start_session(snapshot=True)
        hello = client.admin.command("hello")
        self.now: datetime = hello["localTime"].astimezone(UTC)
        self._prefix = live_prefix(client[self._names["reporting"]], self._session)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.end_session()

    def find(
        self,
        service: str,
        name: str,
        query: Mapping[str, Any],
        fields: Fields | None,
        sort: Sequence[tuple[str, int]] = (),
    ) -> Iterator[Document]:
        """The documents that match, with these fields and `_id`; with all of them if None."""
        cursor = self._collection(service, name).find(
            query,
            None if fields is None else dict.fromkeys(fields, 1),
            session=self._session,
            batch_size=_BATCH,
        )
        if sort:
            cursor = cursor.sort(sort).allow_disk_use(True)
        return iter(cursor)

    def aggregate(
        self, service: str, name: str, pipeline: Sequence[Mapping[str, Any]]
    ) -> Iterator[Document]:
        found = self._collection(service, name).aggregate(
            pipeline, session=self._session, allowDiskUse=True
        )
        return iter(found)

    def count(self, service: str, name: str, query: Mapping[str, Any]) -> int:
        return int(self._collection(service, name).count_documents(query, session=self._session))

    def by(
        self,
        service: str,
        name: str,
        key: str,
        values: Iterable[Any] | None = None,
        fields: Fields | None = (),
        where: Mapping[str, Any] | None = None,
        then: Sequence[tuple[str, int]] = (),
    ) -> Iterator[tuple[Any, Document]]:
        """(key, document) in the order of the key.

        Args: key: a field. values: only documents whose key is one of them; None: all. fields:
            besides the key. then: the order within a key.
        """
        sort = [(key, ASCENDING), *then]
        wanted = None if fields is None else (key, *fields)
        condition = dict(where or {})
        queries: Iterable[Mapping[str, Any]] = (condition,)
        if values is not None:
            chunks = in_chunks(sorted(values), _CHUNK)
            queries = ({**condition, key: {"$in": chunk}} for chunk in chunks)
        for query in queries:
            for document in self.find(service, name, query, wanted, sort):
                yield document[key], document

    def lines(self, session_ids: Iterable[str] | None) -> Iterator[tuple[str, Document]]:
        """(session id, line) of the attendance sheets, in the order of sessions; None: of all."""
        queries: Iterable[Mapping[str, Any]] = ({},)
        if session_ids is not None:
            ranges = [{"_id": below(line_key(each, ""))} for each in sorted(session_ids)]
            queries = ({"$or": chunk} for chunk in in_chunks(ranges, _RANGES))
        for query in queries:
            found = self.find("activities", ATTENDANCE, query, _LINE, [("_id", ASCENDING)])
            for line in found:
                yield session_of(line["_id"]), line

    def sealed(self) -> Sight:
        """What there is to know of whether people's records can be opened."""
        return look(self._client[self._names["participants"]], self._session)

    def _collection(self, service: str, name: str) -> Any:
        # A rebuild puts reporting's projections, with their inbox, under a prefix of their own.
        found = under(self._prefix, name) if service == "reporting" else name
        return self._client[self._names[service]][found]


def in_chunks(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """The values, in slices of `size` at most."""
    return (values[start : start + size] for start in range(0, len(values), size))


def joined(*streams: Keyed) -> Iterator[tuple[str, list[list[Document]]]]:
    """(key, what each stream has of it) for every key of any stream, in order.

    Each stream is sorted by key and may have several documents of one.
    """
    groups = [groupby(stream, key=itemgetter(0)) for stream in streams]
    heads = [next(group, None) for group in groups]
    while keys := [head[0] for head in heads if head is not None]:
        key = min(keys)
        parts: list[list[Document]] = []
        for number, head in enumerate(heads):
            if head is None or head[0] != key:
                parts.append([])
                continue
            parts.append([document for _, document in head[1]])
            heads[number] = next(groups[number], None)
        yield key, parts
