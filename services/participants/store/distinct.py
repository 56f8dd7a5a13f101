"""Owns the collection `distinct` (`services.participants.layout`): pairs of people who look alike
and of whom their chapter has said that they are not the same."""

from __future__ import annotations

from collections.abc import Collection as Many
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import combinations
from typing import Any, Final

from pymongo import ASCENDING, IndexModel
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from services.participants.layout import DISTINCT
from shared.caller import Caller
from shared.layout import CHAPTER
from shared.paging import Asked, Page
from shared.records.collection import visible_to
from shared.store.mongo import Tx
from shared.store.pages import keyset
from shared.types import Document

Pair = tuple[str, str]

INDEXES: Final = (
    # alike, undecided, a list narrowed to people: the pairs that somebody is in.
    IndexModel([("ids", ASCENDING)]),
    # A chapter's decisions, in the order of ids.
    IndexModel([(CHAPTER, ASCENDING), ("_id", ASCENDING)]),
)


def pairs_of(ids: Iterable[str]) -> list[Pair]:
    """Every pair among these, the lesser id first."""
    return list(combinations(sorted(set(ids)), 2))


def decision(pair: Pair, chapter: str, by: str) -> Document:
    """That the two are not the same, as it is stored."""
    return {"_id": _key(pair), "ids": [*pair], CHAPTER: chapter, "by": by, "at": datetime.now(UTC)}


class DistinctPairs:
    """One document for each pair; to decide twice is to decide once."""

    def __init__(self, collection: Collection[Document]) -> None:
        self.collection = collection

    def add(self, tx: Tx, decided: Sequence[Document]) -> None:
        """Store new decisions, as `decision` makes them."""
        if decided:
            self.collection.insert_many(decided, ordered=False, session=tx.session)

    def take_back(self, tx: Tx, decided: Iterable[Document]) -> None:
        """Forget these decisions."""
        self.collection.delete_many(
            {"_id": {"$in": [each["_id"] for each in decided]}}, session=tx.session
        )

    def get(self, pairs: Iterable[Pair], session: ClientSession | None = None) -> list[Document]:
        """Those of the pairs on which it was decided, in the order of ids."""
        named = {"_id": {"$in": [_key(pair) for pair in pairs]}}
        return list(self.collection.find(named, session=session).sort("_id", 1))

    def undecided(self, pairs: Iterable[Pair], session: ClientSession | None = None) -> list[Pair]:
        """The pairs, either id first, without those of people who are not the same."""
        listed = list(pairs)
        decided = {each["_id"] for each in self.get(listed, session)} if listed else set()
        return [pair for pair in listed if _key(pair) not in decided]

    def page(self, caller: Caller, asked: Asked, ids: Many[str] | None) -> Page[Document]:
        """The part asked for of the decisions that the caller may see, in the order of ids; with
        `ids` of those that one of them is in. Raises Refused BAD_CURSOR (final)."""
        query = visible_to(caller)
        if ids is not None:
            query = {"ids": {"$in": list(ids)}, **query}
        return keyset(self.collection, query, asked)

    @staticmethod
    def dropped(groups: str = "ids") -> list[Document]:
        """The stages of a pipeline that leave of each group of ids those who may still be the same
        as somebody in it, and of the groups those in which anybody is left."""
        others = {"$setDifference": [f"${groups}", "$$each.apart"]}
        apart: Any = {
            "$reduce": {
                "input": {
                    "$filter": {"input": "$decided", "cond": {"$in": ["$$id", "$$this.ids"]}}
                },
                "initialValue": ["$$id"],
                "in": {"$setUnion": ["$$value", "$$this.ids"]},
            }
        }
        each = {"$map": {"input": f"${groups}", "as": "id", "in": {"id": "$$id", "apart": apart}}}
        left = {"$filter": {"input": each, "as": "each", "cond": {"$ne": [others, []]}}}
        return [
            {
                "$lookup": {
                    "from": DISTINCT,
                    "localField": groups,
                    "foreignField": "ids",
                    "as": "decided",
                }
            },
            {"$set": {groups: {"$map": {"input": left, "in": "$$this.id"}}}},
            {"$match": {f"{groups}.1": {"$exists": True}}},
        ]


def _key(pair: Pair) -> str:
    return ":".join(sorted(pair))
