"""People who were registered more than once become one, and all their ids go on working."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import history, nominations, people
from services.participants.store import ParticipantStore
from shared.errors import Forbidden, Refused
from shared.ids import new_id
from tests.integration.services.participants.merging_world import (
    WHY,
    content,
    fields,
    merge,
    merged_ids,
    read_as_said,
    registered,
    reinstate,
    standings,
    steps,
    withdraw,
)
from tests.integration.services.participants.participants_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    codes,
    found,
    opened,
    problems,
    push,
    read,
    statuses,
)
from tests.world.items import CONSENT, nomination

Item = dict[str, Any]


@pytest.fixture
def store(db: Database[Item], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


def test_what_the_winner_lacks_is_taken_from_the_loser(store: ParticipantStore) -> None:
    her = registered(store, phone=None, birth_year=None, age=30, age_on="2021-01-01")
    twin = registered(store, phone="76 11 11 11", email="a@example.org", birth_year=1980)
    shown = merge(store, her, twin, dry_run=True)
    assert statuses(shown["receipts"]) == ["UPDATED", "UPDATED"]
    told = fields(shown)
    assert told["phone"] == (twin, "76111111")
    assert told["email"] == (twin, "a@example.org")
    assert told["given_name"] == (her, "Aminata")
    # An age and a year of birth say one thing: nothing is mixed.
    assert (told["age"], told["birth_year"]) == ((her, 30), (her, None))
    [year] = [each["says"] for each in shown["fields"] if each["field"] == "birth_year"]
    assert year == {her: None, twin: 1980}
    assert read(store, her)[0]["phone"] is None  # it was a trial
    assert merge(store, her, twin)["fields"] == shown["fields"]
    [she] = read(store, her)
    assert (she["phone"], she["email"], she["age"]) == ("+22376111111", "a@example.org", 30)
    assert (she["version"], she["merged_ids"]) == (2, [twin])


def test_the_caller_chooses_whose_value_is_taken(store: ParticipantStore) -> None:
    her = registered(store, phone="76 11 11 11", disability="without")
    twin = registered(store, phone="76 22 22 22", disability=None, sex="other")
    groups = dict.fromkeys(("seeing",), 4)
    push(store, {"id": twin, "washington_group": groups})
    take = [{"field": name, "from": twin} for name in ("phone", "disability")]
    merge(store, her, twin, take=take)
    [she] = read(store, her)
    assert (she["phone"], she["sex"]) == ("+22376222222", "female")
    assert (she["disability"], she["washington_group"]) == ("with", groups)


def test_of_changed_lives_all_that_changes_is_taken_from_one(store: ParticipantStore) -> None:
    her, twin = registered(store, groups=["media"]), registered(store, groups=["youth"])
    push(store, {"id": twin, "since": "2026-01-10", "groups": ["policy_maker"]})
    mixed = [{"field": "groups", "from": twin}, {"field": "place", "from": her}]
    winner, _ = merge(store, her, twin, take=mixed)["receipts"]
    assert problems(winner) == {"REPEATED_VALUE": ["take", 1, "field"]}
    merge(store, her, twin, take=mixed[:1])
    [she] = read(store, her)
    before, last = she["life_changes"]
    assert (before["groups"], last["since"]) == (["youth"], "2026-01-10")
    assert she["groups"] == last["groups"] == ["policy_maker"]


def test_a_consent_that_was_taken_back_outweighs_one_that_stands(store: ParticipantStore) -> None:
    her = registered(store)
    twin = registered(store, consent={**CONSENT, "withdrawn_on": "2021-08-01"})
    assert fields(merge(store, her, twin))["consent"][0] == twin
    [she] = read(store, her)
    assert she["consent"]["withdrawn_on"] == "2021-08-01"


def test_lists_show_the_winner_alone_and_old_ids_lead_there(store: ParticipantStore) -> None:
    her, twin = registered(store), registered(store, phone="76 11 11 11")
    merge(store, her, twin)
    assert found(store) == {her} == found(store, ids=[twin]) == found(store, ids=[her, twin])
    assert found(store, phone="76111111") == {her} == found(store, text="aminata")
    assert found(store, withdrawn=True) == set()
    assert [each["id"] for each in read_as_said(store, twin, her)] == [her, her]
    assert people.possible_duplicates({"caller": MALI}, store)["items"] == []
    other = registered(store)
    asked = {"caller": MALI, "participant_ids": [twin]}
    [group] = people.possible_duplicates(asked, store)["items"]
    assert group["ids"] == sorted([her, other])


def test_what_is_pushed_under_an_old_id_is_stored_with_the_winner(store: ParticipantStore) -> None:
    her, twin = registered(store), registered(store)
    merge(store, her, twin)
    [receipt] = push(store, {"id": twin, "birth_year": 1991, "phone": "76 11 11 11"})
    assert (receipt["status"], receipt["id"], receipt["version"]) == ("UPDATED", twin, 3)
    [remark] = receipt["problems"]
    assert (remark["code"], remark["params"]) == ("MERGED_INTO", {"id": her})
    assert read(store, her)[0]["birth_year"] == 1991
    assert statuses(push(store, {"id": twin, "birth_year": 1991})) == ["UNCHANGED"]
    # Both ids in one push speak of one person.
    said = push(store, {"id": twin, "birth_year": 1992}, {"id": her, "birth_year": 1993})
    assert statuses(said) == ["UPDATED", "REJECTED"]
    assert codes(said) == ["MERGED_INTO", "DUPLICATE_ROW"]
    stale = {"id": twin, "birth_year": 1994, "expected_version": 1}
    assert codes(push(store, stale)) == ["VERSION_CONFLICT"]


def test_two_pushes_of_one_call_see_each_other_whatever_the_id(store: ParticipantStore) -> None:
    her, twin = registered(store), registered(store)
    merge(store, her, twin)
    said = [
        {"caller": MALI, "items": [{"id": each, "birth_year": year}]}
        for each, year in ((her, 1991), (twin, 1992), (her, 1993))
    ]
    answers = people.register({"pushes": said}, store)["pushes"]
    assert [each["receipts"][0]["version"] for each in answers] == [3, 4, 5]
    assert read(store, her)[0]["birth_year"] == 1993


def test_a_late_retry_under_an_old_id_changes_nothing(store: ParticipantStore) -> None:
    her, twin = registered(store), registered(store)
    before: Item = {"push_id": new_id()}
    since: Item = {"push_id": new_id()}
    push(store, {"id": twin, "birth_year": 1985}, **before)
    merge(store, her, twin)
    [receipt] = push(store, {"id": twin, "birth_year": 1985}, **before)
    assert (receipt["status"], receipt["version"]) == ("UNCHANGED", 2)
    assert "ALREADY_APPLIED" in problems(receipt)
    push(store, {"id": twin, "birth_year": 1986}, **since)
    push(store, {"id": her, "birth_year": 1987})
    assert "ALREADY_APPLIED" in codes(push(store, {"id": twin, "birth_year": 1986}, **since))
    assert read(store, her)[0]["birth_year"] == 1987


def test_withdrawing_the_winner_takes_all_ids_out(store: ParticipantStore) -> None:
    her, twin = registered(store), registered(store)
    merge(store, her, twin)

    def unknown() -> Any:
        return people.verify_participants({"caller": MALI, "ids": [her, twin]}, store)["unknown"]

    assert unknown() == []
    [receipt] = withdraw(store, twin)
    assert problems(receipt) == {"MERGED_INTO": ["id"]}
    assert unknown() == [her, twin]
    assert (found(store), found(store, withdrawn=True)) == (set(), {her})
    assert codes(push(store, {"id": twin, "birth_year": 1991})) == ["WITHDRAWN"]
    reinstate(store, her)
    assert unknown() == []
    assert people.verify_participants({"caller": NIGER, "ids": [twin]}, store)["unknown"] == [twin]


def test_a_withdrawn_loser_counts_as_the_winner_does(store: ParticipantStore) -> None:
    her, twin = registered(store), registered(store)
    withdraw(store, twin)
    merge(store, her, twin)
    assert standings(store, her, twin) == {twin: (False, her)}
    assert people.verify_participants({"caller": MALI, "ids": [twin]}, store)["unknown"] == []


def test_what_happened_is_told_of_each(store: ParticipantStore) -> None:
    her, twin, third = (registered(store) for _ in range(3))
    merge(store, twin, third)
    merge(store, her, twin)
    assert steps(store, her) == [("registered", None, False), ("corrected", None, False)]
    assert steps(store, twin) == [
        ("registered", None, False), ("corrected", None, False), ("merged", her, False),
    ]  # fmt: skip
    # Nobody is one with somebody who is one with another.
    assert steps(store, third) == [
        ("registered", None, False), ("merged", twin, False), ("merged", her, False),
    ]  # fmt: skip
    assert standings(store, her, twin, third) == {twin: (False, her), third: (False, her)}
    assert merged_ids(store, her) == sorted([twin, third])


def test_the_history_tells_who_was_merged_and_why(store: ParticipantStore) -> None:
    her, twin = registered(store), registered(store, birth_year=1980)
    merge(store, her, twin)
    asked = {"caller": MALI, "kind": "participant"}
    newest, oldest = history.history({**asked, "id": twin}, store)["items"]
    assert (newest["kind"], newest["reason"], oldest["kind"]) == ("merged", WHY, "registered")
    assert (newest["record"]["merged_into"], newest["record"]["birth_year"]) == (her, 1980)
    _, change = history.changes({**asked, "id": twin}, store)["items"]
    assert change["changed"] == {
        "status_reason": {"before": None, "after": WHY},
        "merged_into": {"before": None, "after": her},
    }
    _, change = history.changes({**asked, "id": her}, store)["items"]
    assert change["changed"] == {"merged_ids": {"before": None, "after": [twin]}}


def test_a_version_of_the_winner_comes_back_and_it_stays_one(store: ParticipantStore) -> None:
    her, twin = registered(store, phone=None), registered(store, phone="76 11 11 11")
    merge(store, her, twin)
    back = {"id": her, "version": 1, "reason": "was right"}
    assert statuses(push(store, back, use=people.restore)) == ["UPDATED"]
    [she] = read(store, her)
    assert (she["phone"], she["merged_ids"]) == (None, [twin])
    old = push(store, {"id": twin, "version": 1, "reason": "was right"}, use=people.restore)
    assert statuses(old) == ["UNCHANGED"]
    push(store, {"id": twin, "birth_year": 1991})
    assert content(store, twin)["birth_year"] == 1991


def test_what_cannot_be_merged_is_refused_and_nobody_is(store: ParticipantStore) -> None:
    her, twin, third, gone = (registered(store) for _ in range(4))
    merge(store, her, twin)
    withdraw(store, gone)
    elsewhere = registered(store, NIGER, chapter=None)
    for winner, losers, caller, wrong in (
        (twin, [third], MALI, {"IS_MERGED": ["id"]}),
        (gone, [third], MALI, {"WITHDRAWN": ["id"]}),
        (new_id(), [third], MALI, {"NOT_FOUND": ["id"]}),
        ("x", [third], MALI, {"INVALID_ID": ["id"]}),
        (elsewhere, [third], MALI, {"NOT_FOUND": ["id"]}),
    ):
        receipts = merge(store, winner, *losers, caller=caller)["receipts"]
        assert statuses(receipts) == ["REJECTED"] * 2
        assert problems(receipts[0]) == wrong
    for losers, caller, code in (
        ([third, third], MALI, "REPEATED_VALUE"),
        ([third, her], MALI, "REPEATED_VALUE"),
        ([third, elsewhere], MALI, "NOT_FOUND"),
        ([third, elsewhere], SECRETARIAT, "NOT_ONE_CHAPTER"),
    ):
        receipts = merge(store, her, *losers, caller=caller)["receipts"]
        assert code in problems(receipts[-1])
        assert statuses(receipts) == ["REJECTED"] * 3
    receipts = merge(store, third, twin)["receipts"]
    assert problems(receipts[1]) == {"IS_MERGED": ["id"]}
    assert codes(merge(store, her, third, reason=" ")["receipts"]) == ["REQUIRED", "ALL_OR_NOTHING"]
    versions = [{"id": third.upper(), "version": 7}]
    told = merge(store, her, third, expected_versions=versions)["receipts"]
    assert problems(told[1]) == {"VERSION_CONFLICT": ["expected_version"]}
    for field, source, code in (
        ("fone", her, "UNKNOWN_FIELD"),
        ("phone", gone, "UNKNOWN_PARTICIPANT"),
    ):
        told = merge(store, her, third, take=[{"field": field, "from": source}])["receipts"]
        assert [*problems(told[0])] == [code]
    for losers in ([], [new_id() for _ in range(21)]):
        with pytest.raises(Refused):
            merge(store, her, *losers)
    with pytest.raises(Forbidden):
        merge(store, her, third, caller={"role": "partner", "key_id": "k"})
    assert merged_ids(store, her) == [twin]


def test_said_twice_it_is_done_once(store: ParticipantStore) -> None:
    her, twin, third = (registered(store) for _ in range(3))
    how: Item = {"push_id": new_id()}
    assert statuses(merge(store, her, twin, **how)["receipts"]) == ["UPDATED"] * 2
    assert codes(merge(store, her, twin, **how)["receipts"]) == ["ALREADY_APPLIED"] * 2
    again = merge(store, her, twin)["receipts"]
    assert (statuses(again), codes(again)) == (["UNCHANGED"] * 2, [])
    assert statuses(merge(store, her, twin, third)["receipts"]) == [
        "UPDATED", "UNCHANGED", "UPDATED",
    ]  # fmt: skip


def test_one_nomination_of_a_person_stands_under_whichever_id(store: ParticipantStore) -> None:
    her, twin, third = (registered(store) for _ in range(3))
    activity, other = new_id(), new_id()
    mine = nomination(her, activity_id=activity)
    hers = [nomination(twin, activity_id=each) for each in (activity, other)]
    push(store, mine, *hers, use=nominations.nominate)
    [doubled] = merge(store, her, twin, dry_run=True)["doubled"]
    assert doubled == {"target": activity, "nominations": sorted([mine["id"], hers[0]["id"]])}
    merge(store, her, twin, third)
    again = [nomination(each, activity_id=other) for each in (her, twin, third)]
    assert codes(push(store, *again, use=nominations.nominate)) == ["ALREADY_NOMINATED"] * 3
    # Both that stood stay as said, and can be decided on.
    decided = {"id": mine["id"], "status": "selected", "reason": "chosen"}
    assert statuses(push(store, decided, use=nominations.nominate)) == ["UPDATED"]
    fresh = nomination(third, activity_id=new_id())
    assert statuses(push(store, fresh, use=nominations.nominate)) == ["CREATED"]
    for each in (her, twin, third):
        asked = {"caller": MALI, "filter": {"participant_id": each}}
        listed = nominations.list_nominations(asked, store)["items"]
        assert {one["id"] for one in listed} == {mine["id"], fresh["id"], *(h["id"] for h in hers)}
    withdraw(store, her)
    said = push(store, nomination(twin, activity_id=new_id()), use=nominations.nominate)
    assert codes(said) == ["UNKNOWN_PARTICIPANT"]
