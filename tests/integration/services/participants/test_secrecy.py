"""What the database, its log and the service's own log hold of a person: nothing one can read."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.database import Database

from services.participants.service import ParticipantsService
from services.participants.store import ParticipantStore
from services.participants.store.keys import ROOT_NAME, KeyLost, read_master_key
from shared.config import Config, ConfigError
from shared.errors import HubError, Unavailable
from shared.ids import new_id
from shared.store import mongo
from tests.integration.services.participants.participants_world import MALI, opened, push, statuses
from tests.stack import ServiceProcess
from tests.world.items import nomination, person

Item = dict[str, Any]

TELLTALE = "Zyxqwv"  # a name that stands nowhere else
PHONE = "79 31 86 24"
SECRETS = tuple(
    secret.encode()
    for secret in (TELLTALE, TELLTALE.upper(), TELLTALE.lower(), "79318624", PHONE, "REF-4711")
)


def telltale() -> Item:
    return person(
        given_name=f"Aminata {TELLTALE}",
        family_name=f"{TELLTALE.upper()}-Traoré",
        phone=PHONE,
        email=f"{TELLTALE}@Example.org",
        external_ref="REF-4711",
        washington_group={"seeing": 4},
    )


def whole_life(send: Callable[[str, Item], Any]) -> str:
    """Everything that the service does with a person and her nomination; returns her id."""
    said = telltale()

    def push(method: str, item: Item, kind: str = "participant") -> None:
        answer = send(method, {"kind": kind, "pushes": [{"caller": MALI, "items": [item]}]})
        assert set(statuses(answer["pushes"][0]["receipts"])) <= {"CREATED", "UPDATED"}, answer

    push("push", said)
    push("push", {"id": said["id"], "family_name": f"{TELLTALE}-Keïta"})
    proposed = nomination(said["id"], activity_id=new_id())
    push("push", proposed, "nomination")
    reason = f"{TELLTALE} speaks for all"
    push("push", {"id": proposed["id"], "status": "selected", "reason": reason}, "nomination")
    push("withdraw", {"id": said["id"], "reason": f"{TELLTALE} asked for it"})
    push("reinstate", {"id": said["id"], "reason": f"{TELLTALE} is back"})
    for asked in ({"text": TELLTALE}, {"phone": PHONE}, {"email": f"{TELLTALE}@example.org"}):
        page = send("list", {"kind": "participant", "caller": MALI, "filter": asked})
        assert [item["id"] for item in page["items"]] == [said["id"]]
    return str(said["id"])


def raw(documents: Iterable[Any]) -> bytes:
    return b"".join(bytes(document.raw) for document in documents)


def everything_in(client: MongoClient[Item], *names: str) -> bytes:
    """The bytes of every document of these databases, and of the replica set's log of them."""
    options = client.codec_options.with_options(document_class=RawBSONDocument)
    held = b""
    for name in names:
        database = client.get_database(name, codec_options=options)
        held += b"".join(raw(database[each].find()) for each in database.list_collection_names())
    oplog = client.get_database("local", codec_options=options)["oplog.rs"]
    logged = raw(
        oplog.find(
            {
                "$or": [
                    {"ns": {"$in": [f"{n}.people" for n in names]}},
                    {"o.applyOps.ns": {"$regex": f"^({'|'.join(names)})"}},
                ]
            }
        )
    )
    assert logged
    return held + logged


@pytest.fixture
def key() -> bytes:
    return os.urandom(96)


@pytest.fixture
def store(db: Database[Item], mongo_uri: str, key: bytes) -> Iterator[ParticipantStore]:
    with opened(db, mongo_uri, key) as store:
        yield store


