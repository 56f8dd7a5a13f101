"""A push of people that comes again is known by its id; one id stands for one person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.store import ParticipantStore
from shared.ids import new_id
from tests.integration.services.participants.participants_world import (
    codes,
    opened,
    push,
    read,
    statuses,
)
from tests.world.items import person


@pytest.fixture
def store(db: Database[dict[str, Any]], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


def test_a_late_retry_changes_nothing_and_to_set_back_is_a_correction(
    store: ParticipantStore,
) -> None:
    said, push_id = person(), new_id()
    push(store, said, push_id=push_id)
    for name in ("Coulibaly", "Koné", "Sow", "Ba", "Diallo", "Sy", "Cissé", "Fall", "Coulibaly"):
        push(store, {"id": said["id"], "family_name": name}, push_id=new_id())
    late = push(store, said, push_id=push_id)
    assert (statuses(late), codes(late)) == (["UNCHANGED"], ["ALREADY_APPLIED"])
    assert read(store, said["id"])[0]["family_name"] == "Coulibaly"
    assert statuses(push(store, said)) == ["UPDATED"]
    assert read(store, said["id"])[0]["family_name"] == said["family_name"]


def test_of_two_people_under_one_id_the_second_is_refused(store: ParticipantStore) -> None:
    one = person()
    other = {**person(family_name="Sow"), "id": one["id"]}
    both = push(store, one, other)
    assert (statuses(both), codes(both)) == (["CREATED", "REJECTED"], ["DUPLICATE_ROW"])
    assert read(store, one["id"])[0]["family_name"] == one["family_name"]


@pytest.mark.parametrize(
    "nobody",
    ["00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"],
)
def test_the_ids_of_nobody_are_no_ids(store: ParticipantStore, nobody: str) -> None:
    assert codes(push(store, {**person(), "id": nobody})) == ["INVALID_ID"]
