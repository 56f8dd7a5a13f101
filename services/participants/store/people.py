"""Owns the collections `people` and `nominations` (`services.participants.layout`): what lies there
sealed, and how it is found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import pymongo
from pymongo import ASCENDING, IndexModel
from pymongo.database import Database

from services.participants.layout import MARKED_BY, NOMINATIONS, PEOPLE, TARGET
from services.participants.rules import phones
from services.participants.rules.person import (
    OPEN,
    OPEN_NOMINATION,
    WITHDRAWN,
    joined_words,
    likenesses,
    name_words,
    target,
)
from services.participants.schemas import phone_of
from services.participants.store.cipher import Cipher, read_master_key
from shared import layout
from shared.caller import Caller
from shared.codes import code_list
from shared.config import Environment
from shared.records.collection import RecordCollection, visible_to
from shared.records.pushes import Record
from shared.store import vault
from shared.store.mongo import Store, Tx
from shared.store.prefixes import below
from shared.types import Document

MARKING: Final = 2
"""The rules by which people are found: raised with each change of what `People.found_by` makes of a
content, so that those marked by others are marked anew (`services.participants.store.marking`)."""
STANDING = "standing"  # the slot of a nomination that counts; a withdrawn one's is its own id

PEOPLE_INDEXES = (
    # verify_participants (answered from the index alone), a chapter's list in the order of ids and
    # through any of the plain filters, a chapter's possible duplicates.
    IndexModel([(layout.CHAPTER, ASCENDING), (layout.WITHDRAWN, ASCENDING), ("_id", ASCENDING)]),
    # Find by name, by phone, by e-mail.
    IndexModel([("names", ASCENDING), ("_id", ASCENDING)]),
    IndexModel([("phone", ASCENDING)], sparse=True),
    IndexModel([("email", ASCENDING)], sparse=True),
)
NOMINATION_INDEXES = (
    # One standing nomination of a person for the same thing; also the nominations of people.
    IndexModel(
        [("participant_id", ASCENDING), (TARGET, ASCENDING), ("slot", ASCENDING)], unique=True
    ),
    # The nominations for an activity or a project, in the order of ids.
    IndexModel([(TARGET, ASCENDING), ("_id", ASCENDING)]),
    # A chapter's nominations, in the order of ids.
    IndexModel([(layout.CHAPTER, ASCENDING), ("_id", ASCENDING)]),
)


class SealedCollection(RecordCollection):
    """Records of which only the `open_fields` lie in the clear."""

    def __init__(
        self,
        collection: pymongo.collection.Collection[Document],
        cipher: Cipher,
        open_fields: Collection[str],
    ) -> None:
        super().__init__(collection)
        self.cipher = cipher
        self._open = open_fields

    def encode(self, record: Record) -> Document:
        content = record.content
        return {
            **super().encode(record),
            layout.CONTENT: {name: value for name, value in content.items() if name in self._open},
            "sealed": self.cipher.seal(
                {name: value for name, value in content.items() if name not in self._open}
            ),
        }

    def decode(self, document: Mapping[str, Any]) -> Record:
        content = document[layout.CONTENT] | self.cipher.unseal(document["sealed"])
        return super().decode({**document, layout.CONTENT: content})


class People(SealedCollection):
    def encode(self, record: Record) -> Document:
        return super().encode(record) | self.found_by(record)

    def found_by(self, record: Record) -> Document:
        """The marks by which the person is found, those alone that there are."""
        content, cipher = record.content, self.cipher
        phone, email = phone_of(content, record.chapter), content.get("email")
        alike = likenesses(content, phone)
        names = content.get("given_name"), content.get("family_name")
        marks = {
            "phone": cipher.exact(phone) if phone else None,
            "email": cipher.exact(email) if email else None,
            "names": self._blind(name_words(*names) | joined_words(*names)),
            "alike": [
                {"by": by, "mark": cipher.blind(by, f"{record.chapter}|{shared}")}
                for by, shared in alike
            ],
        }
        given = {name: value for name, value in marks.items() if value}
        return {**given, MARKED_BY: MARKING}

    def known(self, ids: Collection[str], caller: Caller) -> set[str]:
        """Those of `ids` that are people the caller may see and who are not withdrawn."""
        query = {"_id": {"$in": list(ids)}, layout.WITHDRAWN: False, **visible_to(caller)}
        return {each["_id"] for each in self.collection.find(query, {"_id": True})}

    def chapters(self, tx: Tx, ids: Collection[str]) -> dict[str, str]:
        """The chapter of each of `ids` that is a person and not withdrawn."""
        query = {"_id": {"$in": list(ids)}, layout.WITHDRAWN: False}
        found = self.collection.find(query, {layout.CHAPTER: True}, session=tx.session)
        return {each["_id"]: each[layout.CHAPTER] for each in found}

    def query(self, asked: Mapping[str, Any], caller: Caller) -> Document:
        """The condition of a list's filter (`shared.records.filters`)."""
        query: Document = {layout.WITHDRAWN: bool(asked.get("withdrawn"))}
        if text := asked.get("text"):
            ways = sorted({name_words(text), joined_words(text)}, key=sorted)
            spelt = [{"names": {"$all": self._blind(words)}} for words in ways if words]
            query["$and"] = [{"$or": spelt} if spelt else {"names": {"$in": []}}]
        if phone := asked.get("phone"):
            query["phone"] = {"$in": self._phones(phone, asked.get("chapter") or caller.chapter)}
        if email := asked.get("email"):
            query["email"] = self.cipher.exact(email)
        if group := asked.get("group"):
            query[f"{layout.CONTENT}.groups"] = group
        if place := asked.get("place"):  # the place, or one that lies in it
            query["$or"] = [
                {f"{layout.CONTENT}.place": place},
                {f"{layout.CONTENT}.place": below(f"{place}.")},
            ]
        for name in ("sex", "organisation_id"):
            if asked.get(name):
                query[f"{layout.CONTENT}.{name}"] = asked[name]
        if asked.get("chapter"):
            query[layout.CHAPTER] = asked["chapter"]
        if (ids := asked.get("ids")) is not None:
            query["_id"] = {"$in": list(ids)}
        return query

    def _blind(self, words: Iterable[str]) -> list[bytes]:
        return [self.cipher.blind("name", word) for word in sorted(words)]

    def _phones(self, phone: str, chapter: str | None) -> list[bytes]:
        """The number in every country whose number it may be."""
        where = [chapter] if chapter else code_list("country")
        numbers = {phones.e164(phone, each) for each in where}
        return [self.cipher.exact(number) for number in sorted(numbers)]


