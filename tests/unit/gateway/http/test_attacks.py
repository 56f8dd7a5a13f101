"""Queries made to silence the gateway, sent over real sockets: each is refused with its code before
any service is asked, and the gateway goes on answering."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from graphql import get_introspection_query
from starlette.applications import Starlette
from starlette.routing import Route

from demo.sikasso import documents as demo
from gateway.http.endpoint import GraphQLEndpoint
from gateway.http.protocol import BoundedConnection
from shared.paging import Asked
from tests.gateway_fakes import Direct, FakeKeys, FakeServices, listed

ME = "{ me { role } }"


def empty(request: Any) -> dict[str, Any]:
    Asked.of(request)
    return listed()


@pytest.fixture
def services() -> FakeServices:
    return FakeServices({"activities.list": empty})


@pytest.fixture
async def http(services: FakeServices) -> AsyncIterator[httpx.AsyncClient]:
    endpoint = GraphQLEndpoint(FakeKeys(), services, Direct(services))  # type: ignore[arg-type]
    app = Starlette(routes=[Route("/graphql", endpoint.respond, methods=["GET", "POST"])])
    config = uvicorn.Config(
        app, http=BoundedConnection, port=0, lifespan="off", ws="none", log_config=None
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(5):
        while not server.started:
            await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"authorization": "Bearer chapter"}, timeout=20
    ) as client:
        yield client
    server.should_exit = True
    await serving


def fields(count: int, inner: str) -> str:
    return " ".join(f"a{number}: fields {{ {inner} }}" for number in range(count))


def steps(count: int) -> str:
    return " ".join(f"fragment f{n} on Me {{ ...f{n + 1} }}" for n in range(count))


ORGANISATION = "id version name type { code label } country { code label }"
ATTACKS = [
    pytest.param(
        "{ __schema { types { ...t } } } fragment t on __Type { " + fields(8, "...f") + " }"
        " fragment f on __Field { " + " ".join(f"b{n}: type {{ ...u }}" for n in range(8)) + " }"
        " fragment u on __Type { name description fields { name } }",
        None,
        "TOO_MANY_ALIASES",
        id="aliases times fragments below __schema",
    ),
    pytest.param(
        "{ __schema { types { "
        + fields(
            45,
            "name description isDeprecated deprecationReason"
            " type { name kind description ofType { name kind description } }"
            " args { name description type { name } }",
        )
        + " } } }",
        None,
        "QUERY_TOO_COSTLY",
        id="all fields of the schema 45 times",
    ),
    pytest.param(
        "{ "
        + " ".join(
            f"s{n}: __schema {{ types {{ {fields(2, 'name args { name }')} }} }}" for n in range(20)
        )
        + " }",
        None,
        "TOO_MANY_ALIASES",
        id="the schema again and again",
    ),
    pytest.param(
        "{ activities { nodes { project { funders { "
        + ORGANISATION
        + " } partners { "
        + ORGANISATION
        + " } indicators { id title { fr en pt } } }"
        " organisations { " + ORGANISATION + " } sessions { id on topics { code label } }"
        " dialogue { recommendations { id text } } } } }",
        None,
        "QUERY_TOO_COSTLY",
        id="lists in lists without pages",
    ),
    pytest.param(
        "{ free: activities(first: -99999) { nodes { id } } activities(first: 200) { nodes {"
        " sessions { topics { code label } } } } }",
        None,
        "QUERY_TOO_COSTLY",
        id="a negative page before a dear one",
    ),
    pytest.param(
        "query($n: Int) { free: activities(first: $n) { nodes { id } }"
        " activities(first: 200) { nodes { sessions { topics { code label } } } } }",
        {"n": -99_999},
        "QUERY_TOO_COSTLY",
        id="a negative page by a variable before a dear one",
    ),
    pytest.param(
        "query($n: Int = 2000000000) { activities(first: $n) { nodes { id } } }",
        None,
        "QUERY_TOO_COSTLY",
        id="a huge page by a variable's default",
    ),
    pytest.param(
        "{ me { ...f0 } } " + steps(2_000) + " fragment f2000 on Me { role }",
        None,
        "QUERY_TOO_DEEP",
        id="a chain of 2,000 fragments",
    ),
    pytest.param(
        "{ me { ...f0 } } " + steps(2_000) + " fragment f2000 on Me { ...f0 }",
        None,
        "QUERY_TOO_DEEP",
        id="a ring of 2,000 fragments",
    ),
    pytest.param(
        "{ me { ...a } } fragment a on Me { ...b } fragment b on Me { ...a }",
        None,
        "GRAPHQL_INVALID",
        id="a ring of two",
    ),
    pytest.param("{ me { " + "role " * 9_000 + "} }", None, "QUERY_TOO_COSTLY", id="repetition"),
]


async def ask(
    http: httpx.AsyncClient, query: str, variables: dict[str, Any] | None = None
) -> httpx.Response:
    return await http.post("/graphql", json={"query": query, "variables": variables})


def code(answer: httpx.Response) -> str:
    [error] = answer.json()["errors"]
    found: str = error["extensions"]["code"]
    return found


@pytest.mark.parametrize(("query", "variables", "expected"), ATTACKS)
async def test_a_query_that_would_silence_the_gateway_is_refused(
    http: httpx.AsyncClient,
    services: FakeServices,
    query: str,
    variables: dict[str, Any] | None,
    expected: str,
) -> None:
    answer = await ask(http, query, variables)
    assert (answer.status_code, code(answer)) == (400, expected)
    assert services.calls == []
    assert len(answer.content) < 2_000
    assert (await ask(http, ME)).json() == {"data": {"me": {"role": "chapter"}}}


@pytest.mark.parametrize("first", [-99_999, -1, 0, 201])
async def test_a_page_of_no_possible_size_is_refused_as_that(
    http: httpx.AsyncClient, services: FakeServices, first: int
) -> None:
    for query, variables in (
        (f"{{ activities(first: {first}) {{ nodes {{ id }} }} }}", None),
        ("query($n: Int) { activities(first: $n) { nodes { id } } }", {"n": first}),
        (f"{{ places(first: {first}) {{ id }} }}", None),
    ):
        assert code(await ask(http, query, variables)) == "PAGE_SIZE"


async def test_a_page_of_null_is_one_of_the_usual_size(http: httpx.AsyncClient) -> None:
    answer = await ask(http, "{ places(first: null) { level } }")
    assert {each["level"] for each in answer.json()["data"]["places"]} == {"country"}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"descriptions": False},
        {
            "specified_by_url": True,
            "directive_is_repeatable": True,
            "schema_description": True,
            "input_value_deprecation": True,
            "input_object_one_of": True,
        },
    ],
)
async def test_the_tools_of_developers_read_the_schema(
    http: httpx.AsyncClient, options: dict[str, bool]
) -> None:
    answer = await ask(http, get_introspection_query(**options))
    assert "errors" not in answer.json()
    assert len(answer.json()["data"]["__schema"]["types"]) > 100


@pytest.mark.parametrize("name", [name for name in vars(demo) if name.isupper()])
async def test_what_the_demo_asks_can_be_paid(http: httpx.AsyncClient, name: str) -> None:
    query = getattr(demo, name)
    if not query.startswith("{\n  created"):  # a part of others
        answer = await ask(http, query)
        codes = {each["extensions"]["code"] for each in answer.json().get("errors", ())}
        assert not codes & {"QUERY_TOO_COSTLY", "QUERY_TOO_DEEP", "GRAPHQL_INVALID"}


async def test_more_gaps_than_can_be_paid_are_no_answer_cut_short(
    http: httpx.AsyncClient, services: FakeServices
) -> None:
    row = {"place": "ML", "group": "youth", "topic": "mediation", "unique_people": 0, "gap": True}
    services.methods["reporting.gaps"] = lambda _: {"rows": [row] * 20_001}
    assert code(await ask(http, "{ gaps { gap } }")) == "TOO_MANY_ROWS"
    services.methods["reporting.gaps"] = lambda _: {"rows": [row] * 20_000}
    assert len((await ask(http, "{ gaps { gap } }")).json()["data"]["gaps"]) == 20_000
