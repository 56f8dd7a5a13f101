"""Lists of people, nominations and possible duplicates: from either end, by ids, counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import pytest
from pymongo.database import Database

from services.participants.handlers import nominations, people
from services.participants.store import ParticipantStore
from shared.errors import Refused
from shared.ids import new_id
from tests.integration.services.participants.participants_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    opened,
    push,
)
from tests.walking import Ask, plans, walk
from tests.world.items import nomination, person

LISTS = {"people": people.list_people, "nominations": nominations.list_nominations}


@pytest.fixture
def store(db: Database[dict[str, Any]], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


@pytest.fixture
def everybody(store: ParticipantStore) -> list[str]:
    """Ids in order: of nine people, and of a nomination of each."""
    ids = sorted(str(uuid4()) for _ in range(9))
    push(store, *(person(id=each, family_name=f"Keïta {each}", phone=None) for each in ids))
    proposed = [nomination(each, id=each, activity_id=new_id()) for each in ids]
    push(store, *proposed, use=nominations.nominate)
    return ids


def asking(
    store: ParticipantStore, name: str, caller: Mapping[str, Any] = MALI, **filters: Any
) -> Ask:
    return lambda **page: LISTS[name]({"caller": caller, "filter": filters, **page}, store)


def ids_of(found: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in found]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_from_either_end_and_counted(
    store: ParticipantStore, everybody: list[str], name: str
) -> None:
    ask = asking(store, name)
    assert ids_of(walk(ask, 4)) == ids_of(walk(ask, 4, backwards=True)) == everybody
    page = ask(last=3, count=True)
    assert (ids_of(page["items"]), page["total_count"]) == (everybody[-3:], 9)
    assert asking(store, name, NIGER)(count=True)["total_count"] == 0


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_narrowed_to_ids_of_which_strangers_are_not_there(
    store: ParticipantStore, everybody: list[str], name: str
) -> None:
    some = [everybody[5], everybody[2].upper(), new_id()]
    page = asking(store, name, ids=some)(count=True)
    assert (ids_of(page["items"]), page["total_count"]) == ([everybody[2], everybody[5]], 2)
    assert asking(store, name, ids=[])()["items"] == []
    assert asking(store, name, NIGER, ids=everybody)()["items"] == []
    assert ids_of(asking(store, name, SECRETARIAT, ids=everybody)()["items"]) == everybody
    for ids, code, path in (
        ([new_id(), "Awa"], "INVALID_ID", ["filter", "ids", 1]),
        ([new_id()] * 201, "TOO_MANY", ["filter", "ids"]),
    ):
        with pytest.raises(Refused) as refused:
            asking(store, name, ids=ids)()
        assert (refused.value.code, refused.value.params["path"]) == (code, path)


def test_pages_from_either_end_are_read_by_their_index(
    store: ParticipantStore, db: Database[dict[str, Any]], everybody: list[str]
) -> None:
    ids = [str(uuid4()) for _ in range(200)]  # those of another chapter lie between
    push(store, *(person(id=each, place=None, phone=None) for each in ids), caller=NIGER)
    proposed = [nomination(each, id=each, activity_id=new_id()) for each in ids]
    push(store, *proposed, caller=NIGER, use=nominations.nominate)
    for name, index in (
        ("people", "{ chapter: 1, withdrawn: 1, _id: 1 }"),
        ("nominations", "{ chapter: 1, _id: 1 }"),
    ):
        ask = asking(store, name)
        cursor = ask()["cursors"][4]
        pages: list[dict[str, Any]] = [
            {"first": 3},
            {"last": 3},
            {"first": 3, "after": cursor},
            {"last": 3, "before": cursor},
        ]
        for page in pages:
            assert plans(db, name, ask, **page) == [f"IXSCAN {index}"], page


def test_groups_of_possible_duplicates_are_read_from_either_end_counted_and_found_by_a_person(
    store: ParticipantStore,
) -> None:
    names = ("Ouattara", "Mensah", "Sawadogo", "Gbagbo", "Lopes", "Kpelly", "Zongo")
    twins = [[person(family_name=name) for _ in range(2)] for name in names]
    push(store, *(each for pair in twins for each in pair))

    def ask(**asked: Any) -> dict[str, Any]:
        return people.possible_duplicates({"caller": MALI, **asked}, store)

    groups = walk(ask, 3)
    assert len(groups) == 7
    assert walk(ask, 3, backwards=True) == groups
    whole = ask(count=True)
    assert whole["total_count"] == 7
    cursors = whole["cursors"]
    middle = ask(first=2, after=cursors[1], before=cursors[5], both_ends=True)
    assert middle["items"] == groups[2:4]
    assert (middle["has_previous"], middle["has_next"]) == (True, True)
    last = ask(last=2, after=cursors[1], before=cursors[5], both_ends=True)
    assert last["items"] == groups[3:5]
    assert (last["has_previous"], last["has_next"]) == (True, True)

    found = ask(participant_ids=[twins[3][1]["id"], new_id()], count=True)
    [group] = found["items"]
    assert set(group["ids"]) == {each["id"] for each in twins[3]}
    assert found["total_count"] == 1
    assert ask(participant_ids=[])["items"] == []
    with pytest.raises(Refused) as refused:
        ask(participant_ids=["Awa"])
    assert refused.value.params["path"] == ["participant_ids", 0]
    with pytest.raises(Refused, match="BAD_CURSOR"):
        ask(last=2, before="nonsense")


def test_a_blank_filter_shows_all_and_an_empty_list_nothing(
    store: ParticipantStore, everybody: list[str]
) -> None:
    for name in LISTS:
        assert len(walk(asking(store, name, ids=None))) == len(everybody)
        assert walk(asking(store, name, ids=[])) == []
    for field, blank in {"text": " ", "phone": "\u200b", "email": "", "sex": None}.items():
        assert len(walk(asking(store, "people", MALI, **{field: blank}))) == len(everybody)
    assert len(walk(asking(store, "people", sex=" female "))) == len(everybody)


def test_a_nomination_for_an_activity_is_none_for_a_project_too(
    store: ParticipantStore, everybody: list[str]
) -> None:
    [one, *_] = walk(asking(store, "nominations"))
    for_it = {"activity_id": one["activity_id"]}
    assert ids_of(walk(asking(store, "nominations", **for_it))) == [one["id"]]
    assert walk(asking(store, "nominations", **for_it, project_id=new_id())) == []
