"""People who were marked by the rules of an earlier release are found by those of this one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.layout import MARKED_BY
from services.participants.store.marking import AT_ONCE, mark_anew
from services.participants.store.people import MARKING, ParticipantStore
from tests.integration.services.participants.participants_world import (
    MALI,
    emitted,
    found,
    opened,
    push,
    read,
    statuses,
)
from tests.world.items import person

BENIN = {**MALI, "chapter": "BJ"}


@pytest.fixture
def store(db: Database[dict[str, Any]], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


def as_before(store: ParticipantStore, *ids: str, **marks: Any) -> None:
    """Make their marks what an earlier release had made them."""
    store.people.collection.update_many(
        {"_id": {"$in": list(ids)}}, {"$set": marks, "$unset": {MARKED_BY: ""}}
    )


def mark_all(store: ParticipantStore) -> int:
    count, last = mark_anew(store)
    while last is not None:
        more, last = mark_anew(store, last)
        count += more
    return count


def test_an_old_row_is_found_by_a_number_written_in_any_way(store: ParticipantStore) -> None:
    her = person(phone="97 12 34 56", place="BJ")
    assert statuses(push(store, her, caller=BENIN)) == ["CREATED"]
    as_before(store, her["id"], phone=store.cipher.exact("+22997123456"))
    assert found(store, BENIN, phone="01 97 12 34 56") == set()

    assert mark_all(store) == 1
    for written in ("01 97 12 34 56", "97123456", "+229 97 12 34 56", "+229 01 97 12 34 56"):
        assert found(store, BENIN, phone=written) == {her["id"]}
    [shown] = read(store, her["id"], caller=BENIN)
    assert (shown["phone"], shown["version"]) == ("+2290197123456", 1)
    assert len(emitted(store)) == 1
    assert mark_all(store) == 0


def test_marking_takes_away_what_is_no_mark_any_more_and_changes_nothing_else(
    store: ParticipantStore,
) -> None:
    said = [person(phone=None, family_name=f"Keïta {n}") for n in range(AT_ONCE + 1)]
    push(store, *said)
    ids = [each["id"] for each in said]
    fields = {"alike": 0, "names": 0}
    before = list(store.people.collection.find({}, fields).sort("_id"))
    as_before(store, *ids, phone=store.cipher.exact("+22376123456"), names=[], alike=[])

    assert mark_all(store) == AT_ONCE + 1
    assert list(store.people.collection.find({}, fields).sort("_id")) == before
    assert found(store, text="keita 7") == {ids[7]}


def test_a_row_that_does_not_open_keeps_no_other_from_being_marked(
    store: ParticipantStore,
) -> None:
    broken, her = sorted([person(), person(phone="76 12 34 56")], key=lambda each: each["id"])
    push(store, broken, her)
    as_before(store, broken["id"], her["id"])
    store.people.collection.update_one({"_id": broken["id"]}, {"$set": {"sealed": b"nothing"}})

    assert mark_all(store) == 2
    marked = store.people.collection.find({MARKED_BY: MARKING}, {"_id": True})
    assert [each["_id"] for each in marked] == [her["id"]]
