"""Owns what the collection `places` is asked beside its records: what lies in a unit, what a text
may mean, what is the same."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from pymongo import ASCENDING, IndexModel
from pymongo.collection import Collection

from services.activities.layout import WORDS
from services.activities.rules.places import Named, names_of
from services.activities.rules.words import beginnings
from shared.codes.places import present, pushed_id
from shared.layout import CONTENT, WITHDRAWN
from shared.store.mongo import Tx
from shared.types import Document

MAX_FOUND: Final = 200  # places that a text may mean


class Places:
    """What is asked of pushed places beside their records."""

    def __init__(self, collection: Collection[Document]) -> None:
        self.collection = collection

    def ensure_indexes(self) -> None:
        self.collection.create_indexes(
            [
                # below: what else lies in a unit; find: what lies in it.
                IndexModel([(f"{CONTENT}.parent", ASCENDING)], name="parent"),
                # same: those that turned out to be another.
                IndexModel([(f"{CONTENT}.same_as", ASCENDING)], name="same", sparse=True),
            ]
        )

    def below(self, tx: Tx, units: Iterable[str]) -> dict[str, list[Named]]:
        """What was pushed below each of the units and is not withdrawn."""
        query = {f"{CONTENT}.parent": {"$in": list(units)}, WITHDRAWN: False}
        found: defaultdict[str, list[Named]] = defaultdict(list)
        for each in self.collection.find(query, {CONTENT: 1}, session=tx.session):
            content = each[CONTENT]
            named = Named(pushed_id(content["parent"], each["_id"]), names_of(content))
            found[content["parent"]].append(named)
        return found

    def same(self) -> dict[str, str]:
        """The pushed places that turned out to be another one → that."""
        paths = [f"{CONTENT}.parent", f"{CONTENT}.same_as"]
        found = self.collection.find({paths[1]: {"$exists": True}}, paths)
        return {
            pushed_id(each[CONTENT]["parent"], each["_id"]): present(each[CONTENT]["same_as"])
            for each in found
        }

    def find(self, text: str, query: Document) -> list[str]:
        """The ids of pushed places that are not withdrawn and that the text may mean, by name,
        MAX_FOUND at most; none for a text without a letter or digit."""
        ways = [{"$and": [_beginning(word) for word in way]} for way in beginnings(text)]
        if not ways:
            return []
        asked = {"$and": [{WITHDRAWN: False, "$or": ways}, query]}
        found = self.collection.find(asked, {f"{CONTENT}.parent": 1})
        ordered = found.sort([(f"{CONTENT}.name", 1), ("_id", 1)]).limit(MAX_FOUND)
        return [pushed_id(each[CONTENT]["parent"], each["_id"]) for each in ordered]


def _beginning(word: str) -> Document:
    return {WORDS: {"$regex": f"^{re.escape(word)}"}}
