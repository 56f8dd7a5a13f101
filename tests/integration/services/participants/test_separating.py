"""Who was made one by mistake stands by themselves again, and nothing that was said is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import nominations, people
from services.participants.store import ParticipantStore
from shared.ids import new_id
from tests.integration.services.participants.merging_world import (
    became,
    content,
    merge,
    merged_ids,
    read_as_said,
    registered,
    separate,
    standings,
    steps,
    withdraw,
)
from tests.integration.services.participants.participants_world import (
    MALI,
    NIGER,
    codes,
    found,
    opened,
    problems,
    push,
    read,
    statuses,
)
from tests.world.items import nomination

Item = dict[str, Any]


@pytest.fixture
def store(db: Database[Item], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


def test_both_stand_again_as_they_were(store: ParticipantStore) -> None:
    her = registered(store, phone=None)
    twin = registered(store, phone="76 11 11 11", email="a@example.org")
    before = [content(store, each) for each in (her, twin)]
    merge(store, her, twin)
    told = separate(store, twin)
    assert statuses(told["receipts"]) == ["UPDATED"]
    assert became(told) == {"phone": "taken_back", "email": "taken_back"}
    assert [content(store, each) for each in (her, twin)] == before
    assert (found(store), merged_ids(store, her)) == ({her, twin}, [])
    assert [each["id"] for each in read_as_said(store, twin)] == [twin]
    assert steps(store, twin)[-2:] == [("merged", her, False), ("separated", None, False)]
    assert standings(store, her, twin) == {twin: (False, None)}


def test_what_was_corrected_meanwhile_stays_with_the_winner(store: ParticipantStore) -> None:
    her = registered(store, phone=None, email=None, sex="female")
    twin = registered(store, phone="76 11 11 11", email="a@example.org", sex="other")
    merge(store, her, twin)
    push(store, {"id": twin, "phone": "76 22 22 22", "sex": "male"})
    tried = separate(store, twin, dry_run=True)
    told = separate(store, twin)
    assert became(told) == {"phone": "kept", "email": "taken_back", "sex": "corrected"}
    assert tried["fields"] == told["fields"]
    [she], [other] = read(store, her), read(store, twin)
    assert (she["phone"], she["email"], she["sex"]) == ("+22376222222", None, "male")
    assert (other["phone"], other["email"], other["sex"]) == (
        "+22376111111", "a@example.org", "other",
    )  # fmt: skip


def test_a_value_that_was_chosen_gives_way_to_what_was_there(store: ParticipantStore) -> None:
    her = registered(store, birth_year=None, age=30, age_on="2021-01-01")
    twin = registered(store, birth_year=1980)
    before = content(store, her)
    merge(store, her, twin, take=[{"field": "birth_year", "from": twin}])
    assert (content(store, her)["birth_year"], content(store, her)["age"]) == (1980, None)
    separate(store, twin)
    assert content(store, her) == before


def test_a_person_is_not_left_without_a_name(store: ParticipantStore) -> None:
    her = registered(store, given_name=None, family_name="Traoré")
    twin = registered(store, given_name="Awa")
    merge(store, her, twin)
    push(store, {"id": her, "clear": ["family_name"]})
    assert became(separate(store, twin))["given_name"] == "kept"
    assert read(store, her)[0]["given_name"] == "Awa"


def test_a_withdrawn_loser_is_withdrawn_again(store: ParticipantStore) -> None:
    her, twin = registered(store), registered(store)
    withdraw(store, twin)
    merge(store, her, twin)
    separate(store, twin)
    assert read(store, twin)[0]["withdrawn"] is True
    assert standings(store, twin) == {twin: (True, None)}
    assert (found(store), found(store, withdrawn=True)) == ({her}, {twin})


def test_a_withdrawn_winner_lets_go_of_those_who_stood(store: ParticipantStore) -> None:
    her, twin = registered(store), registered(store)
    merge(store, her, twin)
    withdraw(store, her)
    separate(store, twin)
    assert (found(store), found(store, withdrawn=True)) == ({twin}, {her})


def test_who_was_one_with_the_loser_is_so_again(store: ParticipantStore) -> None:
    her, twin = registered(store, phone=None), registered(store, phone=None)
    third = registered(store, phone="76 11 11 11")
    merge(store, twin, third)
    before = [content(store, each) for each in (her, twin)]
    merge(store, her, twin)
    assert read(store, her)[0]["phone"] == "+22376111111"
    separate(store, twin)
    assert [content(store, each) for each in (her, twin)] == before
    assert (merged_ids(store, her), merged_ids(store, twin)) == ([], [third])
    assert steps(store, third)[-2:] == [("merged", her, False), ("merged", twin, False)]
    assert standings(store, third) == {third: (False, twin)}
    separate(store, third)
    assert read(store, twin)[0]["phone"] is None


def test_the_one_behind_stands_alone_and_nobody_keeps_its_number(store: ParticipantStore) -> None:
    her, twin = registered(store, phone=None), registered(store, phone=None)
    third = registered(store, phone="76 11 11 11")
    merge(store, twin, third)
    merge(store, her, twin)
    assert became(separate(store, third)) == {"phone": "taken_back"}
    assert merged_ids(store, her) == [twin]
    separate(store, twin)
    assert [content(store, each)["phone"] for each in (her, twin)] == [None, None]
    assert merged_ids(store, twin) == []


def test_all_are_separated_at_once_or_nobody(store: ParticipantStore) -> None:
    her, twin, third, stranger = (registered(store) for _ in range(4))
    merge(store, twin, third)
    merge(store, her, twin)
    for losers, caller, told in (
        ([twin, stranger], MALI, {"NOT_MERGED": ["id"]}),
        ([twin, twin], MALI, {"REPEATED_VALUE": ["id"]}),
        ([twin, new_id()], MALI, {"NOT_FOUND": ["id"]}),
        ([twin, "x"], MALI, {"INVALID_ID": ["id"]}),
        ([twin, third], NIGER, {"NOT_FOUND": ["id"]}),
    ):
        receipts = separate(store, *losers, caller=caller)["receipts"]
        assert statuses(receipts) == ["REJECTED"] * 2
        assert problems(receipts[1]) == told
    stale = [{"id": twin, "version": 1}]
    assert codes(separate(store, twin, expected_versions=stale)["receipts"]) == ["VERSION_CONFLICT"]
    assert codes(separate(store, twin, reason="")["receipts"]) == ["REQUIRED"]
    assert merged_ids(store, her) == sorted([twin, third])
    assert statuses(separate(store, third, twin)["receipts"]) == ["UPDATED"] * 2
    assert found(store) == {her, twin, third, stranger}


def test_a_late_retry_separates_nobody_twice(store: ParticipantStore) -> None:
    her, twin = registered(store), registered(store)
    one: Item = {"push_id": new_id()}
    other: Item = {"push_id": new_id()}
    merge(store, her, twin, **one)
    separate(store, twin, **other)
    assert codes(merge(store, her, twin, **one)["receipts"]) == ["ALREADY_APPLIED"] * 2
    merge(store, her, twin)
    assert codes(separate(store, twin, **other)["receipts"]) == ["ALREADY_APPLIED"]
    assert merged_ids(store, her) == [twin]


def test_a_late_retry_of_what_went_to_the_winner_stays_there(store: ParticipantStore) -> None:
    her, twin = registered(store), registered(store)
    merge(store, her, twin)
    said: Item = {"id": twin, "birth_year": 1991}
    how: Item = {"push_id": new_id()}
    push(store, said, **how)
    separate(store, twin)
    assert codes(push(store, said, **how)) == ["ALREADY_APPLIED"]
    assert [read(store, each)[0]["birth_year"] for each in (her, twin)] == [1991, 1990]


@pytest.mark.parametrize("turn", range(6))
def test_of_merges_both_ways_at_once_one_is_done(store: ParticipantStore, turn: int) -> None:
    her, twin, third = (registered(store) for _ in range(3))
    merge(store, twin, third)
    ways = ((her, twin), (twin, her), (third, her), (her, third))
    with ThreadPoolExecutor(4) as pool:
        told = [pool.submit(merge, store, *each) for each in ways]
    done = [each.result()["receipts"][0]["status"] == "UPDATED" for each in told]
    assert any(done), turn
    standing = found(store)
    for each in (her, twin, third):
        [record] = read_as_said(store, each)
        assert record["id"] in standing
        [raw] = store.people.collection.find({"_id": each})
        into = raw["content"].get("merged_into")
        assert into is None or each in merged_ids(store, into)


def test_a_merge_beside_a_withdrawal_or_a_correction(store: ParticipantStore) -> None:
    for _ in range(5):
        her, twin = registered(store), registered(store)
        with ThreadPoolExecutor(3) as pool:
            merging = pool.submit(merge, store, her, twin)
            pushing = pool.submit(push, store, {"id": twin, "birth_year": 1991})
            gone = pool.submit(push, store, {"id": her, "reason": "left"}, use=people.withdraw)
        [pushed], [withdrawn] = pushing.result(), gone.result()
        assert withdrawn["status"] == "UPDATED"
        [she], merged = read(store, her), merging.result()["receipts"][0]["status"] == "UPDATED"
        assert she["withdrawn"] is True
        assert (twin in she["merged_ids"]) is merged
        if merged and "MERGED_INTO" in problems(pushed) and pushed["status"] == "UPDATED":
            assert she["birth_year"] == 1991
        if not merged:
            assert read(store, twin)[0]["birth_year"] == 1991


def test_one_nomination_is_made_where_two_ids_race(store: ParticipantStore) -> None:
    her, twin = registered(store), registered(store)
    merge(store, her, twin)
    for _ in range(5):
        target = new_id()
        both = [nomination(each, activity_id=target) for each in (her, twin)]
        with ThreadPoolExecutor(2) as pool:
            told = list(pool.map(lambda n: push(store, n, use=nominations.nominate), both))
        assert sorted(each[0]["status"] for each in told) == ["CREATED", "REJECTED"]


KOBO = {"system": "kobo", "key": "7"}
OTHER = {"system": "odk", "key": "8"}


def test_keys_lead_to_the_winner_and_back_to_their_own(store: ParticipantStore) -> None:
    her = registered(store, external_refs=[OTHER])
    twin, third = registered(store, external_refs=[KOBO]), registered(store)
    merge(store, third, twin)
    merge(store, her, third)
    [receipt] = push(store, {"external_refs": [KOBO], "birth_year": 1991})
    assert (receipt["status"], receipt["id"]) == ("UPDATED", her)
    assert read(store, her)[0]["external_refs"] == [OTHER, KOBO]
    assert found(store, external_refs=[KOBO]) == {her}
    assert became(separate(store, third)) == {
        "external_refs": "taken_back",
        "birth_year": "corrected",
    }
    assert found(store, external_refs=[KOBO]) == {third}
    separate(store, twin)
    assert (found(store, external_refs=[KOBO]), found(store, external_refs=[OTHER])) == (
        {twin}, {her},
    )  # fmt: skip


def test_a_key_that_somebody_has_by_now_keeps_its_first_owner_out(store: ParticipantStore) -> None:
    her, twin = registered(store), registered(store, external_refs=[KOBO])
    merge(store, her, twin)
    push(store, {"id": her, "external_refs": [{**KOBO, "remove": True}]})
    other = registered(store, external_refs=[KOBO])
    [receipt] = separate(store, twin)["receipts"]
    assert receipt["status"] == "REJECTED"
    assert [(each["code"], each["params"]) for each in receipt["problems"]] == [
        ("REF_TAKEN", {"id": other})
    ]
