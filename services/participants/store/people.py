"""Owns the collections `people` and `nominations` (`services.participants.layout`): what lies there
sealed, and how it is found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import pymongo
from pymongo import ASCENDING, IndexModel
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.participants.layout import (
    ALIKE,
    CROSSING_MARKS,
    CROSSINGS,
    DISTINCT,
    FORM,
    GUEST_IN,
    GUEST_OF,
    KEYED,
    MARKED,
    MARKS,
    MERGED_IDS,
    MERGED_INTO,
    NOMINATIONS,
    PEOPLE,
    STANDINGS,
    TARGET,
)
from services.participants.rules import phones
from services.participants.rules.person import (
    OPEN,
    OPEN_NOMINATION,
    WITHDRAWN,
    joined_words,
    name_words,
    target,
)
from services.participants.rules.resemblance import NAME_REASONS, exact_name, likenesses
from services.participants.rules.spelling import found_by, search_keys, slip_keys
from services.participants.schemas import NOMINATION, PERSON, phone_of
from services.participants.store.cipher import Cipher
from services.participants.store.distinct import INDEXES as DISTINCT_INDEXES
from services.participants.store.distinct import DistinctPairs
from services.participants.store.keys import read_master_key
from services.participants.store.lookalikes import Lookalikes
from services.participants.store.sealed import SealedCollection
from shared import layout
from shared.caller import Caller
from shared.codes import code_list
from shared.codes.areas import area, inside
from shared.config import Environment
from shared.errors import Unavailable
from shared.paging import Asked, Page
from shared.records.collection import INDEXES, Decode, RecordCollection, visible_to
from shared.records.pushes import Record, Write
from shared.records.versions import VersionCollection
from shared.store import vault
from shared.store.mongo import Store, Tx
from shared.types import Document

NAMESPACE_EXISTS = 48
STANDING = "standing"  # the slot of a nomination that counts; a withdrawn one's is its own id

_INTO: Final = f"{layout.CONTENT}.{MERGED_INTO}"
_IDS: Final = f"{layout.CONTENT}.{MERGED_IDS}"
_GUEST_IN: Final = f"{layout.CONTENT}.{GUEST_IN}"
_GUESTS: Final[Document] = {_GUEST_IN: {"$exists": True}}

PEOPLE_INDEXES = (
    *INDEXES,
    # verify_participants (answered from the index alone), a chapter's list in the order of ids and
    # through any of the plain filters, a chapter's possible duplicates.
    IndexModel([(layout.CHAPTER, ASCENDING), (layout.WITHDRAWN, ASCENDING), ("_id", ASCENDING)]),
    # Find by name, by phone, by e-mail.
    IndexModel([("names", ASCENDING), ("_id", ASCENDING)]),
    IndexModel([("phone", ASCENDING)], sparse=True),
    IndexModel([("email", ASCENDING)], sparse=True),
    # invite: whom a person is a guest of; a chapter's guests, in the order of ids.
    IndexModel([(_INTO, ASCENDING)], name="guests of", partialFilterExpression=_GUESTS),
    IndexModel(
        [(layout.CHAPTER, ASCENDING), ("_id", ASCENDING)],
        name="guests",
        partialFilterExpression=_GUESTS,
    ),
    # Whom those who are pushed look like.
    IndexModel([(f"{ALIKE}.mark", ASCENDING)], sparse=True),
    # ill_told: who is withdrawn, everywhere.
    IndexModel([(layout.WITHDRAWN, ASCENDING)], partialFilterExpression={layout.WITHDRAWN: True}),
)
CROSSING_MARKS_INDEXES: Final = (
    # look: who shares a mark.
    IndexModel([("marks.mark", ASCENDING)]),
)
CROSSINGS_INDEXES: Final = (
    # look: the pairs that somebody is in.
    IndexModel([("ids", ASCENDING)]),
)
NOMINATION_INDEXES = (
    *INDEXES,
    # One standing nomination of a person for the same thing; also the nominations of people.
    IndexModel(
        [("participant_id", ASCENDING), (TARGET, ASCENDING), ("slot", ASCENDING)], unique=True
    ),
    # The nominations for an activity or a project, in the order of ids.
    IndexModel([(TARGET, ASCENDING), ("_id", ASCENDING)]),
    # A chapter's nominations, in the order of ids.
    IndexModel([(layout.CHAPTER, ASCENDING), ("_id", ASCENDING)]),
)


class Standing(NamedTuple):
    """A person who is not withdrawn: their chapter, id, and the ids of who is one with them."""

    chapter: str
    id: str
    merged_ids: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids that they are known by."""
        return (self.id, *self.merged_ids)


