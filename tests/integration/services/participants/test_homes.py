"""Where people live: also in places that chapters added, of which the push tells what there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.store import ParticipantStore
from shared.codes.places import pushed_id
from shared.ids import new_id
from tests.integration.services.participants.participants_world import (
    codes,
    emitted,
    found,
    opened,
    problems,
    push,
    statuses,
)
from tests.world.items import KALANA, person

SITE, GONE, NOBODYS = (pushed_id("ML.SIK.YAN", new_id()) for _ in range(3))
TOLD = {SITE: False, GONE: True}


@pytest.fixture
def store(db: Database[dict[str, Any]], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


def test_people_live_in_an_added_place_and_are_found_by_it_and_its_units(
    store: ParticipantStore,
) -> None:
    here, in_town = person(place=SITE), person()
    assert statuses(push(store, here, in_town, places=TOLD)) == ["CREATED", "CREATED"]
    assert emitted(store)[-1].data["place"] in (SITE, KALANA)
    assert found(store, place=SITE) == {here["id"]}
    assert found(store, place="ML.SIK.YAN") == {here["id"], in_town["id"]}
    assert found(store, place=SITE, places=[SITE, KALANA]) == {here["id"], in_town["id"]}


def test_nobody_lives_where_nobody_added_a_place(store: ParticipantStore) -> None:
    receipts = push(store, person(place=NOBODYS), person(place=GONE), places=TOLD)
    assert [problems(each) for each in receipts] == [
        {"UNKNOWN_PLACE": ["place"]},
        {"WITHDRAWN": ["place"]},
    ]
    assert codes(push(store, person(place=SITE))) == ["UNKNOWN_PLACE"], "nobody vouches for it"


def test_who_lives_in_a_place_that_was_withdrawn_since_can_be_corrected(
    store: ParticipantStore,
) -> None:
    awa = person(place=SITE)
    assert statuses(push(store, awa, places=TOLD)) == ["CREATED"]
    told = {"places": {SITE: True}}
    assert statuses(push(store, {**awa, "birth_year": 1991}, **told)) == ["UPDATED"]
    assert statuses(push(store, {"id": awa["id"], "place": KALANA}, **told)) == ["UPDATED"]
    assert codes(push(store, {"id": awa["id"], "place": SITE}, **told)) == ["WITHDRAWN"]
