"""Clients that name their queries by hashes are told to send the text: Apollo's protocol."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.gateway_fakes import FakeServices, asking

HASHED = {"persistedQuery": {"version": 1, "sha256Hash": "e" * 64}}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with asking(FakeServices(), authorization="Bearer chapter") as client:
        yield client


def codes(answer: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in answer.json()["errors"]]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("blank", [{}, {"query": ""}], ids=["no query", "a blank one"])
async def test_a_query_named_by_its_hash_is_refused_so_that_the_client_sends_its_text(
    http: httpx.AsyncClient, method: str, blank: dict[str, str]
) -> None:
    headers = {"accept": "application/json", "accept-language": "pt"}
    if method == "POST":
        given: Any = {"json": {**blank, "extensions": HASHED, "operationName": "Me"}}
    else:
        given = {"params": {**blank, "extensions": json.dumps(HASHED), "variables": "{}"}}
    answer = await http.request(method, "/graphql", headers=headers, **given)
    assert (answer.status_code, codes(answer)) == (200, ["PERSISTED_QUERY_NOT_SUPPORTED"])
    [error] = answer.json()["errors"]
    assert error["message"] == "PersistedQueryNotSupported"
    text = {"query": "{ me { role } }", "extensions": HASHED}
    again = await http.post("/graphql", json=text, headers=headers)
    assert again.json()["data"]["me"]["role"] == "chapter"


@pytest.mark.parametrize("extensions", [None, [], "x", {}, {"tracing": True}])
async def test_no_query_and_no_hash_is_a_bad_request(
    http: httpx.AsyncClient, extensions: Any
) -> None:
    answer = await http.post("/graphql", json={"extensions": extensions})
    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])
    answer = await http.get("/graphql", params={"extensions": json.dumps(extensions)})
    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])