class People(SealedCollection):
    def person_of(self, document: Mapping[str, Any]) -> str:
        return str(document["_id"])

    def encode(self, record: Record) -> Document:
        document = super().encode(record)
        if MERGED_INTO in record.content:  # so that no question for those who stand finds them
            document[layout.WITHDRAWN] = None
        return document

    def sound(self, document: Mapping[str, Any], decode: Decode) -> Record:
        content = document.get(layout.CONTENT)
        if isinstance(content, Mapping) and MERGED_INTO in content:  # the other's standing counts
            document = {**document, layout.WITHDRAWN: document.get(layout.WITHDRAWN) or False}
        return super().sound(document, decode)

    def wrong(self, content: Mapping[str, Any]) -> str | None:
        return None if GUEST_IN in content else super().wrong(content)

    def decode(self, document: Mapping[str, Any]) -> Record:
        return super().decode({**document, layout.WITHDRAWN: document[layout.WITHDRAWN] is True})

    def marked(self, record: Record) -> Document:
        if MERGED_INTO in record.content or GUEST_IN in record.content:
            return {MARKED: MARKS}
        content, mark = record.content, self.cipher.marks(record.chapter)
        phone, email = phone_of(content, record.chapter), content.get("email")
        names = content.get("given_name"), content.get("family_name")
        words = name_words(*names) | joined_words(*names)
        keys = [mark("name", word) for word in sorted(words)]
        keys += [mark("found by", key) for key in sorted(found_by(*names))]
        marks = {
            MARKED: MARKS,
            "phone": mark("phone", phone) if phone else None,
            "email": mark("email", email) if email else None,
            "names": keys,
            ALIKE: self.alike(record),
            **super().marked(record),
        }
        return {name: value for name, value in marks.items() if value}

    def alike(self, record: Record) -> list[Document]:
        """The marks of a person's likenesses; those of the name tell how it is written exactly."""
        mark = self.cipher.marks(record.chapter)
        found = list(likenesses(record.content, phone_of(record.content, record.chapter)))
        marks: list[Document] = [{"by": by, "mark": mark(by, shared)} for by, shared in found]
        if any(by in NAME_REASONS for by, _ in found):
            name = mark("exact name", exact_name(record.content))
            marks = [
                each | {"name": name} if each["by"] in NAME_REASONS else each for each in marks
            ]
        return marks

    def known(self, ids: Collection[str], caller: Caller) -> set[str]:
        """Those of `ids` whom the caller may enter in a sheet: people they may see and who are not
        withdrawn; who is one with another stands as this one does, and so does a guest in the
        caller's chapter."""
        query = {"_id": {"$in": list(ids)}, layout.WITHDRAWN: False, **visible_to(caller)}
        found = {each["_id"] for each in self.collection.find(query, {"_id": True})}
        if left := [each for each in ids if each not in found]:
            whose = [visible_to(caller), {_GUEST_IN: caller.chapter or ""}]
            led = self._leading({"_id": {"$in": left}, layout.WITHDRAWN: None, "$or": whose})
            query = {"_id": {"$in": list(set(led.values()))}, layout.WITHDRAWN: False}
            standing = {each["_id"] for each in self.collection.find(query, {"_id": True})}
            found |= {key for key, into in led.items() if into in standing}
        return found

    def winners(self, ids: Collection[str], session: ClientSession | None = None) -> dict[str, str]:
        """Those of `ids` who are one with another → this one."""
        query = {"_id": {"$in": list(ids)}, layout.WITHDRAWN: None}
        return self._leading(query, session) if ids else {}

    def _leading(self, query: Document, session: ClientSession | None = None) -> dict[str, str]:
        found = self.collection.find(query, {_INTO: True}, session=session)
        return {each["_id"]: each[layout.CONTENT][MERGED_INTO] for each in found}

    def guests(self, tx: Tx, people: Collection[str]) -> dict[tuple[str, str], str]:
        """(person, chapter whose guest they are) → the guest's id, of these people."""
        query = {_INTO: {"$in": list(people)}, **_GUESTS}
        found = self.collection.find(query, {_INTO: True, _GUEST_IN: True}, session=tx.session)
        return {
            (each[layout.CONTENT][MERGED_INTO], each[layout.CONTENT][GUEST_IN]): each["_id"]
            for each in found
        }

    def page_of_guests(
        self, caller: Caller, asked: Asked, people: Collection[str] | None
    ) -> Page[Record]:
        """The part asked for of the guests whose people the caller may see; of these people alone,
        where given. Raises Refused BAD_CURSOR (final)."""
        query: Document = dict(_GUESTS)
        if people is not None:
            ids = {"$in": list(people)}
            query["$or"] = [{_INTO: ids}, {f"{layout.CONTENT}.{GUEST_OF}": ids}]
        return self.page(query, caller, asked)

    def ids_of(self, person: str, caller: Caller) -> list[str]:
        """All ids by which the person of this id is known to who may see them."""
        fields = {_INTO: True, _IDS: True}
        one = self.collection.find_one({"_id": person, **visible_to(caller)}, fields)
        if one and (into := one[layout.CONTENT].get(MERGED_INTO)):
            one = self.collection.find_one({"_id": into}, fields)
        return [one["_id"], *one[layout.CONTENT].get(MERGED_IDS, ())] if one else [person]

    def as_said(self, tx: Tx, ids: Sequence[str], *, guests: bool = True) -> dict[str, Record]:
        """The stored records among `ids`, by the id that is said: of who is one with another, the
        record of this one, and that under its own id too. Without the `guests`, if so wanted."""
        found = self.load(tx, ids)
        if not guests:
            found = {key: each for key, each in found.items() if GUEST_IN not in each.content}
        led = {key: into for key, each in found.items() if (into := each.content.get(MERGED_INTO))}
        if led:
            found |= self.load(tx, [each for each in set(led.values()) if each not in found])
        return found | {key: found[into] for key, into in led.items()}

    def standing(self, tx: Tx, ids: Collection[str]) -> dict[str, Standing]:
        """How those of `ids` stand who are people, or one with people, that are not withdrawn."""
        query = {"_id": {"$in": list(ids)}, layout.WITHDRAWN: {"$in": [False, None]}}
        fields = dict.fromkeys((layout.CHAPTER, _INTO, _IDS), True)
        found = {
            each["_id"]: each for each in self.collection.find(query, fields, session=tx.session)
        }
        led = {
            key: into
            for key, each in found.items()
            if (into := each[layout.CONTENT].get(MERGED_INTO))
        }
        if strange := set(led.values()) - found.keys():
            query = {"_id": {"$in": list(strange)}, layout.WITHDRAWN: False}
            found |= {
                each["_id"]: each
                for each in self.collection.find(query, fields, session=tx.session)
            }
        return {
            key: Standing(
                each[layout.CHAPTER], each["_id"], tuple(each[layout.CONTENT].get(MERGED_IDS, ()))
            )
            for key in found
            if (each := found.get(led.get(key, key)))
        }

    def hold(self, tx: Tx, ids: Iterable[str]) -> None:
        """Let no other transaction that holds one of these people, or changes them, commit beside
        this one."""
        self.collection.update_many(
            {"_id": {"$in": list(ids)}}, {"$inc": {"held": 1}}, session=tx.session
        )

    def homes(self, tx: Tx, ids: Collection[str], caller: Caller) -> dict[str, str]:
        """The chapter of each of `ids` that is a person the caller may see, withdrawn or not."""
        query = {"_id": {"$in": list(ids)}, **visible_to(caller)}
        found = self.collection.find(query, {layout.CHAPTER: True}, session=tx.session)
        return {each["_id"]: each[layout.CHAPTER] for each in found}

    def query(self, asked: Mapping[str, Any], caller: Caller, *, slips: bool = False) -> Document:
        """The condition of a list's filter (`shared.records.filters`); with `slips` the words of
        `text` may hold one each."""
        query: Document = {layout.WITHDRAWN: bool(asked.get("withdrawn"))}
        if asked.get("withdrawn"):
            query[_GUEST_IN] = {"$exists": False}
        own = asked.get("chapter") or caller.chapter
        where = [own] if own else list(code_list("country"))
        if text := asked.get("text"):
            ways = sorted({name_words(text), joined_words(text)}, key=sorted)
            names = partial(self._names, where=where, keys_of=slip_keys if slips else search_keys)
            spelt = [
                {"$and": [{"names": {"$in": names(word)}} for word in sorted(words)]}
                for words in ways
                if words
            ]
            query["$and"] = [{"$or": spelt} if spelt else {"names": {"$in": []}}]
        if phone := asked.get("phone"):
            query["phone"] = {"$in": self._phones(phone, where)}
        if email := asked.get("email"):
            query["email"] = {"$in": self._exact("email", email, where)}
        if group := asked.get("group"):
            query[f"{layout.CONTENT}.groups"] = group
        if place := asked.get("place"):
            places = asked.get("places") or [place]
            query |= inside(area(places), f"{layout.CONTENT}.place")
        for name in ("sex", "organisation_id"):
            if asked.get(name):
                query[f"{layout.CONTENT}.{name}"] = asked[name]
        if asked.get("chapter"):
            query[layout.CHAPTER] = asked["chapter"]
        if (ids := asked.get("ids")) is not None:
            query["_id"] = {"$in": list(ids)}
        if conditions := self.listed_by(asked, caller):
            query = {"$and": [query, *conditions]}
        return query

    def _names(
        self, word: str, where: Iterable[str], keys_of: Callable[[str], Sequence[frozenset[str]]]
    ) -> list[bytes]:
        """One of them has whoever has the word in the name, or one that it begins or spells
        otherwise. A single letter is an initial: it begins and spells nothing."""
        keys = sorted({key for each in keys_of(word) for key in each}) if len(word) > 1 else ()
        marks: list[bytes] = []
        for each in where:
            mark = self.cipher.marks(each)
            marks += [mark("name", word), *(mark("found by", key) for key in keys)]
        return [*marks, self.cipher.before.blind("name", word)] if self.cipher.before else marks

    def _exact(self, kind: str, text: str, where: Iterable[str]) -> list[bytes]:
        marks: list[bytes] = [self.cipher.marks(each)(kind, text) for each in where]
        return [*marks, self.cipher.before.exact(text)] if self.cipher.before else marks

    def _phones(self, phone: str, where: Collection[str]) -> list[bytes]:
        """The number in every country whose number it may be, as each chapter marks it."""
        numbers = {phones.e164(phone, each) for each in where}
        return [mark for number in sorted(numbers) for mark in self._exact("phone", number, where)]


