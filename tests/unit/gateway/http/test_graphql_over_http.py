"""GraphQL over HTTP: statuses, codes and languages; nothing of a fault of ours gets out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.calls.context import choose_language
from gateway.http import endpoint, graphiql
from gateway.http.endpoint import GraphQLEndpoint
from shared.errors import NotFound, Refused, TimedOut, Unavailable
from shared.ids import new_id
from tests.gateway_fakes import Direct, FakeKeys, FakeServices, accept, listed

GRAPHQL = "application/graphql-response+json"
ME = "{ me { role language } }"
LANGUAGES = '{ codes(list: "language") { code label labels { fr en pt } extra { name value } } }'


@pytest.fixture
def services() -> FakeServices:
    return FakeServices({"activities.push": accept(), "reporting.report": lambda _: {}})


@pytest.fixture
async def http(services: FakeServices) -> AsyncIterator[httpx.AsyncClient]:
    endpoint = GraphQLEndpoint(FakeKeys(), services, Direct(services))  # type: ignore[arg-type]
    app = Starlette(routes=[Route("/graphql", endpoint.respond, methods=["GET", "POST"])])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://hub",
        headers={"authorization": "Bearer chapter"},
    ) as client:
        yield client


async def ask(http: httpx.AsyncClient, query: str, **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    return await http.post("/graphql", json={"query": query, **more}, headers=headers)


def codes(answer: httpx.Response) -> list[str]:
    return [error["extensions"]["code"] for error in answer.json()["errors"]]


async def test_a_query_is_answered_with_its_data(http: httpx.AsyncClient) -> None:
    answer = await ask(http, ME)
    assert answer.status_code == 200
    assert answer.json() == {"data": {"me": {"role": "chapter", "language": "fr"}}}
    assert answer.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"


async def test_an_operation_is_chosen_by_name_and_takes_variables(http: httpx.AsyncClient) -> None:
    text = "query A { codeLists } query B($l: String!) { codes(list: $l) { code } }"
    answer = await ask(http, text, operationName="B", variables={"l": "sex"}, extensions={})
    assert {"code": "female"} in answer.json()["data"]["codes"]


async def test_get_takes_queries_with_variables(http: httpx.AsyncClient) -> None:
    answer = await http.get(
        "/graphql",
        params={
            "query": "query($l: String!) { codes(list: $l) { code } }",
            "variables": '{"l": "language"}',
        },
    )
    assert [each["code"] for each in answer.json()["data"]["codes"]][:2] == ["fr", "en"]


async def test_get_changes_nothing(http: httpx.AsyncClient, services: FakeServices) -> None:
    mutation = "mutation { withdrawActivities(items: []) { created } }"
    answer = await http.get("/graphql", params={"query": mutation})
    assert (answer.status_code, codes(answer)) == (405, ["GET_IS_FOR_QUERIES"])
    assert answer.headers["allow"] == "POST"
    assert services.calls == []


@pytest.mark.parametrize(
    ("headers", "content", "status", "code"),
    [
        ({}, b'{"query": "{ me', 400, "BAD_JSON"),
        ({}, b"\xff\xfe", 400, "BAD_JSON"),
        ({}, b"[" * 5_000, 400, "BAD_JSON"),
        ({}, b"", 400, "BAD_JSON"),
        ({}, b'["a"]', 400, "BAD_REQUEST"),
        ({}, b'{"query": 5}', 400, "BAD_REQUEST"),
        ({}, b'{"query": "{ me { role } }", "variables": []}', 400, "BAD_REQUEST"),
        ({}, b'{"query": "{ me { role } }", "operationName": 5}', 400, "BAD_REQUEST"),
        ({}, b'{"query": "{ me { role } }", "operationName": "x"}', 400, "UNKNOWN_OPERATION"),
        ({}, b'{"query": "{ me { role "}', 400, "GRAPHQL_SYNTAX"),
        ({}, b'{"query": "{ nobody }"}', 400, "GRAPHQL_INVALID"),
        ({"content-type": "text/plain"}, b"{}", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"accept": "image/png"}, b'{"query": "{ me { role } }"}', 406, "NOT_ACCEPTABLE"),
        ({"authorization": "Bearer who"}, b'{"query": "{ me { role } }"}', 401, "UNAUTHENTICATED"),
        ({"authorization": ""}, b'{"query": "{ me', 401, "UNAUTHENTICATED"),
        ({"authorization": "Bearer down"}, b"{}", 503, "UNAVAILABLE"),
    ],
)
async def test_what_cannot_be_executed_is_refused_with_status_and_code(
    http: httpx.AsyncClient, headers: dict[str, str], content: bytes, status: int, code: str
) -> None:
    answer = await http.post(
        "/graphql", content=content, headers={"content-type": "application/json", **headers}
    )
    assert (answer.status_code, codes(answer)) == (status, [code])
    assert "data" not in answer.json()


async def test_older_clients_get_200_for_what_is_wrong_with_the_query(
    http: httpx.AsyncClient,
) -> None:
    answer = await ask(http, "{ nobody }", headers={"accept": "application/json"})
    assert (answer.status_code, codes(answer)) == (200, ["GRAPHQL_INVALID"])
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("accepted", "query", "packed"),
    [
        ("gzip, deflate", LANGUAGES, True),
        ("gzip", ME, False),  # fits one packet as it is
        ("identity", LANGUAGES, False),
        ("gzip;q=0, br", LANGUAGES, False),
    ],
)
async def test_a_long_answer_is_packed_for_whoever_can_unpack_it(
    http: httpx.AsyncClient, accepted: str, query: str, packed: bool
) -> None:
    answer = await ask(http, query, headers={"accept-encoding": accepted})
    assert (answer.headers.get("content-encoding") == "gzip") is packed
    assert answer.headers["vary"] == "accept-encoding"
    plain = await ask(http, query, headers={"accept-encoding": "identity"})
    assert answer.json() == plain.json()
    if packed:
        assert answer.num_bytes_downloaded < len(plain.content) / 2


async def test_variables_that_do_not_fit_say_where(http: httpx.AsyncClient) -> None:
    text = "mutation($i: PushActivitiesInput!) { pushActivities(input: $i) { __typename } }"
    answer = await ask(http, text, variables={"i": {"activities": [{"id": "x", "colour": 5}]}})
    assert (answer.status_code, codes(answer)) == (400, ["BAD_VARIABLES"])
    [error] = answer.json()["errors"]
    assert error["extensions"]["field"] == "i.activities[0]"
    assert "'colour'" in error["message"]


@pytest.mark.parametrize("told", [True, False])
async def test_a_body_over_the_limit_is_refused_told_before_or_not(
    http: httpx.AsyncClient, told: bool
) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 65_536

    content: Any = b" " * endpoint.MAX_BODY_BYTES + b" " if told else parts()
    answer = await http.post(
        "/graphql", content=content, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, codes(answer)) == (413, ["BODY_TOO_LARGE"])


async def test_a_body_that_does_not_come_is_not_waited_for_forever(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "BODY_S", 0.05)

    async def stalled() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    answer = await http.post(
        "/graphql", content=stalled(), headers={"content-type": "application/json"}
    )
    assert (answer.status_code, codes(answer)) == (408, ["BODY_TOO_SLOW"])


async def test_a_key_that_sends_slowly_does_not_keep_the_others_out(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "MAX_BODIES", 1)
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        entered.set()
        await leave.wait()
        yield b'{"query": "{ me { role } }"}'

    json = {"content-type": "application/json"}
    first = asyncio.create_task(http.post("/graphql", content=slowly(), headers=json))
    await asyncio.wait_for(entered.wait(), 2)
    refused = await ask(http, ME)
    assert (refused.status_code, codes(refused)) == (503, ["OVERLOADED"])
    assert (await ask(http, ME, headers={"authorization": "Bearer operator"})).status_code == 200
    leave.set()
    assert (await first).status_code == 200
    assert (await ask(http, ME)).status_code == 200


REPORT = "{ report { activitiesCounted } }"


@pytest.mark.parametrize("error", [Unavailable(), TimedOut(service="reporting")])
async def test_a_service_that_cannot_keep_up_is_503_with_retry_after(
    http: httpx.AsyncClient, services: FakeServices, error: Exception
) -> None:
    def fail(_: Mapping[str, Any]) -> Any:
        raise error

    services.methods["reporting.report"] = fail
    answer = await ask(http, REPORT)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["errors"][0]["extensions"]["retryable"] is True
    partly = await ask(http, REPORT[:-1] + "me { role } }")
    assert partly.status_code == 200
    assert partly.json()["data"] == {"report": None, "me": {"role": "chapter"}}


async def test_a_request_ends_in_bounded_time_whatever_its_services_do(
    http: httpx.AsyncClient, services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "REQUEST_S", 0.05)

    async def hang(_: Mapping[str, Any]) -> Any:
        await asyncio.sleep(3600)

    services.methods["reporting.report"] = hang
    async with asyncio.timeout(2):
        answer = await ask(http, REPORT)
    assert (answer.status_code, codes(answer)) == (503, ["TIMED_OUT"])
    assert answer.headers["retry-after"]


async def test_too_many_requests_at_once_are_503_and_the_rest_go_on(
    http: httpx.AsyncClient, services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "MAX_ACTIVE", 1)
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(_: Mapping[str, Any]) -> Any:
        entered.set()
        await leave.wait()
        raise NotFound

    services.methods["reporting.report"] = slow
    first = asyncio.create_task(ask(http, REPORT))
    await asyncio.wait_for(entered.wait(), 2)
    refused = await ask(http, ME)
    assert (refused.status_code, codes(refused)) == (503, ["OVERLOADED"])
    leave.set()
    assert codes(await first) == ["NOT_FOUND"]
    assert (await ask(http, ME)).status_code == 200


async def test_a_fault_of_ours_shows_nothing_of_itself_but_a_number_to_ask_by(
    http: httpx.AsyncClient, services: FakeServices, caplog: pytest.LogCaptureFixture
) -> None:
    def fault(_: Mapping[str, Any]) -> Any:
        raise ValueError("+223 70 00 00 00")

    services.methods["reporting.report"] = fault
    with caplog.at_level(logging.ERROR):
        answer = await ask(http, REPORT, headers={"x-correlation-id": "call-7"})
    assert "+223" not in answer.text
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["correlationId"] == "call-7"
    assert answer.headers["x-correlation-id"] == "call-7"
    assert caplog.records
    assert all("+223" not in record.getMessage() for record in caplog.records)


async def test_a_correlation_id_that_is_none_is_replaced(http: httpx.AsyncClient) -> None:
    answer = await ask(http, ME, headers={"x-correlation-id": "a b\tc"})
    assert " " not in answer.headers["x-correlation-id"]


async def test_whoever_asks_is_named_to_the_service(
    http: httpx.AsyncClient, services: FakeServices
) -> None:
    services.methods["reporting.report"] = lambda _: {
        "activities_counted": 3,
        "figures": {},
        "adds_up": True,
    }
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    answer = await ask(http, REPORT, headers={"traceparent": trace, "x-correlation-id": "call-8"})
    assert answer.json()["data"] == {"report": {"activitiesCounted": 3}}
    [request] = services.asked("reporting.report")
    assert request["caller"] == {
        "role": "chapter",
        "chapter": "ML",
        "key_id": "chapter",
        "correlation_id": "call-8",
        "traceparent": trace,
    }


async def test_the_field_of_an_input_at_fault_is_told(
    http: httpx.AsyncClient, services: FakeServices
) -> None:
    def refuse(_: Mapping[str, Any]) -> Any:
        raise Refused("INVALID_DATE", path=["filter", "from"], value="yesterday")

    services.methods["reporting.report"] = refuse
    answer = await ask(http, REPORT, headers={"accept-language": "pt"})
    [error] = answer.json()["errors"]
    assert error["extensions"]["field"] == "filter.from"
    assert "yesterday" in error["message"]
    assert "data" in error["message"]


@pytest.mark.parametrize(
    ("accept_language", "chapter", "language"),
    [
        (None, "ML", "fr"),
        (None, "GH", "en"),
        (None, "CV", "pt"),
        (None, None, "en"),
        ("pt-PT,pt;q=0.9,en;q=0.5", "ML", "pt"),
        ("bm, en;q=0.3, fr;q=0.7", None, "fr"),
        ("fr;q=0, en;q=0.1", "ML", "en"),
        ("bm", "ML", "fr"),
        (";;;,,q=", "ML", "fr"),
    ],
)
def test_the_language_is_the_best_asked_for_or_the_chapters(
    accept_language: str | None, chapter: str | None, language: str
) -> None:
    assert choose_language(accept_language, chapter) == language


async def test_an_authenticated_person_may_read_the_schema(http: httpx.AsyncClient) -> None:
    answer = await ask(http, get_introspection_query())
    assert answer.json()["data"]["__schema"]["queryType"]["name"] == "Query"


async def test_a_browser_gets_the_page_under_a_strict_policy_and_no_foreign_address(
    http: httpx.AsyncClient,
) -> None:
    page = await http.get("/graphql", headers={"accept": "text/html,*/*", "authorization": ""})
    assert page.status_code == 200
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "http" not in page.text.replace("http-equiv", "")
    assert (graphiql.WEB / "graphiql.js").exists()


async def test_one_level_of_a_query_asks_each_service_once(
    http: httpx.AsyncClient, services: FakeServices
) -> None:
    projects = [new_id() for _ in range(3)]
    items = [{"id": f"a{n}", "version": 1, "project_id": projects[n % 3]} for n in range(9)]
    services.methods["activities.list"] = lambda _: listed(*items, has_next=True)
    services.methods["activities.get_many"] = lambda r: {
        "items": [{"id": i, "title": {"fr": i}} for i in r["ids"]]
    }
    text = """{ activities { edges { cursor node { id project { title { in } } } }
        pageInfo { endCursor hasNextPage } } }"""
    answer = (await ask(http, text)).json()["data"]["activities"]
    assert [each["node"]["project"]["title"]["in"] for each in answer["edges"]] == projects * 3
    assert answer["edges"][-1]["cursor"] == answer["pageInfo"]["endCursor"] == "after a8"
    assert answer["pageInfo"]["hasNextPage"] is True
    [request] = services.asked("activities.get_many")
    assert sorted(request["ids"]) == sorted(projects)
    assert request["kind"] == "project"
