"""People and nominations are pushed by the keys of the chapter's own lists, which nobody can read
in the database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import bson
import pytest
from pymongo.database import Database

from services.participants.handlers import nominations, people
from services.participants.store import ParticipantStore
from shared.ids import canonical, new_id
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
    types,
)
from tests.world.items import nomination, person

Item = dict[str, Any]


@pytest.fixture
def store(db: Database[Item], mongo_uri: str) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri) as store:
        yield store


def kobo(*keys: str) -> list[Item]:
    return [{"system": "kobo", "key": key} for key in keys]


def test_a_person_without_an_id_is_whoever_has_the_key(store: ParticipantStore) -> None:
    said = person(id=None, external_refs=kobo("12"))
    [made] = push(store, said)
    assert canonical(made["id"])
    assert statuses(push(store, said)) == ["UNCHANGED"]
    [corrected] = push(store, {"external_refs": kobo("12"), "sex": "male"})
    assert (corrected["status"], corrected["id"]) == ("UPDATED", made["id"])
    [shown] = read(store, made["id"])
    assert (shown["external_refs"], shown["sex"]) == (kobo("12"), "male")
    assert types(store) == ["participant.registered", "participant.corrected"]
    [abroad] = push(store, said, caller=NIGER)
    assert (abroad["status"], abroad["id"] == made["id"]) == ("CREATED", False)


def test_a_key_of_somebody_else_is_told_with_their_id(store: ParticipantStore) -> None:
    [made] = push(store, person(id=None, external_refs=kobo("1")))
    [refused] = push(store, person(external_refs=kobo("1")))
    assert problems(refused) == {"REF_TAKEN": ["external_refs", 0]}
    assert refused["problems"][0]["params"] == {"id": made["id"]}


def test_no_key_or_identifier_can_be_read_in_the_database(store: ParticipantStore) -> None:
    number = [{"system": "register", "value": "SECRET-2"}]
    said = person(id=None, external_refs=kobo("SECRET-1"), identifiers=number)
    [made] = push(store, said)
    push(store, {"id": made["id"], "sex": "male"})  # and a version behind it
    [nominated] = push(
        store,
        nomination(made["id"], id=None, activity_id=new_id(), external_refs=kobo("SECRET-3")),
        use=nominations.nominate,
    )
    assert nominated["status"] == "CREATED"
    for name in store.db.list_collection_names():
        for document in store.db[name].find():
            assert b"SECRET" not in bson.encode(document), name
            assert b"kobo" not in bson.encode(document), name


def test_people_are_found_by_keys_and_identifiers_in_their_chapter(
    store: ParticipantStore,
) -> None:
    number = [{"system": "register", "value": "77"}]
    [one] = push(store, person(id=None, external_refs=kobo("1"), identifiers=number))
    [two] = push(store, person(id=None, external_refs=kobo("2"), identifiers=number))
    push(store, person(id=None, external_refs=kobo("1"), identifiers=number), caller=NIGER)
    assert found(store, external_refs=kobo("1", "9")) == {one["id"]}
    assert found(store, identifiers=number) == {one["id"], two["id"]}
    assert found(store, identifiers=number, external_refs=kobo("2")) == {two["id"]}
    assert found(store, external_refs=[]) == set()
    assert len(found(store, SECRETARIAT, identifiers=number)) == 3


def test_people_are_withdrawn_reinstated_and_restored_by_keys(store: ParticipantStore) -> None:
    [made] = push(store, person(id=None, external_refs=kobo("1")))
    gone = {"ref": kobo("1")[0], "reason": "twice"}
    assert statuses(push(store, gone, use=people.withdraw)) == ["UPDATED"]
    [refused] = push(store, person(id=None, external_refs=kobo("1")))
    assert (refused["id"], problems(refused)) == (made["id"], {"WITHDRAWN": ["external_refs"]})
    assert statuses(push(store, gone, use=people.reinstate)) == ["UPDATED"]
    push(store, {"id": made["id"], "sex": "male"})
    back = {**gone, "version": 1}
    assert statuses(push(store, back, use=people.restore)) == ["UPDATED"]
    [unknown] = push(store, {**gone, "ref": kobo("2")[0]}, use=people.withdraw)
    assert problems(unknown) == {"UNKNOWN_REF": ["ref"]}


def test_a_version_does_not_bring_back_a_key_that_is_somebody_elses_by_now(
    store: ParticipantStore,
) -> None:
    [made] = push(store, person(id=None, external_refs=kobo("1")))
    push(store, {"id": made["id"], "clear": ["external_refs"]})
    [other] = push(store, person(id=None, external_refs=kobo("1")))
    back = {"id": made["id"], "version": 1, "reason": "mistake"}
    [refused] = push(store, back, use=people.restore)
    assert problems(refused) == {"REF_TAKEN": ["external_refs"]}
    assert refused["problems"][0]["params"] == {"id": other["id"]}


def test_a_nomination_names_the_person_by_a_key(store: ParticipantStore) -> None:
    [awa] = push(store, person(id=None, external_refs=kobo("1")))
    proposed = nomination("", participant_id=None, id=None, activity_id=new_id())
    proposed |= {"participant_ref": kobo("1")[0], "external_refs": kobo("n1")}
    [made] = push(store, proposed, use=nominations.nominate)
    assert made["status"] == "CREATED"
    [listed] = nominations.list_nominations(
        {"caller": MALI, "filter": {"external_refs": kobo("n1")}}, store
    )["items"]
    assert (listed["id"], listed["participant_id"]) == (made["id"], awa["id"])
    [unknown] = push(
        store, {**proposed, "external_refs": kobo("n2"), "participant_ref": kobo("9")[0]},
        use=nominations.nominate,
    )  # fmt: skip
    assert problems(unknown)["UNKNOWN_PARTICIPANT"] == ["participant_ref"]
    # What lives in another service, the gateway has put in the place of its key by now.
    [foreign] = push(
        store,
        {
            **proposed,
            "external_refs": kobo("n3"),
            "activity_id": None,
            "activity_ref": kobo("a")[0],
        },
        use=nominations.nominate,
    )
    assert problems(foreign)["UNKNOWN_ACTIVITY"] == ["activity_ref"]


def test_120_racing_registrations_of_one_key_make_one_person(store: ParticipantStore) -> None:
    said = person(id=None, external_refs=kobo("1"))
    with ThreadPoolExecutor(8) as clients:
        told = list(clients.map(lambda _: push(store, said)[0], range(120)))
    assert len({receipt["id"] for receipt in told}) == 1
    assert sorted(set(statuses(told))) == ["CREATED", "UNCHANGED"]
    assert store.people.collection.count_documents({}) == 1


def test_the_gateway_is_told_where_keys_lead(store: ParticipantStore) -> None:
    [made] = push(store, person(id=None, external_refs=kobo("1")))
    asked = [{"ref": each} for each in (*kobo("2", "1"), {}, None)]
    assert people.lead({"caller": MALI, "items": asked}, store) == {
        "ids": [None, made["id"], None, None]
    }
    assert people.lead({"caller": NIGER, "items": asked}, store)["ids"] == [None] * 4


def test_the_old_text_of_a_number_is_kept_and_pushed_as_ever(store: ParticipantStore) -> None:
    one, two = person(external_ref="4711"), person(external_ref="4711")
    assert statuses(push(store, one, two)) == ["CREATED", "CREATED"]
    assert [each["external_ref"] for each in read(store, one["id"], two["id"])] == ["4711"] * 2
    assert codes(push(store, {"id": one["id"], "external_ref": "4712"})) == []
