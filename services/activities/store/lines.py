"""Owns the collection `attendance`: the lines of the sheets, and what stood there before."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pymongo import ASCENDING, IndexModel, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.activities import layout
from services.activities.layout import (
    COUNTS_IN,
    IS_REMOVED,
    LAST_SEQUENCE,
    LINE_VERSION,
    PARTICIPANT,
    POST,
    PRE,
    STATUS,
    line_key,
    participant_of,
    session_of,
)
from services.activities.rules.lines import Line
from shared.codes import code_list
from shared.paging import Asked, Page
from shared.records.collection import sifted
from shared.records.soundness import Damaged
from shared.records.versions import VersionCollection
from shared.store.mongo import Tx
from shared.store.pages import keyset
from shared.store.prefixes import below
from shared.types import Document

log = logging.getLogger(__name__)


class KeptLine(NamedTuple):
    """A version of a line, by its `line_key`."""

    id: str
    line: Line

    @property
    def version(self) -> int:
        return self.line.version


class _Documents:
    """Lines as documents, for their versions."""

    @staticmethod
    def bare_all(_: Tx, lines: Sequence[KeptLine]) -> list[Document]:
        return [_line_document(*each) for each in lines]

    @staticmethod
    def readable(
        documents: Sequence[Mapping[str, Any]], _: ClientSession | None
    ) -> list[KeptLine | Damaged]:
        return [_readable_line(each) for each in documents]


class Lines:
    """The lines by their `line_key`. (What reads by the prefix of it needs no index beside.)"""

    def __init__(self, db: Database[Document]) -> None:
        self.collection = db[layout.ATTENDANCE]
        self.versions: VersionCollection[KeptLine] = VersionCollection(
            db[layout.LINE_VERSIONS], _Documents()
        )

    def ensure_indexes(self) -> None:
        # of_people, sessions_with: where a participant has been.
        self.collection.create_indexes([IndexModel([(PARTICIPANT, ASCENDING)], name="participant")])

    def get(self, tx: Tx | None, keys: Sequence[str]) -> dict[str, Line]:
        """The stored lines among `keys` (see `line_key`)."""
        if not keys:
            return {}
        found = self.collection.find(
            {"_id": {"$in": keys}}, {PARTICIPANT: 0}, session=tx and tx.session
        )
        return {each["_id"]: _line(each) for each in found}

    def save(self, tx: Tx, lines: Mapping[str, Line], stored: Mapping[str, Line]) -> None:
        """Write changed lines; those not among `stored` are new."""
        fresh = [_line_document(key, line) for key, line in lines.items() if key not in stored]
        changed = [
            ReplaceOne({"_id": key}, _line_document(key, line))
            for key, line in lines.items()
            if key in stored
        ]
        if fresh:
            self.collection.insert_many(fresh, ordered=False, session=tx.session)
        if changed:
            self.collection.bulk_write(changed, ordered=False, session=tx.session)

    def keep(self, tx: Tx, replaced: Sequence[tuple[str, Line]]) -> None:
        """Store what was written over."""
        self.versions.keep(tx, (KeptLine(*each) for each in replaced))

    def changed_in(self, session_id: str, steps: Collection[int]) -> dict[int, list[str]]:
        """Step of a sheet → whose lines it changed, in the order of their ids."""
        query = {"_id": below(line_key(session_id, "")), LAST_SEQUENCE: {"$in": list(steps)}}
        fields = {PARTICIPANT: 1, LAST_SEQUENCE: 1}
        found: dict[int, list[str]] = {}
        for collection in (self.collection, self.versions.collection):
            for each in collection.find(query, fields):
                found.setdefault(each[LAST_SEQUENCE], []).append(each[PARTICIPANT])
        return {step: sorted(people) for step, people in found.items()}

    def page(
        self, session_id: str, asked: Asked, participant_ids: Sequence[str] | None = None
    ) -> Page[tuple[str, Line]]:
        """Lines of a sheet by participant id, of all or of these, removed ones left out."""
        here: Document = below(line_key(session_id, ""))
        if participant_ids is not None:
            here = {"$in": [line_key(session_id, each) for each in participant_ids]}
        found = keyset(self.collection, {"_id": here, STATUS: {"$ne": IS_REMOVED}}, asked)
        lines = sifted(found, [_readable_line(each) for each in found.items])
        return lines.of(lambda each: (participant_of(each.id), each.line))

    def of_sheets(self, tx: Tx, session_ids: Iterable[str]) -> dict[str, Line]:
        """All lines of these sheets (see `line_key`)."""
        ranges = [{"_id": below(line_key(each, ""))} for each in session_ids]
        if not ranges:
            return {}
        found = self.collection.find({"$or": ranges}, {PARTICIPANT: 0}, session=tx.session)
        return {each["_id"]: _line(each) for each in found}

    def of_people(self, participant_ids: Sequence[str]) -> list[tuple[str, str, Line]]:
        """(session id, participant id, line) wherever one of them is on a sheet."""
        found = self.collection.find(
            {PARTICIPANT: {"$in": list(participant_ids)}, STATUS: {"$ne": IS_REMOVED}}
        )
        lines = (_readable_line(each) for each in found)
        return [
            (session_of(each.id), participant_of(each.id), each.line)
            for each in lines
            if isinstance(each, KeptLine)
        ]

    def sessions_with(self, people: Iterable[str]) -> set[str]:
        """The sessions on whose sheets one of these people is, or was."""
        found = self.collection.find({PARTICIPANT: {"$in": list(people)}}, {"_id": 1})
        return {session_of(each["_id"]) for each in found}


def _line(document: Mapping[str, Any]) -> Line:
    return Line(
        document[STATUS],
        document.get(PRE),
        document.get(POST),
        document[LINE_VERSION],
        document.get(LAST_SEQUENCE, 0),
        document.get(COUNTS_IN),
    )


def _readable_line(document: Mapping[str, Any]) -> KeptLine | Damaged:
    """The line, if it is of the form in which lines are kept."""
    wrong = next((name for name, sound in _SOUND.items() if not sound(document.get(name))), None)
    if wrong is None:
        return KeptLine(document["_id"], _line(document))
    log.warning("damaged in %s: %s, in %s", layout.ATTENDANCE, document["_id"], wrong)
    return Damaged(str(document["_id"]), wrong)


def _is_points(value: Any) -> bool:
    return value is None or type(value) in (int, float)


_SOUND: Final[Mapping[str, Callable[[Any], bool]]] = {
    PARTICIPANT: lambda value: type(value) is str,
    STATUS: lambda value: type(value) is str and value in code_list("attendance_status"),
    LINE_VERSION: lambda value: type(value) is int,
    PRE: _is_points,
    POST: _is_points,
}


def _line_document(key: str, line: Line) -> Document:
    status, pre, post, version, step, counts_in = line
    document: Document = {
        "_id": key,
        PARTICIPANT: participant_of(key),
        STATUS: status,
        LINE_VERSION: version,
    }
    if step:
        document[LAST_SEQUENCE] = step
    if pre is not None:
        document[PRE] = pre
    if post is not None:
        document[POST] = post
    if counts_in is not None:
        document[COUNTS_IN] = counts_in
    return document