class Nominations(SealedCollection):
    def encode(self, record: Record) -> Document:
        return super().encode(record) | {
            "participant_id": record.content["participant_id"],
            TARGET: target(record.content),
            "slot": record.id if record.content["status"] == WITHDRAWN else STANDING,
        }

    def standing(self, tx: Tx, participants: Iterable[str]) -> dict[tuple[str, str], str]:
        """(participant, activity or project) → the id of the nomination that stands."""
        found = self.collection.find(
            {"participant_id": {"$in": list(participants)}, "slot": STANDING},
            {"participant_id": True, TARGET: True},
            session=tx.session,
        )
        return {(each["participant_id"], each[TARGET]): each["_id"] for each in found}

    def query(self, asked: Mapping[str, Any]) -> Document:
        """The condition of a list's filter (`shared.records.filters`)."""
        query: Document = {}
        wanted = {asked[name] for name in ("activity_id", "project_id") if name in asked}
        if wanted:  # a nomination is for one of the two: it has no two targets
            query[TARGET] = {"$in": sorted(wanted) if len(wanted) == 1 else []}
        if participant := asked.get("participant_id"):
            query["participant_id"] = participant
        if status := asked.get("status"):
            query[f"{layout.CONTENT}.status"] = status
        if (ids := asked.get("ids")) is not None:
            query["_id"] = {"$in": list(ids)}
        return query


class ParticipantStore(Store):
    """The service's database and the cipher over it."""

    def __init__(self, db: Database[Document], master_key: bytes) -> None:
        super().__init__(db)
        self.cipher = Cipher(vault.of(db), master_key)
        self.people = People(db[PEOPLE], self.cipher, OPEN)
        self.nominations = Nominations(db[NOMINATIONS], self.cipher, OPEN_NOMINATION)

    def ensure_indexes(self) -> None:
        """Create what is missing, the data key included. Raises as `Cipher.prepare`."""
        super().ensure_indexes()
        self.people.collection.create_indexes(list(PEOPLE_INDEXES))
        self.nominations.collection.create_indexes(list(NOMINATION_INDEXES))
        # What is sealed under a key that is lost shall not get a second one beside it.
        sealed = (self.people, self.nominations)
        nothing = all(each.collection.find_one({}, {"_id": True}) is None for each in sealed)
        self.cipher.prepare(may_create=nothing)


def open_store(db: Database[Document]) -> ParticipantStore:
    """The store with the master key that the environment names. Raises ConfigError."""
    return ParticipantStore(db, read_master_key(Environment().path("FOSCAO_MASTER_KEY_FILE")))
