"""Owns the collections of the records: how each type is found, and what others are checked by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple

from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.database import Database

from services.activities import layout
from services.activities.definitions import RecordDefinition
from services.activities.rules.words import words_of
from shared.caller import Caller
from shared.layout import CHAPTER, CONTENT, IDENTIFIERS, REFS, VERSION, WITHDRAWN
from shared.records.collection import INDEXES, RecordCollection
from shared.records.pairs import EXTERNAL_REFS, texts
from shared.records.pushes import Record
from shared.records.soundness import Damaged
from shared.store.mongo import Tx
from shared.types import Document

_DAYS: Final = ("starts_on", "ends_on")
_TOLD: Final = (*_DAYS, "parent")


class Referred(NamedTuple):
    """A record that another refers to; of its content only the days, and of a place its unit."""

    chapter: str
    withdrawn: bool
    content: Mapping[str, Any]


class Records(RecordCollection):
    """The records of one type, found by what its definition says too."""

    def __init__(self, db: Database[Document], definition: RecordDefinition) -> None:
        super().__init__(db[definition.collection], definition.schema)
        self._definition = definition

    def ensure_indexes(self) -> None:
        definition = self._definition
        indexes = [
            *INDEXES,
            # list: one chapter's records (or all chapters', merged) in the order of their type.
            IndexModel(
                [(CHAPTER, ASCENDING), definition.order, ("_id", definition.order[1])], name="list"
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
        self.collection.create_indexes(indexes)
        if definition.searched:
            self.fill()

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

    def referred(self, tx: Tx, ids: Iterable[str]) -> dict[str, Referred]:
        """Of the records among `ids` that are stored, what others are checked against."""
        fields = (CHAPTER, WITHDRAWN, *(f"{CONTENT}.{name}" for name in _TOLD))
        found = self.collection.find(
            {"_id": {"$in": list(ids)}}, dict.fromkeys(fields, 1), session=tx.session
        )
        return {
            each["_id"]: Referred(each[CHAPTER], each[WITHDRAWN], each.get(CONTENT, {}))
            for each in found
        }

    def unique_holders(self, tx: Tx, values: Iterable[str]) -> dict[str, str]:
        """Which record holds each of the values of the type's unique field."""
        path = f"{CONTENT}.{self._definition.unique}"
        found = self.collection.find({path: {"$in": list(values)}}, {path: 1}, session=tx.session)
        return {each[CONTENT][self._definition.unique]: each["_id"] for each in found}


class Activities(Records):
    """The activities, and what their projects and sheets ask of them."""

    def with_keys(
        self, tx: Tx, wanted: Mapping[str, Collection[str]]
    ) -> list[tuple[str, str, Mapping[str, Any]]]:
        """(id, chapter, content: keys and sessions) of the activities that have one of the keys,
        or a session that has; chapter → keys."""
        listed = list({key for several in wanted.values() for key in several})
        where = {CHAPTER: {"$in": list(wanted)}}
        paths = (CHAPTER, f"{CONTENT}.{EXTERNAL_REFS}", f"{CONTENT}.sessions")
        found = self.collection.find(
            {"$or": [{**where, name: {"$in": listed}} for name in (REFS, layout.SESSION_REFS)]},
            dict.fromkeys(paths, 1),
            session=tx.session,
        )
        return [(each["_id"], each[CHAPTER], each[CONTENT]) for each in found]

    def any_outside(self, tx: Tx, project: Record) -> bool:
        """Whether an activity of the project, in its chapter, has days that are none of its own."""
        start, end = (project.content.get(name) for name in _DAYS)
        outside = [{f"{CONTENT}.starts_on": {"$lt": start}}]
        outside += [{f"{CONTENT}.ends_on": {"$gt": end}}] if end else []
        query = {CHAPTER: project.chapter, WITHDRAWN: False, f"{CONTENT}.project_id": project.id}
        found = self.collection.find_one({**query, "$or": outside}, {"_id": 1}, session=tx.session)
        return found is not None

    def stated(self, tx: Tx, ids: Iterable[str]) -> dict[str, tuple[str | None, str]]:
        """Of these activities: the state that was stated, if any, and the first day."""
        paths = dict.fromkeys(f"{CONTENT}.{name}" for name in ("status", "starts_on"))
        found = self.collection.find(
            {"_id": {"$in": list(ids)}}, dict.fromkeys(paths, 1), session=tx.session
        )
        return {
            each["_id"]: (each[CONTENT].get("status"), each[CONTENT]["starts_on"]) for each in found
        }
