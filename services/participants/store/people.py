"""Owns the collection `people` (`services.participants.layout`): what lies there sealed, and who is
one with whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pymongo import ASCENDING, IndexModel
from pymongo.client_session import ClientSession
from pymongo.collection import Collection as MongoCollection

from services.participants.layout import (
    ALIKE,
    GUEST_IN,
    GUEST_OF,
    MARKED,
    MARKS,
    MERGED_IDS,
    MERGED_INTO,
)
from services.participants.rules.person import (
    OPEN,
    joined_words,
    name_words,
)
from services.participants.rules.resemblance import NAME_REASONS, exact_name, likenesses
from services.participants.rules.spelling import found_by
from services.participants.schemas import PERSON, phone_of
from services.participants.store.cipher import Cipher
from services.participants.store.finding import Finder
from services.participants.store.sealed import SealedCollection
from shared import layout
from shared.caller import Caller
from shared.codes.areas import area, inside
from shared.paging import Asked, Page
from shared.records.collection import INDEXES, Decode, visible_to
from shared.records.pushes import Record
from shared.store.mongo import Tx
from shared.types import Document

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
    def __init__(self, collection: MongoCollection[Document], cipher: Cipher) -> None:
        super().__init__(collection, cipher, OPEN, PERSON)
        self.finder = Finder(cipher)

    def ensure_indexes(self) -> None:
        self.collection.create_indexes(list(PEOPLE_INDEXES))

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
        query |= self.finder.conditions(asked, caller, slips=slips)
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
