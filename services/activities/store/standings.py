"""Owns the collection `standings`: how people stand of whom something was heard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pymongo import ReplaceOne, UpdateOne
from pymongo.collection import Collection

from services.activities import layout
from services.activities.rules.standings import COUNTS, Standing
from shared.store.mongo import Tx
from shared.types import Document


class Standings:
    """Who counts, and as whom."""

    def __init__(self, collection: Collection[Document]) -> None:
        self.collection = collection

    def ensure_indexes(self) -> None:
        # former_ids: who is one with a person of whom something is heard.
        self.collection.create_index(layout.MERGED_INTO)

    def of(self, tx: Tx, people: Iterable[str]) -> dict[str, Standing]:
        """How those of these people stand of whom it was told, or of whom others were told that
        they are one with them."""
        found = self.collection.find({"_id": {"$in": list(people)}}, session=tx.session)
        return {each["_id"]: _standing(each) for each in found}

    def save(self, tx: Tx, standings: Mapping[str, Standing]) -> None:
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
            self.collection.bulk_write(writes, ordered=False, session=tx.session)

    def to_look_at_again(self, before: datetime, limit: int) -> list[str]:
        """People whose sheets want another look, of what was heard before then."""
        query = {layout.AGAIN: True, layout.HEARD_AT: {"$lt": before}}
        return [each["_id"] for each in self.collection.find(query, {"_id": 1}).limit(limit)]

    def looked_at_again(self, people: Iterable[str], before: datetime) -> None:
        """Note that it was done; of whom something was heard since, it is still to do."""
        query = {"_id": {"$in": list(people)}, layout.HEARD_AT: {"$lt": before}}
        self.collection.update_many(query, {"$unset": {layout.AGAIN: ""}})

    def former_ids(self, people: Iterable[str]) -> set[str]:
        """The ids under which these people were known before they were found to be one."""
        found = self.collection.find({layout.MERGED_INTO: {"$in": list(people)}}, {"_id": 1})
        return {each["_id"] for each in found}


def _standing(document: Mapping[str, Any]) -> Standing:
    return Standing(*(document[name] for name in Standing._fields))
