"""A lost key or a damaged record is told before anybody needs the name behind it."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bson.binary import Binary
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database

from operations.archive.keys import put_back
from operations.archive.manifest import Manifest
from operations.archive.taking import take
from operations.failure import CannotRun
from operations.sealed import BELIEVED_S, look, troubles
from services.participants.handlers import nominations
from services.participants.layout import PROOFS
from services.participants.store import ParticipantStore
from services.participants.store.cipher import Cipher
from services.participants.store.keys import KeyLost
from services.participants.store.proof import prove
from shared.errors import Unavailable
from shared.ids import new_id
from shared.store import vault
from tests.integration.services.participants.participants_world import (
    MALI,
    opened,
    push,
    read,
    statuses,
)
from tests.stack import ServiceProcess, wait_for
from tests.world.items import nomination, person

Item = dict[str, Any]


@pytest.fixture
def key() -> bytes:
    return os.urandom(96)


@pytest.fixture
def store(db: Database[Item], mongo_uri: str, key: bytes) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri, key) as store:
        yield store


def told(store: ParticipantStore) -> str:
    """What an operator's tool would say; nothing if all is well."""
    found = list(troubles(look(store.db)))
    assert all(each.remedy for each in found)
    return "; ".join(each.text for each in found)


def lose_the_key(store: ParticipantStore) -> list[Item]:
    keys = list(vault.of(store.db).find())
    vault.of(store.db).delete_many({})
    return keys