def test_no_document_and_no_log_of_the_database_can_be_read(
    store: ParticipantStore, mongo_client: MongoClient[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = ParticipantsService()
    monkeypatch.setattr(service, "store", store)
    her = whole_life(lambda method, request: getattr(service, method)(request))
    held = everything_in(mongo_client, store.db.name, f"{store.db.name}_keys")
    assert her.encode() in held
    for secret in SECRETS:
        assert secret not in held
        assert base64.b64encode(secret).rstrip(b"=")[:-1] not in held
        assert secret.hex().encode() not in held


def test_the_search_finds_what_lies_there_in_the_clear(
    store: ParticipantStore, mongo_client: MongoClient[Item]
) -> None:
    push(store, person())
    store.db["people"].update_one({}, {"$set": {"leak": TELLTALE}})
    assert TELLTALE.encode() in everything_in(mongo_client, store.db.name)


def test_the_same_name_is_sealed_differently_each_time(store: ParticipantStore) -> None:
    push(store, person(given_name="Awa"), person(given_name="Awa"))
    one, other = store.people.collection.find()
    assert one["sealed"] != other["sealed"]
    assert one["names"] == other["names"]


def test_another_master_key_opens_nothing(
    store: ParticipantStore, db: Database[Item], mongo_uri: str
) -> None:
    push(store, person())
    stored = store.people.collection.find_one()
    assert stored is not None
    with pytest.raises(KeyLost), opened(db, mongo_uri):
        pass
    # Nor does a data key of another vault, as a thief of the documents would have.
    with opened(db.client[f"{db.name}_2"], mongo_uri) as thief, pytest.raises(Unavailable):
        thief.people.decode_all([stored])


def test_a_lost_vault_is_told_and_never_replaced_beside_what_it_sealed(
    store: ParticipantStore, db: Database[Item], mongo_uri: str, key: bytes
) -> None:
    push(store, person())
    db.client.drop_database(f"{db.name}_keys")
    with pytest.raises(KeyLost, match="restore the vault"), opened(db, mongo_uri, key):
        pass
    assert db.client[f"{db.name}_keys"]["keyVault"].count_documents({}) == 0


def test_processes_that_start_at_once_share_one_data_key(
    db: Database[Item], mongo_uri: str, key: bytes
) -> None:
    config = Config(service="participants", amqp_uri="", mongo_uri=mongo_uri, database=db.name)
    stores = [ParticipantStore(mongo.connect(config), key) for _ in range(4)]
    try:
        with ThreadPoolExecutor(4) as processes:
            list(processes.map(lambda store: store.ensure_indexes(), stores))
        vault = db.client[f"{db.name}_keys"]["keyVault"]
        assert vault.count_documents({"keyAltNames": ROOT_NAME}) == 1
        assert (
            len({bytes(store.cipher.marks("ML")("phone", "+22376123456")) for store in stores}) == 1
        )
    finally:
        db.client.drop_database(f"{db.name}_keys")
        for store in stores:
            store.db.client.close()


def test_a_key_file_holds_96_bytes_raw_or_in_base64(tmp_path: Path, key: bytes) -> None:
    file = tmp_path / "master.key"
    for written in (key, base64.b64encode(key), base64.b64encode(key) + b"\n"):
        file.write_bytes(written)
        assert read_master_key(file) == key
    for wrong in (b"", key[:95], base64.b64encode(key[:95]), b"?" * 128):
        file.write_bytes(wrong)
        with pytest.raises(ConfigError, match="FOSCAO_MASTER_KEY_FILE"):
            read_master_key(file)


def test_a_record_and_a_push_show_no_person_when_printed(store: ParticipantStore) -> None:
    said = telltale()
    push(store, said)
    shown: list[object] = []

    def work(tx: mongo.Tx) -> None:
        shown.append(store.people.load(tx, [said["id"]]))

    store.transact(work)
    assert said["id"] in repr(shown)
    assert TELLTALE not in repr(shown)


def test_the_running_service_logs_nobody(
    service: Callable[..., ServiceProcess],
    rpc: Callable[..., Any],
    db: Database[Item],
    mongo_client: MongoClient[Item],
    tmp_path: Path,
    key: bytes,
) -> None:
    key_file = tmp_path / "master.key"
    key_file.write_bytes(base64.b64encode(key))
    process = service("participants", FOSCAO_MASTER_KEY_FILE=str(key_file), LOG_LEVEL="DEBUG")
    try:
        whole_life(lambda method, request: rpc(f"participants.{method}", request))
        broken = telltale() | {"consent": {TELLTALE: 1}, "sex": TELLTALE}
        for method, request in (
            ("list", {"caller": MALI, "filter": {"phone": TELLTALE}}),
            (
                "push",
                {"kind": "participant", "pushes": [{"caller": MALI, "items": [broken, TELLTALE]}]},
            ),
        ):
            with pytest.raises(HubError) as refused:
                rpc(f"participants.{method}", request)
            assert TELLTALE not in str(refused.value)
    finally:
        process.stop()
        mongo_client.drop_database(f"{db.name}_keys")
    log = process.log.read_bytes()
    assert b"started" in log
    for secret in SECRETS:
        assert secret not in log
    assert base64.b64encode(key)[:20] not in log
