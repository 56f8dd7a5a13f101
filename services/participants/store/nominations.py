"""Owns the collection `nominations` (`services.participants.layout`): one stands for a person and
a target."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from pymongo import ASCENDING, IndexModel
from pymongo.collection import Collection as MongoCollection

from services.participants.layout import (
    FORM,
    KEYED,
    PEOPLE,
    TARGET,
)
from services.participants.rules.person import (
    OPEN_NOMINATION,
    WITHDRAWN,
    target,
)
from services.participants.schemas import NOMINATION
from services.participants.store.cipher import Cipher
from services.participants.store.sealed import SealedCollection
from shared import layout
from shared.caller import Caller
from shared.errors import Unavailable
from shared.records.collection import INDEXES
from shared.records.pushes import Record
from shared.store.mongo import Tx
from shared.types import Document

_SLOT: Final = "slot"
_STANDS: Final = "standing"  # the slot of a nomination that counts; a withdrawn one's is its own id

NOMINATION_INDEXES = (
    *INDEXES,
    # One standing nomination of a person for the same thing; also the nominations of people.
    IndexModel(
        [("participant_id", ASCENDING), (TARGET, ASCENDING), (_SLOT, ASCENDING)], unique=True
    ),
    # The nominations for an activity or a project, in the order of ids.
    IndexModel([(TARGET, ASCENDING), ("_id", ASCENDING)]),
    # A chapter's nominations, in the order of ids.
    IndexModel([(layout.CHAPTER, ASCENDING), ("_id", ASCENDING)]),
)


class Nominations(SealedCollection):
    def __init__(self, collection: MongoCollection[Document], cipher: Cipher) -> None:
        super().__init__(collection, cipher, OPEN_NOMINATION, NOMINATION)

    def ensure_indexes(self) -> None:
        self.collection.create_indexes(list(NOMINATION_INDEXES))

    def person_of(self, document: Mapping[str, Any]) -> str:
        return str(document[layout.CONTENT]["participant_id"])

    def without_key(self, tx: Tx, people: Collection[str]) -> None:
        """Who was registered under a key of their own, cannot have another."""
        keyed = {"_id": {"$in": list(people)}, FORM: KEYED}
        if self.collection.database[PEOPLE].find_one(keyed, {"_id": True}, session=tx.session):
            raise Unavailable("KEY_LOST")

    def marked(self, record: Record) -> Document:
        return {
            "participant_id": record.content["participant_id"],
            TARGET: target(record.content),
            _SLOT: record.id if record.content["status"] == WITHDRAWN else _STANDS,
            **super().marked(record),
        }

    def standing(self, tx: Tx, participants: Iterable[str]) -> dict[tuple[str, str], str]:
        """(participant, activity or project) → the id of the nomination that stands."""
        found = self.collection.find(
            {"participant_id": {"$in": list(participants)}, _SLOT: _STANDS},
            {"participant_id": True, TARGET: True},
            session=tx.session,
        )
        return {(each["participant_id"], each[TARGET]): each["_id"] for each in found}

    def doubled(self, tx: Tx, participants: Iterable[str]) -> dict[str, list[str]]:
        """Activity or project → the nominations that stand, where these people, who are one, have
        more than one."""
        found: dict[str, list[str]] = {}
        for (_, wanted), nomination in self.standing(tx, participants).items():
            found.setdefault(wanted, []).append(nomination)
        return {key: sorted(each) for key, each in sorted(found.items()) if len(each) > 1}

    def query(self, asked: Mapping[str, Any], caller: Caller) -> Document:
        """The condition of a list's filter (`shared.records.filters`)."""
        query: Document = {}
        wanted = {asked[name] for name in ("activity_id", "project_id") if name in asked}
        if wanted:  # a nomination is for one of the two: it has no two targets
            query[TARGET] = {"$in": sorted(wanted) if len(wanted) == 1 else []}
        if (participants := asked.get("participant_ids")) is not None:
            query["participant_id"] = {"$in": list(participants)}
        if status := asked.get("status"):
            query[f"{layout.CONTENT}.status"] = status
        if (ids := asked.get("ids")) is not None:
            query["_id"] = {"$in": list(ids)}
        if conditions := self.listed_by(asked, caller):
            query = {"$and": [query, *conditions]}
        return query