class Nominations(SealedCollection):
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
            "slot": record.id if record.content["status"] == WITHDRAWN else STANDING,
            **super().marked(record),
        }

    def standing(self, tx: Tx, participants: Iterable[str]) -> dict[tuple[str, str], str]:
        """(participant, activity or project) → the id of the nomination that stands."""
        found = self.collection.find(
            {"participant_id": {"$in": list(participants)}, "slot": STANDING},
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


class ParticipantStore(Store):
    """The service's database and the cipher over it."""

    def __init__(self, db: Database[Document], master_key: bytes) -> None:
        super().__init__(db)
        self.cipher = Cipher(vault.of(db), master_key)
        self.people = People(db[PEOPLE], self.cipher, OPEN, PERSON)
        self.nominations = Nominations(db[NOMINATIONS], self.cipher, OPEN_NOMINATION, NOMINATION)
        self.standings = RecordCollection(db[STANDINGS])
        self.distinct = DistinctPairs(db[DISTINCT])
        self.lookalikes = Lookalikes(self.people.collection, self.people.alike, self.distinct)
        self.versions: Mapping[str, VersionCollection[Record]] = {
            name: VersionCollection(db[layout.VERSIONS], records)
            for name, records in ((PEOPLE, self.people), (NOMINATIONS, self.nominations))
        }

    def save(self, tx: Tx, records: SealedCollection, writes: Sequence[Write]) -> None:
        """Store the records' last states, and what these were before."""
        records.save(tx, writes)
        self.versions[records.collection.name].keep(tx, (write.before for write in writes))

    def ensure_indexes(self) -> None:
        """Create what is missing, the data key included. Raises as `Cipher.prepare`."""
        super().ensure_indexes()
        self.people.collection.create_indexes(list(PEOPLE_INDEXES))
        self.nominations.collection.create_indexes(list(NOMINATION_INDEXES))
        self.distinct.collection.create_indexes(list(DISTINCT_INDEXES))
        self.db[CROSSING_MARKS].create_indexes(list(CROSSING_MARKS_INDEXES))
        self.db[CROSSINGS].create_indexes(list(CROSSINGS_INDEXES))
        self.create_collections(layout.VERSIONS, STANDINGS)
        self.create_key_collection()
        # What is sealed under a key that is lost shall not get a second one beside it.
        sealed = (self.people, self.nominations)
        self.cipher.needs_before = any(each.collection.find_one({FORM: None}) for each in sealed)
        keyed = any(each.collection.find_one({FORM: KEYED}) for each in sealed)
        self.cipher.prepare(may_create=not keyed)

    def ill_told(self, limit: int) -> list[str]:
        """People who are withdrawn and were not told to be, or the other way round."""
        people, told = self.people.collection, self.standings.collection
        found: list[str] = []
        for withdrawn, beside in ((people, told), (told, people)):
            pipeline: list[Document] = [
                {"$match": {layout.WITHDRAWN: True}},
                {"$lookup": {"from": beside.name, "localField": "_id", "foreignField": "_id",
                             "as": "beside"}},
                {"$match": {f"beside.{layout.WITHDRAWN}": {"$ne": True}}},
                {"$project": {"_id": True}},
                {"$limit": limit},
            ]  # fmt: skip
            found += [each["_id"] for each in withdrawn.aggregate(pipeline)]
        return found[:limit]

    def bare(self, tx: Tx, ids: Collection[str]) -> list[Record]:
        """People without their content, of which nothing is opened."""
        fields = (layout.CHAPTER, layout.VERSION, layout.WITHDRAWN, "created_at", layout.UPDATED_AT)
        found = self.people.collection.find(
            {"_id": {"$in": list(ids)}}, dict.fromkeys(fields, True), session=tx.session
        )
        return [self.people.decode({**each, layout.CONTENT: {}}) for each in found]

    def create_key_collection(self) -> None:
        """Create the collection of people's keys: one born in a transaction would conflict."""
        keys = vault.person_keys(self.cipher.vault)
        try:
            keys.database.create_collection(keys.name)
        except pymongo.errors.CollectionInvalid:
            pass
        except pymongo.errors.OperationFailure as error:
            if error.code != NAMESPACE_EXISTS:
                raise


def open_store(db: Database[Document]) -> ParticipantStore:
    """The store with the master key that the environment names. Raises ConfigError."""
    return ParticipantStore(db, read_master_key(Environment().path("FOSCAO_MASTER_KEY_FILE")))
