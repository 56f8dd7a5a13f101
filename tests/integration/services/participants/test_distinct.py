"""Who looks alike and is not the same, by the word of those who know them, is shown no more."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import distinct, people
from services.participants.store import ParticipantStore
from services.participants.store.distinct import pairs_of
from shared.errors import Forbidden, Refused
from shared.ids import new_id
from tests.integration.services.participants.participants_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    opened,
    push,
)
from tests.walking import walk
from tests.world.items import person


@pytest.fixture
def store(db: Database[dict[str, Any]], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


def alike(store: ParticipantStore, count: int, caller: Any = MALI) -> list[str]:
    """So many people of one name, place and year of birth."""
    items = [person() for _ in range(count)]
    push(store, *items, caller=caller)
    return sorted(each["id"] for each in items)


def say(store: ParticipantStore, *ids: str, caller: Any = MALI, **how: Any) -> dict[str, Any]:
    return distinct.decide({"caller": caller, "ids": ids and [*ids], **how}, store)


def take_back(store: ParticipantStore, *ids: str, **how: Any) -> dict[str, Any]:
    return distinct.take_back({"caller": MALI, "ids": [*ids], **how}, store)


def shown(store: ParticipantStore, **asked: Any) -> list[list[str]]:
    request = {"caller": MALI, **asked}
    return [each["ids"] for each in people.possible_duplicates(request, store)["items"]]


def listed(store: ParticipantStore, *sizes: int, caller: Any = MALI, **asked: Any) -> list[Any]:
    def ask(**page: Any) -> dict[str, Any]:
        return distinct.list_decisions({"caller": caller, **asked, **page}, store)

    return [tuple(each["participant_ids"]) for each in walk(ask, *sizes)]


def test_two_who_are_not_the_same_are_shown_no_more(store: ParticipantStore) -> None:
    one, other = alike(store, 2)
    assert shown(store) == [[one, other]]
    said = say(store, other, one)
    assert said["changed"] == 1
    [pair] = said["pairs"]
    assert pair["participant_ids"] == [one, other]
    assert (pair["chapter"], pair["by"]) == ("ML", MALI["key_id"])
    assert shown(store) == [] == shown(store, participant_ids=[one])


def test_of_three_the_one_who_is_neither_of_the_others_is_left_out(
    store: ParticipantStore,
) -> None:
    a, b, c = alike(store, 3)
    say(store, a, c)
    assert shown(store) == [[a, b, c]]  # b may still be either
    say(store, b, c)
    assert shown(store) == [[a, b]]
    say(store, a, b)
    assert shown(store) == []


def test_a_decision_is_taken_back_and_the_two_are_shown_again(store: ParticipantStore) -> None:
    one, other = alike(store, 2)
    say(store, one, other)
    assert take_back(store, one, other) == {"pairs": [], "changed": 1}
    assert take_back(store, one, other) == {"pairs": [], "changed": 0}
    assert shown(store) == [[one, other]]
    assert listed(store) == []


def test_what_was_decided_is_known_to_whoever_compares_pairs(store: ParticipantStore) -> None:
    a, b, c = alike(store, 3)
    say(store, a, b)
    assert store.distinct.undecided([(b, a), (c, a), (b, c)]) == [(c, a), (b, c)]
    assert store.distinct.undecided([]) == []


def test_decisions_are_listed_to_their_chapter(store: ParticipantStore) -> None:
    a, b, c = alike(store, 3)
    say(store, a, b, c)
    assert listed(store, 1) == [(a, b), (a, c), (b, c)]
    assert listed(store, participant_ids=[c]) == [(a, c), (b, c)]
    assert listed(store, caller=NIGER) == []
    assert len(listed(store, caller=SECRETARIAT)) == 3


def test_said_at_once_it_is_stored_once(store: ParticipantStore) -> None:
    ids = alike(store, 5)
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: say(store, *ids), range(4)))
    assert sum(each["changed"] for each in said) == 10
    assert listed(store) == pairs_of(ids)


def test_a_trial_stores_nothing_and_tells_what_would_be(store: ParticipantStore) -> None:
    one, other = alike(store, 2)
    tried = say(store, one, other, dry_run=True)
    assert (tried["changed"], len(tried["pairs"])) == (1, 1)
    assert listed(store) == []
    say(store, one, other)
    assert take_back(store, one, other, dry_run=True) == {"pairs": [], "changed": 1}
    assert len(listed(store)) == 1


def test_a_late_retry_does_not_decide_again_what_was_taken_back(store: ParticipantStore) -> None:
    one, other = alike(store, 2)
    how = {"push_id": new_id()}
    assert say(store, one, other, **how)["changed"] == 1
    take_back(store, one, other)
    assert say(store, one, other, **how) == {"pairs": [], "changed": 0}
    assert shown(store) == [[one, other]]


def test_nobody_speaks_of_people_whom_they_may_not_see(store: ParticipantStore) -> None:
    [one], [other] = alike(store, 1), alike(store, 1, caller=NIGER)
    for ids, caller, code, path in (
        ([one, other], MALI, "UNKNOWN_PARTICIPANT", ["ids", 1]),
        ([one, new_id()], MALI, "UNKNOWN_PARTICIPANT", ["ids", 1]),
        ([one, other], SECRETARIAT, "NOT_ONE_CHAPTER", ["ids", 1]),
        ([one], MALI, "REQUIRED", ["ids", 1]),
        ([one, one], MALI, "REQUIRED", ["ids", 1]),
        ([], MALI, "REQUIRED", ["ids", 0]),
        ([one, "x"], MALI, "INVALID_ID", ["ids", 1]),
        ([new_id() for _ in range(21)], MALI, "TOO_MANY", ["ids"]),
    ):
        with pytest.raises(Refused) as refused:
            say(store, *ids, caller=caller)
        assert (refused.value.code, refused.value.params["path"]) == (code, path)
    with pytest.raises(Forbidden):
        say(store, one, other, caller={"role": "partner", "key_id": "k"})
    assert store.distinct.collection.count_documents({}) == 0
