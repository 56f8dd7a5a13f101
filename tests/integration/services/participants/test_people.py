"""People are registered once, corrected, found by their own chapter, and told of by no name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo.database import Database

from services.participants.handlers import nominations, people
from services.participants.store import ParticipantStore
from shared.errors import Forbidden, Refused
from shared.ids import new_id
from shared.messages import message
from tests.integration.services.participants.participants_world import (
    MALI,
    NIGER,
    SECRETARIAT,
    anonymous,
    emitted,
    found,
    opened,
    problems,
    push,
    read,
    statuses,
    types,
)
from tests.walking import walk
from tests.world.items import CONSENT, person

Use = Callable[[Mapping[str, Any], ParticipantStore], dict[str, Any]]


@pytest.fixture
def store(db: Database[dict[str, Any]], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


def unverified(store: ParticipantStore, *ids: str, caller: Mapping[str, Any] = MALI) -> list[str]:
    """Those of the ids that the service does not know."""
    return list(people.verify_participants({"caller": caller, "ids": ids}, store)["unknown"])


def five_hundred_with_three_wrong() -> list[dict[str, Any]]:
    people = [person(family_name=f"Traoré {number}") for number in range(500)]
    people[7]["birth_year"] = 2999
    people[250]["groups"] = ["youth", "youths"]
    del people[499]["consent"]
    return people


def test_of_500_people_3_wrong_ones_are_told_and_497_are_in(store: ParticipantStore) -> None:
    people = five_hundred_with_three_wrong()
    receipts = push(store, *people)
    assert statuses(receipts).count("CREATED") == 497
    rejected = {receipt["row"]: receipt for receipt in receipts if receipt["status"] == "REJECTED"}
    assert {row: problems(receipt) for row, receipt in rejected.items()} == {
        7: {"IN_FUTURE": ["birth_year"]},
        250: {"UNKNOWN_CODE": ["groups", 1]},
        499: {"REQUIRED": ["consent"]},
    }
    for receipt in rejected.values():
        for problem in receipt["problems"]:
            french, english = (
                message(problem["code"], lg, problem["params"]) for lg in ("fr", "en")
            )
            assert french != english
            assert "…" not in french + english
    unknown = unverified(store, *(each["id"] for each in people))
    assert unknown == [people[row]["id"] for row in (7, 250, 499)]
    assert types(store) == ["participant.registered"] * 497


def test_all_or_nothing_lets_nobody_in_if_one_is_wrong(store: ParticipantStore) -> None:
    receipts = push(store, *five_hundred_with_three_wrong(), mode="all_or_nothing")
    assert set(statuses(receipts)) == {"REJECTED"}
    assert emitted(store) == []
    assert found(store) == set()


def test_a_dry_run_tells_and_stores_nothing(store: ParticipantStore) -> None:
    assert statuses(push(store, person(), dry_run=True)) == ["CREATED"]
    assert found(store) == set()


def test_more_than_500_are_refused_as_a_whole(store: ParticipantStore) -> None:
    with pytest.raises(Refused, match="TOO_MANY_ITEMS"):
        push(store, *(person() for _ in range(501)))
    assert found(store) == set()


def test_the_same_batch_from_two_clients_at_once_has_one_effect(store: ParticipantStore) -> None:
    people = [person(family_name=f"Keïta {number}") for number in range(100)]
    with ThreadPoolExecutor(2) as clients:
        one, other = clients.map(lambda _: push(store, *people), range(2))
    assert {*statuses(one), *statuses(other)} == {"CREATED", "UNCHANGED"}
    assert statuses(one) != statuses(other)
    assert statuses(push(store, *people)) == ["UNCHANGED"] * 100
    assert types(store) == ["participant.registered"] * 100


def test_a_blank_never_overwrites_and_clear_empties(store: ParticipantStore) -> None:
    said = person(phone="76 12 34 56", email="Awa@Example.org")
    push(store, said)
    blank = {"id": said["id"], "phone": "", "email": None, "language": "bm"}
    assert statuses(push(store, blank)) == ["UPDATED"]
    (kept,) = read(store, said["id"])
    assert (kept["phone"], kept["email"]) == ("+22376123456", "awa@example.org")
    assert kept["language"] == "bm"
    push(store, {"id": said["id"], "clear": ["phone"]})
    (kept,) = read(store, said["id"])
    assert kept["phone"] is None
    assert found(store, phone="76123456") == set()


def test_a_correction_of_a_name_alone_is_told_without_it(store: ParticipantStore) -> None:
    said = person()
    push(store, said)
    (receipt,) = push(store, {"id": said["id"], "family_name": "Coulibaly"})
    assert receipt["version"] == 2
    registered, corrected = emitted(store)
    assert (registered.type, registered.sequence) == ("participant.registered", 1)
    assert (corrected.type, corrected.sequence) == ("participant.corrected", 2)
    assert anonymous(registered).data == anonymous(corrected).data


def test_events_carry_what_people_are_counted_by(store: ParticipantStore) -> None:
    said = person(
        birth_year=None,
        age=31,
        age_on="2021-11-04",
        disability=None,
        washington_group={"seeing": 3},
        groups=["womens_group", "youth"],
    )
    push(store, said)
    (event,) = emitted(store)
    assert event.data == {
        "id": said["id"],
        "chapter": "ML",
        "sex": "female",
        "birth_year": 1990,
        "groups": ["womens_group", "youth"],
        "disability": "with",
        "place": "ML.SIK.YAN.KALANA",
        "withdrawn": False,
        "version": 1,
        "merged_into": None,
    }
    (view,) = read(store, said["id"])
    assert (view["birth_year"], view["birth_year_estimated"]) == (1990, True)
    assert view["washington_group"] == {"seeing": 3}


def test_a_person_of_whom_little_is_known_is_told_of_too(store: ParticipantStore) -> None:
    push(store, {"id": new_id(), "given_name": "Awa", "consent": CONSENT})
    (event,) = emitted(store)
    assert {name for name, value in event.data.items() if value is None} == {
        "sex", "birth_year", "disability", "place", "merged_into",
    }  # fmt: skip


def test_a_withdrawn_person_is_verified_no_more_until_reinstated(
    store: ParticipantStore,
) -> None:
    said = person()
    push(store, said)
    tombstone = {"id": said["id"], "reason": "registered twice"}
    assert statuses(push(store, tombstone, use=people.withdraw)) == ["UPDATED"]
    assert statuses(push(store, tombstone, use=people.withdraw)) == ["UNCHANGED"]
    assert unverified(store, said["id"]) == [said["id"]]
    assert found(store) == set()
    assert found(store, withdrawn=True) == {said["id"]}
    (view,) = read(store, said["id"])
    assert (view["withdrawn"], view["status_reason"]) == (True, "registered twice")
    assert problems(push(store, said)[0]) == {"WITHDRAWN": ["id"]}

    push(store, {**tombstone, "reason": "was no twin"}, use=people.reinstate)
    assert unverified(store, said["id"]) == []
    assert statuses(push(store, said)) == ["UNCHANGED"]
    assert types(store, "participant") == [
        "participant.registered", "participant.withdrawn", "participant.reinstated",
    ]  # fmt: skip
    withdrawn = [e.data["withdrawn"] for e in emitted(store) if e.type.startswith("participant.")]
    assert withdrawn == [False, True, False]


@pytest.mark.parametrize(
    "asked",
    [
        {"text": "TRAORE"},
        {"text": "traoré aminata"},
        {"text": "Mariam"},
        {"phone": "+223 76 12 34 56"},
        {"phone": "76-12-34-56"},
        {"email": "AMINATA@example.org"},
        {"group": "youth", "sex": "female"},
        {"place": "ML.BOU"},
        {"place": "ML.06.YAN"},
        {"place": "ML.SIK.YAN.KALANA"},
        {"chapter": "ML", "text": "aminata"},
    ],
)
def test_a_person_is_found_by(store: ParticipantStore, asked: dict[str, Any]) -> None:
    her = person(given_name="Aminata-Mariam", phone="76 12 34 56", email="aminata@example.org")
    him = person(
        given_name="Moussa", family_name="Keïta", phone="76 12 34 57", sex="male",
        groups=["media"], place="ML.BKO", email="moussa@example.org",
    )  # fmt: skip
    assert statuses(push(store, her, him)) == ["CREATED", "CREATED"]
    assert found(store, **asked) == {her["id"]}
    assert found(store, caller=SECRETARIAT, **asked) == {her["id"]}


@pytest.mark.parametrize(
    "asked",
    [
        {"text": "raoré"},
        {"text": "?!"},
        {"phone": "76 12 34 50"},
        {"place": "ML.BKO"},
        {"place": "ML.SIK"},
        {"text": "traoré moussa"},
        {"ids": []},
    ],
)
def test_nobody_is_found_by(store: ParticipantStore, asked: dict[str, Any]) -> None:
    people = [person(phone="76 12 34 56"), person(given_name="?!", family_name=None)]
    assert statuses(push(store, *people)) == ["CREATED", "CREATED"]
    assert found(store, **asked) == set()


def test_a_filter_that_makes_no_sense_is_named_without_its_value(store: ParticipantStore) -> None:
    with pytest.raises(Refused) as refused:
        found(store, phone="call Fatoumata")
    assert refused.value.code == "INVALID_PHONE"
    assert refused.value.params == {"path": ["filter", "phone"]}
    with pytest.raises(Refused) as refused:
        found(store, sex="Fatoumata")
    assert refused.value.code == "UNKNOWN_CODE"
    codes = ("female", "male", "other", "not_stated")
    assert refused.value.params == {"path": ["filter", "sex"], "list": "sex", "codes": codes}


def test_pages_go_through_everybody_once_while_others_come(store: ParticipantStore) -> None:
    everybody = [person(family_name=f"Keïta {number}") for number in range(25)]
    push(store, *everybody)
    seen = walk(
        lambda **page: people.list_people({"caller": MALI, **page}, store),
        10,
        meanwhile=lambda: push(store, person(id="00000000-0000-7000-8000-" + new_id()[-12:])),
    )
    assert [each["id"] for each in seen] == sorted(each["id"] for each in everybody)


def test_another_chapter_sees_nobody_and_takes_no_id(store: ParticipantStore) -> None:
    said = person(phone="+223 76 12 34 56")
    push(store, said, {**said, "id": new_id()})
    assert read(store, said["id"], caller=NIGER) == []
    assert found(store, caller=NIGER) == set()
    assert found(store, caller=NIGER, chapter="ML") == set()
    assert found(store, caller=NIGER, phone="+223 76 12 34 56") == set()
    assert unverified(store, said["id"], caller=NIGER) == [said["id"]]
    request = {"caller": NIGER, "first": 50}
    assert people.possible_duplicates(request, store)["items"] == []
    assert problems(push(store, said, caller=NIGER)[0]) == {"ID_TAKEN": ["id"]}
    tombstone = {"id": said["id"], "reason": "not ours"}
    receipts = push(store, tombstone, caller=NIGER, use=people.withdraw)
    assert problems(receipts[0]) == {"NOT_FOUND": ["id"]}
    assert len(read(store, said["id"], caller=SECRETARIAT)) == 1


@pytest.mark.parametrize("role", ["partner", "operator"])
def test_partners_and_operators_have_no_business_here(store: ParticipantStore, role: str) -> None:
    caller = {"role": role, "chapter": None}
    pushed = {"pushes": [{"caller": caller, "items": [person()]}]}
    asked = {"caller": caller, "ids": [new_id()]}
    writes: tuple[Use, ...] = (
        people.register,
        people.withdraw,
        people.reinstate,
        nominations.nominate,
    )
    reads: tuple[Use, ...] = (
        people.get_many,
        people.list_people,
        people.verify_participants,
        people.possible_duplicates,
        nominations.list_nominations,
    )
    for uses, request in ((writes, pushed), (reads, asked)):
        for use in uses:
            with pytest.raises(Forbidden):
                use(request, store)


def test_verifying_reads_the_index_alone(store: ParticipantStore) -> None:
    push(store, *(person(family_name=f"Keïta {number}") for number in range(20)))
    ids = [each["_id"] for each in store.people.collection.find({}, {"_id": 1})]
    query = {"_id": {"$in": ids}, "withdrawn": False, "chapter": "ML"}
    plan = store.people.collection.find(query, {"_id": True}).explain()
    assert plan["executionStats"]["nReturned"] == 20
    assert plan["executionStats"]["totalDocsExamined"] == 0


def test_pushes_of_several_callers_each_keep_to_their_own(store: ParticipantStore) -> None:
    ours, theirs = person(), person(place=None)
    answer = people.register(
        {
            "pushes": [
                {"caller": MALI, "items": [ours]},
                {"caller": NIGER, "items": [theirs, {**ours, "family_name": "Issoufou"}]},
            ]
        },
        store,
    )
    mine, others = answer["pushes"]
    assert statuses(mine["receipts"]) == ["CREATED"]
    assert statuses(others["receipts"]) == ["CREATED", "REJECTED"]
    assert found(store, caller=NIGER) == {theirs["id"]}
    actors = {row["subject"]: row["actor"] for row in store.outbox.collection.find()}
    assert actors == {ours["id"]: MALI["key_id"], theirs["id"]: NIGER["key_id"]}
