"""Finds who of different chapters may be one and the same, beside all requests: those who were
written since the last look are marked anew, and compared by their marks.

The marks are made under a key of their own and lie in a collection of their own, which no request
reads: what a chapter pushes, or looks for, meets the marks of its own people alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from pymongo import DeleteOne, ReplaceOne, UpdateOne
from pymongo.collection import Collection

from services.participants.layout import CROSSING_LOOKS, CROSSING_MARKS, CROSSINGS
from services.participants.rules.crossings import likenesses, pairs
from services.participants.schemas import phone_of
from services.participants.store import ParticipantStore
from shared.codes import code_list
from shared.layout import CHAPTER, UPDATED_AT, WITHDRAWN
from shared.paging import Asked, Page
from shared.records.collection import LATEST_COMMIT
from shared.records.soundness import Damaged
from shared.store.failures import answered
from shared.store.pages import keyset
from shared.types import Document

PART: Final = 200  # people opened at once
_ACROSS: Final = "people across chapters"
"""In the place of a chapter: the marks have a key of their own."""


def look(store: ParticipantStore, go_on: Callable[[], bool] = lambda: True) -> int:
    """Mark whoever was written since the last look, and compare them; returns of how many people
    the marks are others now.

    Args: go_on: asked before each part.
    Raises: Unavailable (retryable): what was done stays; the next look goes on from there.
    """
    looks, done = store.db[CROSSING_LOOKS], 0
    for chapter in code_list("country"):
        with answered():
            last = looks.find_one({"_id": chapter})
        written: Document = {CHAPTER: chapter}
        if last:
            written[UPDATED_AT] = {"$gte": last["until"] - LATEST_COMMIT}
        with answered():
            found = store.people.collection.find(written).sort(UPDATED_AT, 1).batch_size(PART)
            while go_on() and (part := list(islice(found, PART))):
                done += _mark(store, part)
                until = {"$set": {"until": part[-1][UPDATED_AT]}}
                looks.update_one({"_id": chapter}, until, upsert=True)
    return done


def page(store: ParticipantStore, asked: Asked) -> Page[Document]:
    """The part asked for of all pairs, in the order of their ids. Raises Refused BAD_CURSOR
    (final)."""
    return keyset(store.db[CROSSINGS], {}, asked)


def _mark(store: ParticipantStore, part: Sequence[Document]) -> int:
    marks = store.db[CROSSING_MARKS]
    before = list(marks.find({"_id": {"$in": [each["_id"] for each in part]}}))
    now = list(_marked(store, part))
    writes = [
        ReplaceOne({"_id": each["_id"]}, each, upsert=True)
        if each["marks"]
        else DeleteOne({"_id": each["_id"]})
        for each in now
    ]
    if not writes:
        return 0
    done = marks.bulk_write(writes, ordered=False)
    # Also who shared a mark before: of those who are left, there may no longer be too many.
    near = {each["_id"]: each for each in [*now, *_sharing(marks, [*before, *now])]}
    _compare(store.db[CROSSINGS], near, _sharing(marks, near.values()))
    return done.upserted_count + done.modified_count + done.deleted_count


def _marked(store: ParticipantStore, part: Sequence[Document]) -> Iterator[Document]:
    """What is kept of each; no marks of who does not stand. Who cannot be shown stays as they
    are."""
    mark = store.cipher.marks(_ACROSS)
    for document, person in zip(part, store.people.readable(part), strict=True):
        if isinstance(person, Damaged):
            continue
        alike: Iterable[tuple[str, str]] = ()
        if document[WITHDRAWN] is False:
            alike = likenesses(person.content, phone_of(person.content, person.chapter))
        marks = [{"by": by, "mark": mark(by, shared)} for by, shared in alike]
        yield {"_id": person.id, CHAPTER: person.chapter, "marks": marks}


def _sharing(marks: Collection[Document], people: Iterable[Document]) -> list[Document]:
    shared = {each["mark"] for person in people for each in person["marks"]}
    return list(marks.find({"marks.mark": {"$in": list(shared)}}))


def _compare(
    crossings: Collection[Document], people: Mapping[str, Document], everybody: Sequence[Document]
) -> None:
    """Let the pairs that one of the people is in be those that there are."""
    marked = {
        each["_id"]: [(like["by"], like["mark"]) for like in each["marks"]] for each in everybody
    }
    chapters = {each["_id"]: each[CHAPTER] for each in everybody}
    found = {":".join(pair): (pair, why) for pair, why in pairs(people, marked, chapters).items()}
    known = crossings.find({"ids": {"$in": list(people)}}, {"_id": True})
    writes: list[DeleteOne | UpdateOne] = [
        DeleteOne({"_id": each["_id"]}) for each in known if each["_id"] not in found
    ]
    for key, (pair, why) in found.items():
        said = {"ids": [*pair], "chapters": [chapters[each] for each in pair], "reasons": why}
        since = {"since": datetime.now(UTC)}
        writes.append(UpdateOne({"_id": key}, {"$set": said, "$setOnInsert": since}, upsert=True))
    if writes:
        crossings.bulk_write(writes, ordered=False)
