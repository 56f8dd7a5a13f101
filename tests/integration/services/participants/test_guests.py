"""A person of one chapter is entered in another's sheets under an id that tells nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import guests, history, people
from services.participants.store import ParticipantStore
from shared.errors import Forbidden
from shared.ids import new_id
from tests.integration.services.participants.guests_world import (
    invite,
    invited,
    listed,
    may_enter,
    take_back,
)
from tests.integration.services.participants.merging_world import (
    merge,
    merged_ids,
    registered,
    reinstate,
    separate,
    standings,
    steps,
    withdraw,
)
from tests.integration.services.participants.participants_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    codes,
    emitted,
    found,
    opened,
    problems,
    push,
    statuses,
)

Item = dict[str, Any]
BENIN = {"role": "chapter", "chapter": "BJ", "key_id": "key-of-benin"}


@pytest.fixture
def store(db: Database[Item], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


def test_the_other_chapter_and_no_third_enters_the_person(store: ParticipantStore) -> None:
    her = registered(store)
    guest = invited(store, her)
    assert may_enter(store, guest, her) == [guest]
    assert may_enter(store, guest, her, caller=BENIN) == []
    assert may_enter(store, guest, her, caller=MALI) == [guest, her]
    assert may_enter(store, guest, her, caller=SECRETARIAT) == [guest, her]
    assert listed(store) == {guest: (her, "NE", False)} == listed(store, SECRETARIAT)
    assert listed(store, NIGER) == {} == listed(store, BENIN)
    assert listed(store, participant_ids=[her]) == listed(store)
    assert listed(store, participant_ids=[new_id()]) == {}


def test_what_is_told_of_a_guest_is_whom_it_counts_as(store: ParticipantStore) -> None:
    her = registered(store)
    guest = invited(store, her)
    assert steps(store, guest) == [("merged", her, False)]
    assert standings(store, guest, her) == {guest: (False, her)}
    [told] = [each for each in emitted(store) if each.type == "participant.merged"]
    assert {name: value for name, value in told.data.items() if value} == {
        "id": guest, "chapter": "ML", "version": 1, "merged_into": her,
    }  # fmt: skip
    take_back(store, guest)
    assert steps(store, guest)[-1] == ("withdrawn", None, True)
    assert standings(store, guest) == {guest: (True, None)}


def test_a_guest_that_is_taken_back_may_be_entered_no_more_until_given_again(
    store: ParticipantStore,
) -> None:
    her = registered(store)
    guest = invited(store, her)
    assert statuses(take_back(store, guest)) == ["UPDATED"]
    assert (may_enter(store, guest), may_enter(store, guest, caller=MALI)) == ([], [])
    assert codes(take_back(store, guest)) == ["FIRST_REASON_STANDS"]
    assert listed(store) == {guest: (her, "NE", True)} == listed(store, participant_ids=[her])
    assert (merged_ids(store, her), found(store, withdrawn=True)) == ([], set())
    [receipt] = invite(store, guest, her)
    assert (receipt["status"], receipt["version"]) == ("UPDATED", 3)
    assert (may_enter(store, guest), merged_ids(store, her)) == ([guest], [guest])


def test_said_twice_it_is_done_once(store: ParticipantStore) -> None:
    her = registered(store)
    guest = new_id()
    how: Item = {"push_id": new_id()}
    assert statuses(invite(store, guest, her, **how)) == ["CREATED"]
    assert codes(invite(store, guest, her, **how)) == ["ALREADY_APPLIED"]
    assert statuses(invite(store, guest, her)) == ["UNCHANGED"]
    take_back(store, guest, push_id=how["push_id"])
    # A late retry gives nothing again.
    assert codes(invite(store, guest, her, **how)) == ["ALREADY_APPLIED"]
    assert may_enter(store, guest) == []
    invite(store, guest, her)
    assert codes(take_back(store, guest, push_id=how["push_id"])) == ["ALREADY_APPLIED"]
    assert may_enter(store, guest) == [guest]


def test_a_trial_gives_nothing(store: ParticipantStore) -> None:
    her = registered(store)
    assert statuses(invite(store, new_id(), her, dry_run=True)) == ["CREATED"]
    assert listed(store) == {}
    guest = invited(store, her)
    assert statuses(take_back(store, guest, dry_run=True)) == ["UPDATED"]
    assert may_enter(store, guest) == [guest]


def test_one_guest_of_a_person_stands_in_a_chapter(store: ParticipantStore) -> None:
    her = registered(store)
    guest = invited(store, her)
    [receipt] = invite(store, new_id(), her)
    assert problems(receipt) == {"ALREADY_A_GUEST": ["id"]}
    assert receipt["problems"][0]["params"] == {"id": guest}
    assert invited(store, her, "BJ") != guest
    items = [{"id": new_id(), "participant_id": her, "chapter": "TG"} for _ in range(2)]
    assert codes(push(store, *items, use=guests.invite)) == ["ALREADY_A_GUEST"]
    him = registered(store)
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda _: invite(store, new_id(), him), range(4)))
    assert sorted(statuses([each for [each] in said])) == ["CREATED"] + ["REJECTED"] * 3
    assert len(merged_ids(store, him)) == 1


def test_what_cannot_be_given_is_refused_by_name(store: ParticipantStore) -> None:
    her, him, gone = (registered(store) for _ in range(3))
    withdraw(store, gone)
    guest = invited(store, her)
    theirs = registered(store, NIGER, chapter=None)
    for said, wrong in (
        (("x", her, "NE"), {"INVALID_ID": ["id"]}),
        ((None, her, "NE"), {"REQUIRED": ["id"]}),
        ((new_id(), None, "NE"), {"REQUIRED": ["participant_id"]}),
        ((new_id(), new_id(), "NE"), {"UNKNOWN_PARTICIPANT": ["participant_id"]}),
        ((new_id(), theirs, "ML"), {"UNKNOWN_PARTICIPANT": ["participant_id"]}),
        ((new_id(), gone, "NE"), {"WITHDRAWN": ["participant_id"]}),
        ((new_id(), her, None), {"REQUIRED": ["chapter"]}),
        ((new_id(), her, "XX"), {"UNKNOWN_CODE": ["chapter"]}),
        ((new_id(), her, 7), {"UNKNOWN_CODE": ["chapter"]}),
        ((new_id(), her, "ML"), {"AT_HOME": ["chapter"]}),
        ((him, her, "NE"), {"ID_TAKEN": ["id"]}),
        ((theirs, her, "NE"), {"ID_TAKEN": ["id"]}),
        ((guest, him, "NE"), {"CANNOT_CHANGE": ["participant_id"]}),
        ((guest, her, "BJ"), {"CANNOT_CHANGE": ["chapter"]}),
    ):  # fmt: skip
        [receipt] = invite(store, *said)
        assert (receipt["status"], problems(receipt)) == ("REJECTED", wrong), said
    twice = [{"id": (same := new_id()), "participant_id": her, "chapter": "TG"}]
    twice.append({"id": same, "participant_id": him, "chapter": "TG"})
    assert "DUPLICATE_ROW" in codes(push(store, *twice, use=guests.invite))
    for caller in ({"role": "partner", "key_id": "k"}, {"role": "operator", "key_id": "k"}):
        with pytest.raises(Forbidden):
            invite(store, new_id(), her, caller=caller)


def test_a_withdrawn_person_is_nobodys_guest_until_reinstated(store: ParticipantStore) -> None:
    her = registered(store)
    guest = invited(store, her)
    withdraw(store, her)
    assert may_enter(store, guest) == []
    assert standings(store, guest, her) == {guest: (False, her), her: (True, None)}
    reinstate(store, her)
    assert may_enter(store, guest) == [guest]


def test_a_guest_follows_the_person_into_a_merge_and_out_again(store: ParticipantStore) -> None:
    her, twin = registered(store), registered(store)
    guest, other = invited(store, twin), invited(store, her)
    merge(store, her, twin)
    assert standings(store, guest, other, twin) == {
        guest: (False, her), other: (False, her), twin: (False, her),
    }  # fmt: skip
    assert may_enter(store, guest, other) == [guest, other]
    assert statuses(invite(store, guest, twin)) == ["UNCHANGED"]
    # Taken back and given again meanwhile, it is still the one's for whom it was made.
    take_back(store, guest, other)
    assert codes(invite(store, guest, registered(store))) == ["CANNOT_CHANGE"]
    assert statuses(invite(store, guest, her)) == ["UPDATED"]
    separate(store, twin)
    assert standings(store, guest)[guest] == (False, twin)
    assert (merged_ids(store, twin), merged_ids(store, her)) == ([guest], [])
    assert may_enter(store, guest, other) == [guest]


def test_the_home_chapter_corrects_and_withdraws_the_person_and_not_the_guest(
    store: ParticipantStore,
) -> None:
    her, him = registered(store), registered(store)
    guest = invited(store, her)
    assert "MERGED_INTO" in codes(push(store, {"id": guest, "birth_year": 1991}))
    assert codes(withdraw(store, guest)) == ["NOT_FOUND"] == codes(reinstate(store, guest))
    assert problems(separate(store, guest)["receipts"][0]) == {"IS_GUEST": ["id"]}
    assert problems(merge(store, him, guest)["receipts"][1])["IS_GUEST"] == ["id"]
    take_back(store, guest)
    assert "WITHDRAWN" in codes(push(store, {"id": guest, "birth_year": 1991}))
    assert "IS_GUEST" in problems(merge(store, him, guest)["receipts"][1])
    assert "IS_GUEST" in problems(merge(store, guest, him)["receipts"][0])
    assert people.get_many({"caller": MALI, "ids": [guest]}, store)["items"] == []
    assert codes(take_back(store, her)) == ["NOT_FOUND"]


def test_who_gave_it_and_took_it_back_when_and_why_is_kept(store: ParticipantStore) -> None:
    guest = invited(store, registered(store))
    take_back(store, guest)
    asked = {"caller": MALI, "kind": "participant", "id": guest}
    back, given = history.history(asked, store)["items"]
    assert (given["kind"], given["actor"]) == ("merged", MALI["key_id"])
    assert (back["kind"], back["reason"]) == ("withdrawn", "went home")
    [shown] = guests.list_guests({"caller": MALI}, store)["items"]
    assert (shown["status_reason"], shown["home"]) == ("went home", "ML")