def damage(store: ParticipantStore, collection: str, identifier: str, field: str) -> None:
    """Turn one bit in the middle of a ciphertext."""
    stored = store.db[collection].find_one({"_id": identifier})
    assert stored is not None
    damaged = bytearray(stored[field])
    damaged[len(damaged) // 2] ^= 1
    value = bytes(damaged)
    store.db[collection].update_one({"_id": identifier}, {"$set": {field: value}})


def test_where_all_opens_all_that_was_tried_is_counted_and_nobody_named(
    store: ParticipantStore,
) -> None:
    met = [person(phone="79 31 86 24", email="awa@example.org") for _ in range(3)]
    push(store, *met)
    push(store, nomination(met[0]["id"], activity_id=new_id()), use=nominations.nominate)
    proof = prove(store)
    (data_key,) = proof["keys"]
    assert data_key["id"] == store.cipher.key_id
    assert (proof["opened"], proof["records"], proof["unreadable_count"]) == (4, 4, 0)
    assert told(store) == ""
    kept = str(store.db[PROOFS].find_one())
    assert not any(said in kept for said in ("Aminata", "7931", "awa@", met[1]["id"]))


def test_with_nothing_sealed_there_is_nothing_to_prove(store: ParticipantStore) -> None:
    assert told(store) == ""
    prove(store)
    lose_the_key(store)
    assert told(store) == ""


def test_a_lost_key_is_seen_in_the_vault_itself_and_in_the_next_proof(
    store: ParticipantStore,
) -> None:
    push(store, person())
    prove(store)
    keys = lose_the_key(store)
    assert f"lacks the data key {store.cipher.key_id}" in told(store), "before anything is proved"
    assert prove(store)["lost"] == [store.cipher.key_id]
    assert "lacks the data key" in told(store)
    vault.of(store.db).insert_many(keys)
    prove(store)
    assert told(store) == ""


def test_a_key_that_is_damaged_is_seen_and_stays_seen(store: ParticipantStore) -> None:
    push(store, person())
    prove(store)
    (whole,) = vault.of(store.db).find()
    material = bytes(whole["keyMaterial"])
    vault.of(store.db).update_one(
        {}, {"$set": {"keyMaterial": material[:-1] + bytes([material[-1] ^ 1])}}
    )
    for _ in range(2):
        assert "is not as it was when it last opened" in told(store)
        assert prove(store)["lost"] == [store.cipher.key_id]


def test_another_key_under_the_same_name_opens_nothing_and_nothing_is_sealed_with_it(
    store: ParticipantStore, mongo_uri: str, key: bytes
) -> None:
    push(store, person())
    prove(store)
    lose_the_key(store)
    stranger = Cipher(vault.of(store.db), key)
    stranger.prepare(may_create=True)
    stranger.close()
    assert store.cipher.key_id in told(store)
    assert store.cipher.key_id in prove(store)["lost"]
    store.cipher.check()
    with pytest.raises(Unavailable, match="KEY_LOST"):
        push(store, person())


@pytest.mark.parametrize("field", ["sealed", "phone", "email"])
def test_one_altered_value_is_found_and_named_until_it_is_mended(
    store: ParticipantStore, field: str
) -> None:
    people = [person(phone="79 31 86 24", email="awa@example.org") for _ in range(20)]
    push(store, *people)
    assert prove(store)["unreadable_count"] == 0
    broken = people[7]["id"]
    whole = store.people.collection.find_one({"_id": broken})
    damage(store, "people", broken, field)

    proof = prove(store)

    assert proof["unreadable"] == [{"collection": "people", "id": broken}]
    assert (proof["opened"], proof["unreadable_count"], proof["lost"]) == (19, 1, [])
    assert f"1 of 20 records tried cannot be opened, of 20 that are sealed: people/{broken}" in (
        told(store)
    )
    store.people.collection.replace_one({"_id": broken}, whole or {})
    assert prove(store)["unreadable"] == []
    assert told(store) == ""


def test_a_value_that_is_gone_or_no_ciphertext_is_found(store: ParticipantStore) -> None:
    one, other, third = (person(phone="79 31 86 24") for _ in range(3))
    push(store, one, other, third)
    people = store.people.collection
    people.update_one({"_id": one["id"]}, {"$unset": {"sealed": 1}})
    people.update_one({"_id": other["id"]}, {"$set": {"phone": "79 31 86 24"}})
    people.update_one({"_id": third["id"]}, [{"$set": {"sealed": "$phone"}}])
    assert {each["id"] for each in prove(store)["unreadable"]} == {
        each["id"] for each in (one, other, third)
    }


def test_what_was_found_once_is_tried_again_also_where_the_sample_would_miss_it(
    store: ParticipantStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [person() for _ in range(30)]
    push(store, *people)
    damage(store, "people", people[15]["id"], "sealed")
    prove(store)
    monkeypatch.setattr("services.participants.store.proof.SAMPLE", 1)
    for _ in range(5):
        assert [each["id"] for each in prove(store)["unreadable"]] == [people[15]["id"]]


def test_a_record_sealed_with_a_key_that_nobody_has_names_that_key(
    store: ParticipantStore,
) -> None:
    push(store, person())
    foreign = bytes((1,)) + bytes(16) + bytes(80)  # by the release before
    store.people.collection.update_one(
        {}, {"$set": {"sealed": Binary(foreign, 6)}, "$unset": {"form": 1}}
    )
    proof = prove(store)
    assert proof["lost"] == ["00" * 16]
    assert "lacks the data key 0000" in told(store)


def test_a_proof_that_is_old_or_was_never_made_is_none(store: ParticipantStore) -> None:
    push(store, person())
    assert told(store) == "it was never proved that people's records can be opened"
    prove(store)
    assert told(store) == ""
    ms = round(BELIEVED_S * 1000) + 1
    ago = [{"$set": {"at": {"$subtract": ["$$NOW", ms]}}}]
    store.db[PROOFS].update_one({}, ago)
    assert "it was not proved that people's records can be opened" in told(store)


def test_from_when_the_key_is_missed_nothing_is_sealed_until_it_is_back(
    store: ParticipantStore,
) -> None:
    known = person()
    push(store, known)
    keys = lose_the_key(store)
    store.cipher.check()
    with pytest.raises(Unavailable, match="KEY_LOST"):
        push(store, person())
    with pytest.raises(Unavailable, match="KEY_LOST"):
        read(store, known["id"])
    assert store.people.collection.count_documents({}) == 1
    vault.of(store.db).insert_many(keys)
    store.cipher.check()
    assert statuses(push(store, person())) == ["CREATED"]
    assert read(store, known["id"])[0]["given_name"] == known["given_name"]


def test_a_vault_without_a_key_beside_nominations_alone_gets_no_new_one(
    store: ParticipantStore, db: Database[Item], mongo_uri: str, key: bytes
) -> None:
    one = person()
    push(store, one)
    push(store, nomination(one["id"], activity_id=new_id()), use=nominations.nominate)
    store.people.collection.delete_many({})
    lose_the_key(store)
    with pytest.raises(KeyLost, match="restore the vault"):
        store.ensure_indexes()
    assert vault.of(db).count_documents({}) == 0


def test_a_backup_without_the_key_is_refused_and_with_it_puts_the_key_back(
    store: ParticipantStore, tmp_path: Path, mongo_client: MongoClient[Item]
) -> None:
    names = (store.db.name, f"{store.db.name}_keys")
    known = person()
    push(store, known)
    prove(store)

    def backup(name: str) -> Manifest:
        def examine(session: ClientSession) -> list[str]:
            if found := list(troubles(look(mongo_client[store.db.name], session))):
                raise CannotRun(found[0].text)
            return []

        return take(mongo_client, names, tmp_path / name, lambda *_: None, examine)

    manifest = backup("whole")
    (key,) = lose_the_key(store)
    with pytest.raises(CannotRun, match="lacks the data key"):
        backup("lacking")
    assert [each.name for each in tmp_path.iterdir()] == ["whole"], "nothing is left of it"

    put = [put_back(mongo_client, manifest, tmp_path / "whole", store.db.name) for _ in range(2)]

    assert put == [[store.cipher.key_id], []]
    assert list(vault.of(store.db).find()) == [key]
    vault.of(store.db).update_one({}, {"$set": {"keyMaterial": b"x" * 160}})
    assert put_back(mongo_client, manifest, tmp_path / "whole", store.db.name)
    prove(store)
    assert told(store) == ""


def test_the_running_service_is_not_ready_without_its_key_and_goes_on_once_it_is_back(
    service: Callable[..., ServiceProcess],
    rpc: Callable[..., Any],
    db: Database[Item],
    mongo_client: MongoClient[Item],
    tmp_path: Path,
    key: bytes,
) -> None:
    file = tmp_path / "master.key"
    file.write_bytes(base64.b64encode(key))
    process = service("participants", FOSCAO_MASTER_KEY_FILE=str(file))

    def register() -> None:
        push = {"caller": MALI, "items": [person()]}
        rpc("participants.push", {"kind": "participant", "pushes": [push]})

    try:
        register()
        wait_for(lambda: (db[PROOFS].find_one() or {}).get("keys"), 20)
        keys = list(vault.of(db).find())
        vault.of(db).delete_many({})
        wait_for(lambda: not process.ready(), 15)
        assert '"DataKey":false' in process.get("/readyz")[1]
        with pytest.raises(Unavailable, match="KEY_LOST"):
            register()
        assert "restore it from the newest backup" in process.log.read_text()
        process.kill()
        process.start(wait=False)
        assert process.wait() == 2, "nor does it start, and it makes no other key"
        assert vault.of(db).count_documents({}) == 0
        assert "restore the vault from a backup" in process.last_words()
        vault.of(db).insert_many(keys)
        process.start()
        register()
        vault.of(db).delete_many({})
        wait_for(lambda: not process.ready(), 15)
        vault.of(db).insert_many(keys)
        wait_for(process.ready, 15)
        register()
    finally:
        process.kill()
        mongo_client.drop_database(f"{db.name}_keys")
