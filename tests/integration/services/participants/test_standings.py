"""Whether a person counts is told beside their own events when that changes, and never else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import people, standings
from services.participants.handlers.standings import PEOPLE_AT_ONCE, tell_ill_told
from services.participants.store import ParticipantStore
from tests.integration.services.participants.merging_world import merge
from tests.integration.services.participants.participants_world import emitted, opened, push
from tests.world.items import person

Item = dict[str, Any]
WHY = {"reason": "registered twice"}


@pytest.fixture
def store(db: Database[Item], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri, os.urandom(96)) as store:
        yield store


def registered(store: ParticipantStore) -> str:
    said = person()
    push(store, said)
    return str(said["id"])


def withdraw(store: ParticipantStore, *ids: str) -> None:
    push(store, *({"id": each, **WHY} for each in ids), use=people.withdraw)


def reinstate(store: ParticipantStore, *ids: str) -> None:
    push(store, *({"id": each, **WHY} for each in ids), use=people.reinstate)


def told(store: ParticipantStore, *ids: str) -> list[tuple[int, bool, str | None]]:
    """What was told of these: version, withdrawn, as whom."""
    events = [each for each in emitted(store) if each.type == "standing.changed"]
    assert all(each.data["id"] == each.subject and each.data["chapter"] == "ML" for each in events)
    assert all(each.data["version"] == each.sequence for each in events)
    return [
        (each.sequence, each.data["withdrawn"], each.data["merged_into"])
        for each in events
        if each.subject in ids
    ]


def as_the_release_before(store: ParticipantStore, *ids: str) -> None:
    """Forget that anything was told of them."""
    store.standings.collection.delete_many({"_id": {"$in": ids}})
    told = {"subject": {"$in": ids}, "type": "standing.changed"}
    store.outbox.collection.delete_many(told)


def test_a_withdrawal_and_its_end_are_told_and_nothing_else_is(store: ParticipantStore) -> None:
    her = registered(store)
    push(store, {"id": her, "birth_year": 1991})
    assert told(store, her) == []
    withdraw(store, her)
    assert told(store, her) == [(3, True, None)]
    reinstate(store, her)
    push(store, {"id": her, "birth_year": 1992})
    assert told(store, her) == [(3, True, None), (4, False, None)]


def test_as_whom_a_person_counts_is_told_and_stays_told(store: ParticipantStore) -> None:
    her, other = registered(store), registered(store)
    merge(store, other, her)
    withdraw(store, other)
    reinstate(store, other)
    assert told(store, her) == [(2, False, other)]
    assert told(store, other) == [(3, True, None), (4, False, None)]


def test_whoever_was_withdrawn_before_that_was_told_is_told_once(store: ParticipantStore) -> None:
    ids = [registered(store) for _ in range(4)]
    withdraw(store, *ids[:3])
    as_the_release_before(store, *ids[:2])
    assert tell_ill_told(store) == 2
    assert told(store, *ids) == [(2, True, None)] * 3
    assert tell_ill_told(store) == 0


def test_whoever_an_older_replica_reinstates_is_told_too(store: ParticipantStore) -> None:
    her = registered(store)
    withdraw(store, her)
    of_her = {"_id": her}
    store.people.collection.update_one(of_her, {"$set": {"withdrawn": False, "version": 3}})
    assert tell_ill_told(store) == 1
    assert told(store, her) == [(2, True, None), (3, False, None)]
    assert tell_ill_told(store) == 0


def test_cut_off_it_goes_on_with_the_rest(
    store: ParticipantStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standings, "PEOPLE_AT_ONCE", 2)
    ids = [registered(store) for _ in range(3)]
    withdraw(store, *ids)
    as_the_release_before(store, *ids)
    turns = iter([True, False])
    assert tell_ill_told(store, lambda: next(turns)) == 2
    assert tell_ill_told(store) == 1
    assert told(store, *ids) == [(2, True, None)] * 3
    assert PEOPLE_AT_ONCE > 2
