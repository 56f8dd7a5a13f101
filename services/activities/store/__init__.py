"""Owns the database `activities` (`services.activities.layout`): its indexes, and how its
collections are read and written.

A sheet is written by whoever changes its lines and by whoever opens or closes its session, so that
the two conflict and one of them starts over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from pymongo import ASCENDING, IndexModel, ReplaceOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.activities import layout
from services.activities.definitions import DEFINITIONS, PLACE, RecordDefinition
from services.activities.layout import (
    ACTIVITY_ID,
    COUNTS_IN,
    IS_REMOVED,
    LAST_SEQUENCE,
    LINE_VERSION,
    LINES,
    PARTICIPANT,
    POST,
    PRE,
    PRESENT,
    SCORES,
    STATUS,
    TOLD,
    line_key,
    participant_of,
    session_of,
)
from services.activities.rules.lines import AttendanceSheet, Line
from services.activities.rules.scores import NO_SCORES, Scores
from services.activities.rules.standings import COUNTS, Standing
from services.activities.rules.words import words_of
from services.activities.store.places import Places
from shared.caller import Caller
from shared.codes import code_list
from shared.layout import (
    CHAPTER,
    CONTENT,
    IDENTIFIERS,
    REFS,
    SCHEMA_VERSION,
    SEQUENCE,
    SUBJECT,
    TYPE,
    VERSION,
    VERSIONS,
    WITHDRAWN,
)
from shared.paging import Asked, Page
from shared.records.collection import INDEXES, RecordCollection, sifted
from shared.records.keys import Reference
from shared.records.pairs import EXTERNAL_REFS, texts
from shared.records.pushes import Record, Write
from shared.records.soundness import Damaged
from shared.records.versions import Key, VersionCollection
from shared.store.mongo import Store, Tx
from shared.store.pages import keyset
from shared.store.prefixes import below
from shared.types import Document

log = logging.getLogger(__name__)

_DAYS: Final = ("starts_on", "ends_on")
_TOLD: Final = (*_DAYS, "parent")


class Referred(NamedTuple):
    """A record that another refers to; of its content only the days, and of a place its unit."""

    chapter: str
    withdrawn: bool
    content: Mapping[str, Any]


class Made(NamedTuple):
    """What made a version of a record; `actor` is the id of a key."""

    kind: str  # recorded | corrected | withdrawn | reinstated
    actor: str | None
    reason: str | None
    restored: int | None  # the version whose content it brought back


class KeptLine(NamedTuple):
    """A version of a line, by its `line_key`."""

    id: str
    line: Line

    @property
    def version(self) -> int:
        return self.line.version


class _Lines:
    """Lines as documents, for their versions."""

    @staticmethod
    def bare_all(_: Tx, lines: Sequence[KeptLine]) -> list[Document]:
        return [_line_document(*each) for each in lines]

    @staticmethod
    def readable(
        documents: Sequence[Mapping[str, Any]], _: ClientSession | None
    ) -> list[KeptLine | Damaged]:
        return [_readable_line(each) for each in documents]


class Records(RecordCollection):
    """The records of one type, found by what its definition says too."""

    def __init__(self, db: Database[Document], definition: RecordDefinition) -> None:
        super().__init__(db[definition.collection], definition.schema)
        self._definition = definition

    def marked(self, record: Record) -> Document:
        sessions = record.content.get("sessions") or ()
        found_by = {
            layout.SESSION_REFS: [key for each in sessions for key in texts(each, EXTERNAL_REFS)],
            layout.WORDS: words_of(record.content, self._definition.searched),
        }
        return super().marked(record) | {name: each for name, each in found_by.items() if each}

    def listed_by(self, asked: Mapping[str, Any], caller: Caller) -> list[Document]:
        conditions = super().listed_by(asked, caller)
        if self._definition.unique and (pairs := asked.get(IDENTIFIERS)):
            own = {f"{CONTENT}.{self._definition.unique}": {"$in": [p["value"] for p in pairs]}}
            conditions = [{"$or": [c, own]} if IDENTIFIERS in c else c for c in conditions]
        return conditions

    def fill(self) -> None:
        """Make found what a release before stored without its words."""
        updates = []
        for document in self.collection.find({layout.WORDS: {"$exists": False}}):
            [record] = self.readable([document])
            if isinstance(record, Damaged):
                continue
            words = self.marked(record).get(layout.WORDS, [])
            same = {name: document[name] for name in ("_id", VERSION)}  # or its writer has done it
            updates.append(UpdateOne(same, {"$set": {layout.WORDS: words}}))
        if updates:
            self.collection.bulk_write(updates, ordered=False)


class ActivityStore(Store):
    """Reads and writes in bulk; the use cases decide what."""

    def __init__(self, db: Database[Document]) -> None:
        super().__init__(db)
        self.records: Mapping[str, Records] = {
            each.name: Records(db, each) for each in DEFINITIONS.values()
        }
        self.places = Places(db[PLACE.collection])
        self.sheets = db[layout.SHEETS]
        self.attendance = db[layout.ATTENDANCE]
        self.reasons = db[layout.REASONS]
        self.standings = db[layout.STANDINGS]
        self.line_versions: VersionCollection[KeptLine] = VersionCollection(
            db[layout.LINE_VERSIONS], _Lines()
        )
        self.versions: Mapping[str, VersionCollection[Record]] = {
            name: VersionCollection(db[VERSIONS], records) for name, records in self.records.items()
        }

    def ensure_indexes(self) -> None:
        super().ensure_indexes()
        names = [each.collection for each in DEFINITIONS.values()]
        others = (layout.SHEETS, layout.ATTENDANCE, layout.LINE_VERSIONS, layout.REASONS, VERSIONS)
        self.create_collections(*names, *others)
        self.create_collections(layout.STANDINGS)
        # sheets_with: who is one with a person of whom something is heard.
        self.standings.create_index(layout.MERGED_INTO)
        for definition in DEFINITIONS.values():
            # list: one chapter's records (or all chapters', merged) in the order of their type.
            indexes = [
                *INDEXES,
                IndexModel(
                    [(CHAPTER, ASCENDING), definition.order, ("_id", definition.order[1])],
                    name="list",
                ),
            ]
            if definition.has_sessions:
                # record: the sheet of a session that is named by its key.
                indexes.append(
                    IndexModel(
                        [(CHAPTER, ASCENDING), (layout.SESSION_REFS, ASCENDING)],
                        name="session_refs",
                        partialFilterExpression={layout.SESSION_REFS: {"$exists": True}},
                    )
                )
            if definition.unique:
                # push: two records with one identifier are refused, also when pushed at once.
                path = f"{CONTENT}.{definition.unique}"
                indexes.append(
                    IndexModel(
                        [(path, ASCENDING)],
                        name="unique",
                        unique=True,
                        partialFilterExpression={path: {"$exists": True}},
                    )
                )
            if definition.searched:
                # list: by the beginnings of words.
                indexes.append(IndexModel([(layout.WORDS, ASCENDING)], name="words"))
            self.db[definition.collection].create_indexes(indexes)
            if definition.searched:
                self.records[definition.name].fill()
        self.places.ensure_indexes()
        # sessions_of: where a participant has been. (`attendance` reads by the prefix of _id.)
        self.attendance.create_indexes([IndexModel([(PARTICIPANT, ASCENDING)], name="participant")])

    def references(self, tx: Tx, definition: RecordDefinition) -> list[Reference]:
        """The fields by which records of the type refer to others."""
        return [
            Reference(name, target, self.records[target].find(tx))
            for name, target in definition.references.items()
        ]

    def referred(
        self, tx: Tx, definition: RecordDefinition, ids: Iterable[str]
    ) -> dict[str, Referred]:
        """Of the records among `ids` that are stored, what others are checked against."""
        fields = (CHAPTER, WITHDRAWN, *(f"{CONTENT}.{name}" for name in _TOLD))
        found = self.db[definition.collection].find(
            {"_id": {"$in": list(ids)}}, dict.fromkeys(fields, 1), session=tx.session
        )
        return {
            each["_id"]: Referred(each[CHAPTER], each[WITHDRAWN], each.get(CONTENT, {}))
            for each in found
        }

    def with_keys(
        self, tx: Tx, wanted: Mapping[str, Collection[str]]
    ) -> list[tuple[str, str, Mapping[str, Any]]]:
        """(id, chapter, content: keys and sessions) of the activities that have one of the keys,
        or a session that has; chapter → keys."""
        listed = list({key for several in wanted.values() for key in several})
        where = {CHAPTER: {"$in": list(wanted)}}
        paths = (CHAPTER, f"{CONTENT}.{EXTERNAL_REFS}", f"{CONTENT}.sessions")
        found = self.db[layout.ACTIVITIES].find(
            {"$or": [{**where, name: {"$in": listed}} for name in (REFS, layout.SESSION_REFS)]},
            dict.fromkeys(paths, 1),
            session=tx.session,
        )
        return [(each["_id"], each[CHAPTER], each[CONTENT]) for each in found]

    def has_activities_outside(self, tx: Tx, project: Record) -> bool:
        """Whether an activity of the project, in its chapter, has days that are none of its own."""
        start, end = (project.content.get(name) for name in _DAYS)
        outside = [{f"{CONTENT}.starts_on": {"$lt": start}}]
        outside += [{f"{CONTENT}.ends_on": {"$gt": end}}] if end else []
        query = {CHAPTER: project.chapter, WITHDRAWN: False, f"{CONTENT}.project_id": project.id}
        found = self.db[DEFINITIONS["activity"].collection].find_one(
            {**query, "$or": outside}, {"_id": 1}, session=tx.session
        )
        return found is not None

    def standing(self, tx: Tx, ids: Iterable[str]) -> dict[str, tuple[str | None, str]]:
        """Of these activities: the state that was stated, if any, and the first day."""
        paths = dict.fromkeys(f"{CONTENT}.{name}" for name in ("status", "starts_on"))
        found = self.db[layout.ACTIVITIES].find(
            {"_id": {"$in": list(ids)}}, dict.fromkeys(paths, 1), session=tx.session
        )
        return {
            each["_id"]: (each[CONTENT].get("status"), each[CONTENT]["starts_on"]) for each in found
        }

    def holders(
        self, tx: Tx, definition: RecordDefinition, values: Iterable[str]
    ) -> dict[str, str]:
        """Which record holds each of the values of the type's unique field."""
        path = f"{CONTENT}.{definition.unique}"
        found = self.db[definition.collection].find(
            {path: {"$in": list(values)}}, {path: 1}, session=tx.session
        )
        return {each[CONTENT][definition.unique]: each["_id"] for each in found}

    def save(self, tx: Tx, definition: RecordDefinition, writes: Sequence[Write]) -> None:
        """Store the records' last states, what these were before, and the reasons given."""
        self.records[definition.name].save(tx, writes)
        self.versions[definition.name].keep(tx, (write.before for write in writes))
        reasons = {
            f"{write.after.id}:{write.after.version}": (write.reason, write.restored)
            for write in writes
            if write.reason
        }
        self.save_reasons(tx, reasons)

    def get_sheets(
        self, ids: Iterable[str], session: ClientSession | None = None
    ) -> dict[str, AttendanceSheet]:
        found = self.sheets.find({"_id": {"$in": list(ids)}}, session=session)
        return {each["_id"]: _sheet(each) for each in found}

    def add_sheets(self, tx: Tx, sheets: Sequence[AttendanceSheet]) -> None:
        if sheets:
            documents = [
                {
                    "_id": sheet.id,
                    ACTIVITY_ID: sheet.activity_id,
                    "chapter": sheet.chapter,
                    "state": sheet.state,
                    LAST_SEQUENCE: sheet.sequence,
                    PRESENT: sheet.present,
                    LINES: sheet.lines,
                    SCORES: sheet.scores.in_points(),
                    TOLD: sheet.told.in_points(),
                }
                for sheet in sheets
            ]
            self.sheets.insert_many(documents, ordered=False, session=tx.session)

    def set_sheet_states(self, tx: Tx, states: Mapping[str, str]) -> None:
        """Open, drop or withdraw sessions: session id → state."""
        if states:
            self.sheets.bulk_write(
                [UpdateOne({"_id": key}, {"$set": {"state": s}}) for key, s in states.items()],
                ordered=False,
                session=tx.session,
            )

    def get_lines(self, tx: Tx | None, keys: Sequence[str]) -> dict[str, Line]:
        """The stored lines among `keys` (see `line_key`)."""
        if not keys:
            return {}
        found = self.attendance.find(
            {"_id": {"$in": keys}}, {PARTICIPANT: 0}, session=tx and tx.session
        )
        return {each["_id"]: _line(each) for each in found}

    def save_lines(self, tx: Tx, lines: Mapping[str, Line], stored: Mapping[str, Line]) -> None:
        """Write changed lines; those not among `stored` are new."""
        fresh = [_line_document(key, line) for key, line in lines.items() if key not in stored]
        changed = [
            ReplaceOne({"_id": key}, _line_document(key, line))
            for key, line in lines.items()
            if key in stored
        ]
        if fresh:
            self.attendance.insert_many(fresh, ordered=False, session=tx.session)
        if changed:
            self.attendance.bulk_write(changed, ordered=False, session=tx.session)

    def keep_lines(self, tx: Tx, replaced: Sequence[tuple[str, Line]]) -> None:
        """Store what was written over."""
        self.line_versions.keep(tx, (KeptLine(*each) for each in replaced))

    def changed_in(self, session_id: str, steps: Collection[int]) -> dict[int, list[str]]:
        """Step of a sheet → whose lines it changed, in the order of their ids."""
        query = {"_id": below(line_key(session_id, "")), LAST_SEQUENCE: {"$in": list(steps)}}
        fields = {PARTICIPANT: 1, LAST_SEQUENCE: 1}
        found: dict[int, list[str]] = {}
        for collection in (self.attendance, self.line_versions.collection):
            for each in collection.find(query, fields):
                found.setdefault(each[LAST_SEQUENCE], []).append(each[PARTICIPANT])
        return {step: sorted(people) for step, people in found.items()}

    def save_reasons(self, tx: Tx, reasons: Mapping[str, tuple[str, int | None]]) -> None:
        """Version's key → the reason given, and the version whose content came back."""
        documents = [
            {"_id": key, "reason": reason} | ({layout.RESTORED: restored} if restored else {})
            for key, (reason, restored) in reasons.items()
        ]
        if documents:
            self.reasons.insert_many(documents, ordered=False, session=tx.session)

    def save_totals(self, tx: Tx, sheets: Iterable[AttendanceSheet]) -> None:
        updates = [
            UpdateOne(
                {"_id": sheet.id},
                {
                    "$set": {
                        LAST_SEQUENCE: sheet.sequence,
                        PRESENT: sheet.present,
                        LINES: sheet.lines,
                        SCORES: sheet.scores.in_points(),
                        TOLD: sheet.told.in_points(),
                    }
                },
            )
            for sheet in sheets
        ]
        if updates:
            self.sheets.bulk_write(updates, ordered=False, session=tx.session)

    def page_of_lines(
        self, session_id: str, asked: Asked, participant_ids: Sequence[str] | None = None
    ) -> Page[tuple[str, Line]]:
        """Lines of a sheet by participant id, of all or of these, removed ones left out."""
        here: Document = below(line_key(session_id, ""))
        if participant_ids is not None:
            here = {"$in": [line_key(session_id, each) for each in participant_ids]}
        found = keyset(self.attendance, {"_id": here, STATUS: {"$ne": IS_REMOVED}}, asked)
        lines = sifted(found, [_readable_line(each) for each in found.items])
        return lines.of(lambda each: (participant_of(each.id), each.line))

    def sheets_to_restate(self, limit: int) -> list[str]:
        """Sessions whose scores were not all told score by score."""
        told = {"$ifNull": [f"${TOLD}", list(NO_SCORES)]}
        found = self.sheets.find({"$expr": {"$ne": [f"${SCORES}", told]}}, {"_id": 1})
        return [each["_id"] for each in found.limit(limit)]

    def lines_in(self, tx: Tx, session_ids: Iterable[str]) -> dict[str, Line]:
        """All lines of these sheets (see `line_key`)."""
        ranges = [{"_id": below(line_key(each, ""))} for each in session_ids]
        if not ranges:
            return {}
        found = self.attendance.find({"$or": ranges}, {PARTICIPANT: 0}, session=tx.session)
        return {each["_id"]: _line(each) for each in found}

    def lines_of(self, participant_ids: Sequence[str]) -> list[tuple[str, str, Line]]:
        """(session id, participant id, line) wherever one of them is on a sheet."""
        found = self.attendance.find(
            {PARTICIPANT: {"$in": list(participant_ids)}, STATUS: {"$ne": IS_REMOVED}}
        )
        lines = (_readable_line(each) for each in found)
        return [
            (session_of(each.id), participant_of(each.id), each.line)
            for each in lines
            if isinstance(each, KeptLine)
        ]

    def standings_of(self, tx: Tx, people: Iterable[str]) -> dict[str, Standing]:
        """How those of these people stand of whom it was told, or of whom others were told that
        they are one with them."""
        found = self.standings.find({"_id": {"$in": list(people)}}, session=tx.session)
        return {each["_id"]: _standing(each) for each in found}

    def save_standings(self, tx: Tx, standings: Mapping[str, Standing]) -> None:
        """Note how these people stand, and that their sheets want a look, now and once more."""
        now = datetime.now(UTC)
        mark = {layout.HEARD_AT: now, layout.AGAIN: True}
        named = {each.merged_into for each in standings.values()} - {None, *standings}
        writes: list[ReplaceOne[Document] | UpdateOne] = [
            ReplaceOne({"_id": key}, {**each._asdict(), **mark}, upsert=True)
            for key, each in standings.items()
        ]
        writes += [
            UpdateOne(
                {"_id": key}, {"$setOnInsert": {**COUNTS._asdict(), layout.HEARD_AT: now}}, True
            )
            for key in named
        ]
        if writes:
            self.standings.bulk_write(writes, ordered=False, session=tx.session)

    def to_look_at_again(self, before: datetime, limit: int) -> list[str]:
        """People whose sheets want another look, of what was heard before then."""
        query = {layout.AGAIN: True, layout.HEARD_AT: {"$lt": before}}
        return [each["_id"] for each in self.standings.find(query, {"_id": 1}).limit(limit)]

    def looked_at_again(self, people: Iterable[str], before: datetime) -> None:
        """Note that it was done; of whom something was heard since, it is still to do."""
        query = {"_id": {"$in": list(people)}, layout.HEARD_AT: {"$lt": before}}
        self.standings.update_many(query, {"$unset": {layout.AGAIN: ""}})

    def sheets_with(self, people: Sequence[str]) -> dict[str, int]:
        """The sessions on whose sheets one of these people is, or a former id of theirs; each with
        the sheet's lines."""
        former = self.standings.find({layout.MERGED_INTO: {"$in": list(people)}}, {"_id": 1})
        named = {*people, *(each["_id"] for each in former)}
        found = self.attendance.find({PARTICIPANT: {"$in": list(named)}}, {"_id": 1})
        sessions = {session_of(each["_id"]) for each in found}
        return {key: sheet.lines for key, sheet in self.get_sheets(sessions).items()}

    def history(
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
        found = self.outbox.collection.find(_steps(subject, record_type, since, until)).sort(
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

    def count_steps(self, subject: str, record_type: str) -> int:
        """How many steps there are in all."""
        return len(self.outbox.collection.distinct(SEQUENCE, _steps(subject, record_type, 0, None)))

    def made(self, record_type: str, keys: Collection[Key]) -> dict[Key, Made]:
        """What made each of these versions."""
        why = self.reasons_of(keys)
        steps = self.outbox.steps(record_type, keys)
        return {
            key: Made(step.kind, step.actor, *why.get(key, (None, None)))
            for key, step in steps.items()
        }

    def reasons_of(self, keys: Collection[Key]) -> dict[Key, tuple[str, int | None]]:
        """Of these versions: the reason given, and the version whose content came back."""
        names = {f"{identifier}:{version}": (identifier, version) for identifier, version in keys}
        found = self.reasons.find({"_id": {"$in": list(names)}})
        return {names[each["_id"]]: (each["reason"], each.get(layout.RESTORED)) for each in found}


def _steps(subject: str, record_type: str, since: int, until: int | None) -> Document:
    within: Document = {"$gte": since} if until is None else {"$gte": since, "$lte": until}
    return {SUBJECT: subject, SEQUENCE: within, TYPE: below(f"{record_type}.")}


def _sheet(document: Mapping[str, Any]) -> AttendanceSheet:
    return AttendanceSheet(
        id=document["_id"],
        activity_id=document[ACTIVITY_ID],
        chapter=document["chapter"],
        state=document["state"],
        sequence=document[LAST_SEQUENCE],
        present=document[PRESENT],
        lines=document[LINES],
        scores=Scores.of_points(document[SCORES]),
        told=Scores.of_points(document.get(TOLD, NO_SCORES)),
    )


def _standing(document: Mapping[str, Any]) -> Standing:
    return Standing(*(document[name] for name in Standing._fields))


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
