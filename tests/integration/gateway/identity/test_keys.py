"""API keys in a real database: what opens, what does not, and how soon a revoked key dies."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.database import Database

from gateway.identity.keys import ApiKeys
from gateway.identity.store import KeyStore
from shared.caller import Caller
from shared.errors import NotFound, Refused, Unavailable
from shared.ids import new_id

ADMIN = "fhk_admin_0123456789"
BELIEVED_S = 0.3


@pytest.fixture
async def client(mongo_uri: str) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    async with AsyncMongoClient[dict[str, Any]](mongo_uri, tz_aware=True) as made:
        yield made


@pytest.fixture
async def keys(client: AsyncMongoClient[dict[str, Any]], db: Database[Any]) -> ApiKeys:
    digest = hashlib.sha256(ADMIN.encode()).hexdigest()
    made = ApiKeys(KeyStore(client, db.name), digest, believed_s=BELIEVED_S)
    await made.prepare()
    return made


async def opened(keys: ApiKeys, key: str) -> Caller | None:
    return await keys.caller(f"Bearer {key}", "call-1", None)


async def test_a_new_key_opens_what_it_was_made_for(keys: ApiKeys) -> None:
    made = await keys.create("chapter", "ML", "tablet in Sikasso", "bootstrap")
    key_id = made["api_key"]["id"]
    assert made["key"].startswith(f"fhk_{key_id}_")
    assert await opened(keys, made["key"]) == Caller("chapter", "ML", key_id, "call-1", None)


async def test_no_secret_lies_in_the_database(keys: ApiKeys, db: Database[Any]) -> None:
    made = await keys.create("partner", None, "a partner", "bootstrap")
    secret = made["key"].rpartition("_")[2]
    assert secret not in str(list(db["api_keys"].find()))


async def test_the_administrators_key_comes_from_outside(keys: ApiKeys) -> None:
    caller = await opened(keys, ADMIN)
    assert caller is not None
    assert (caller.role, caller.chapter) == ("operator", None)


WRONG = [
    *(None, "", "Bearer", "Bearer ", "Basic {key}", "{key}", "Bearer {key}x", "Bearer {key}é"),
    *("Bearer fhk_{id}", "Bearer fhk_{id}_", "Bearer fhk_{id}_x", "Bearer FHK_{id}_x"),
    *("Bearer fhk_nobody_" + "x" * 43, "Bearer " + "x" * 10_000),
]


@pytest.mark.parametrize("wrong", WRONG)
async def test_whatever_is_wrong_with_a_key_opens_nothing(keys: ApiKeys, wrong: str | None) -> None:
    made = await keys.create("secretariat", None, "office", "bootstrap")
    header = wrong and wrong.format(key=made["key"], id=made["api_key"]["id"])
    assert await keys.caller(header, "", None) is None


async def test_without_an_administrators_hash_no_key_is_the_administrators(
    client: AsyncMongoClient[dict[str, Any]], db: Database[Any]
) -> None:
    keys = ApiKeys(KeyStore(client, db.name), " ")
    assert await opened(keys, ADMIN) is None
    assert await keys.caller("Bearer ", "", None) is None


async def test_a_revoked_key_dies_within_seconds_in_every_process(
    keys: ApiKeys, client: AsyncMongoClient[dict[str, Any]], db: Database[Any]
) -> None:
    other_process = ApiKeys(KeyStore(client, db.name), "", believed_s=BELIEVED_S)
    made = await keys.create("partner", None, "a partner", "bootstrap")
    assert await opened(other_process, made["key"]) is not None
    revoked = await keys.revoke(made["api_key"]["id"], "bootstrap")
    assert revoked["revoked_at"] is not None
    assert await opened(keys, made["key"]) is None, "where it was revoked: at once"
    end = time.monotonic() + BELIEVED_S + 1
    while await opened(other_process, made["key"]) is not None:
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


async def test_a_busy_key_is_looked_up_once_in_a_while(keys: ApiKeys, db: Database[Any]) -> None:
    made = await keys.create("partner", None, "a partner", "bootstrap")
    callers = await asyncio.gather(*(opened(keys, made["key"]) for _ in range(50)))
    assert all(callers)
    db["api_keys"].delete_many({})
    assert await opened(keys, made["key"]) is not None, "still believed"


async def test_revoking_twice_changes_nothing_and_a_stranger_is_not_found(keys: ApiKeys) -> None:
    made = await keys.create("partner", None, "a partner", "bootstrap")
    once = await keys.revoke(made["api_key"]["id"], "bootstrap")
    assert await keys.revoke(made["api_key"]["id"], "other") == once
    with pytest.raises(NotFound):
        await keys.revoke("nobody", "bootstrap")


async def test_a_retried_creation_makes_one_key_and_shows_it_once(keys: ApiKeys) -> None:
    push_id = new_id()

    async def create(by: str = "bootstrap") -> dict[str, Any]:
        return await keys.create("partner", None, "GPPAC", by, push_id)

    made = await asyncio.gather(*(create() for _ in range(5)))
    assert len({each["api_key"]["id"] for each in made}) == 1
    assert sum(each["key"] is not None for each in made) == 1
    another = await create(by="another operator")
    assert another["key"] is not None


async def test_a_revoked_key_is_unannounced_until_its_webhooks_are_closed(
    keys: ApiKeys, db: Database[Any]
) -> None:
    ids = [
        (await keys.create("partner", None, str(n), "bootstrap"))["api_key"]["id"] for n in range(3)
    ]
    assert await keys.unannounced_revocations(10) == []
    for each in ids[:2]:
        assert (await keys.revoke(each, "bootstrap"))["webhooks_closed_at"] is None
    db["api_keys"].update_one({"_id": ids[1]}, {"$unset": {"webhooks_closed_at": 1}})
    assert set(await keys.unannounced_revocations(10)) == set(ids[:2]), (
        "also one of before there was such a note"
    )
    assert len(await keys.unannounced_revocations(1)) == 1

    await keys.webhooks_closed(ids[:2])
    assert await keys.unannounced_revocations(10) == []
    closed = await keys.revoke(ids[0], "bootstrap")
    assert closed["webhooks_closed_at"] is not None
    await keys.webhooks_closed(ids[:1])
    assert await keys.revoke(ids[0], "bootstrap") == closed, "the first time counts"


async def test_keys_are_listed_page_by_page_newest_first_without_hashes(keys: ApiKeys) -> None:
    made = [(await keys.create("partner", None, str(n), "bootstrap"))["api_key"] for n in range(5)]
    newest_first = sorted(made, key=lambda k: (k["created_at"], k["id"]), reverse=True)
    first = await keys.page({"first": 3})
    rest = await keys.page({"first": 3, "after": first["cursors"][-1], "both_ends": True})
    assert [*first["items"], *rest["items"]] == newest_first
    assert (first["has_previous"], first["has_next"]) == (False, True)
    assert (rest["has_previous"], rest["has_next"]) == (True, False)
    assert all("hash" not in each for each in newest_first)
    with pytest.raises(Refused, match="BAD_CURSOR"):
        await keys.page({"after": "nobody"})


async def test_keys_are_listed_from_the_end_in_a_range_by_ids_and_counted(keys: ApiKeys) -> None:
    for number in range(5):
        await keys.create("partner", None, str(number), "bootstrap")
    everything = (await keys.page({}))["items"]
    ids = [each["id"] for each in everything]

    last = await keys.page({"last": 2, "count": True})
    assert (last["items"], last["total_count"]) == (everything[3:], 5)
    assert last["cursors"] == ids[3:], "a cursor of before the last page was there is one still"
    before = await keys.page({"last": 2, "before": last["cursors"][0], "both_ends": True})
    assert before["items"] == everything[1:3]
    assert (before["has_previous"], before["has_next"]) == (True, True)
    assert (await keys.page({"after": ids[0], "before": ids[4]}))["items"] == everything[1:4]

    some = await keys.page({"ids": [ids[4], ids[1], "nobody"], "count": True})
    assert (some["items"], some["total_count"]) == ([everything[1], everything[4]], 2)
    assert (await keys.page({"ids": []}))["items"] == []
    with pytest.raises(Refused, match="TOO_MANY"):
        await keys.page({"ids": ["x"] * 201})
    with pytest.raises(Refused, match="FIRST_AND_LAST"):
        await keys.page({"first": 1, "last": 1})


async def test_without_its_database_nobody_is_let_in_and_nobody_is_turned_away_for_good() -> None:
    async with AsyncMongoClient[dict[str, Any]](
        "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200", tz_aware=True
    ) as nowhere:
        keys = ApiKeys(KeyStore(nowhere, "gateway"), "")
        with pytest.raises(Unavailable):
            await opened(keys, "fhk_abc_def")
        assert not await keys.reachable()
