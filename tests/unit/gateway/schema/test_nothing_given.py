"""Every argument and every input field, one by one as the schema has them: null is the same as not
given, and whatever else is sent, no fault of ours comes of it."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
)

from gateway.identity.authorisation import REQUIRES
from gateway.schema import schema
from tests.gateway_fakes import FakeServices, accept, asking, listed

ID = "0197a0c2-5b1e-7cc3-9d27-2f1c3a5e8d01"
Path = tuple[str, ...]
REFUSED = [["BAD_VARIABLES"], ["GRAPHQL_INVALID"]]


class Obliging(FakeServices):
    """Has every method, and answers each with something that has whatever is looked for."""

    ANSWER: Mapping[str, Any] = {
        **listed(), "rows": [], "receipts": [], "unknown": [], "count": 0,
        "head": 0, "queued": 0, "endpoint": {}, "secret": None, "counts": {}, "figures": {},
        "item": None,
    }  # fmt: skip

    async def call(
        self, service: str, method: str, request: Mapping[str, Any], timeout_s: float | None = None
    ) -> Any:
        self.calls.append((f"{service}.{method}", request))
        if method == "lead":
            return {"ids": [None] * len(request["items"])}
        return accept()(request) if "pushes" in request else dict(self.ANSWER)


@dataclass(frozen=True)
class Place:
    """An argument of a root field, or what lies in one: `path` leads there from the argument."""

    path: Path
    type: GraphQLInputType

    @property
    def required(self) -> bool:
        return isinstance(self.type, GraphQLNonNull)


def roots() -> Iterator[tuple[str, str, Any]]:
    for word, root in (("query", schema().query_type), ("mutation", schema().mutation_type)):
        assert root is not None
        yield from ((word, name, field) for name, field in root.fields.items() if field.args)


ROOTS = {name: (word, field) for word, name, field in roots()}


def places(at: Path, kind: GraphQLInputType) -> Iterator[Place]:
    yield Place(at, kind)
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        for name, field in named.fields.items():
            yield from places((*at, name), field.type)


def nullable(kind: GraphQLInputType) -> Any:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def least(kind: GraphQLInputType) -> Any:
    """A value that the type takes."""
    inner = nullable(kind)
    if isinstance(inner, GraphQLList):
        return [least(inner.of_type)]
    if isinstance(inner, GraphQLInputObjectType):
        needed = {n: f.type for n, f in inner.fields.items() if isinstance(f.type, GraphQLNonNull)}
        return {name: least(each) for name, each in needed.items()}
    if isinstance(inner, GraphQLEnumType):
        return next(iter(inner.values))
    return {"ID": ID, "Int": 1, "Float": 1.5, "Boolean": True, "Date": "2024-03-09"}.get(
        inner.name, "x"
    )


GONE = object()


def reaching(kind: GraphQLInputType, path: Path, value: Any) -> Any:
    """A value of the type with `value` where the path leads; GONE takes away what is there."""
    if not path:
        return value
    inner = nullable(kind)
    if isinstance(inner, GraphQLList):
        return [reaching(inner.of_type, path, value)]
    assert isinstance(inner, GraphQLInputObjectType)
    name, *rest = path
    found = least(inner)
    found.pop(name, None)
    part = reaching(inner.fields[name].type, tuple(rest), value)
    return found if part is GONE else {**found, name: part}


def others(kind: GraphQLInputType) -> list[Any]:
    """Blank and wrong values."""
    inner = nullable(kind)
    found: list[Any] = ["", "no such thing", 7, 2**40, 1.5, True, {"x": 1}, [[[]]]]
    if isinstance(inner, GraphQLList):
        found += [[], [None], [7], [{}], ["", ""], [least(inner.of_type)] * 2]
    return found


@pytest.fixture
def services() -> Obliging:
    return Obliging()


@pytest.fixture
async def http(services: Obliging) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(services, **{"x-correlation-id": "always-the-same"}) as client:
        yield client


@dataclass
class Asking:
    """Asks one root field; keeps the key that may, and what the services were asked."""

    http: httpx.AsyncClient
    services: Obliging
    name: str

    async def by_variables(self, given: Mapping[str, Any]) -> tuple[Any, Any]:
        word, field = ROOTS[self.name]
        declared = ", ".join(f"${arg}: {each.type}" for arg, each in field.args.items())
        passed = ", ".join(f"{arg}: ${arg}" for arg in field.args)
        return await self._ask(f"{word}({declared}) {{ {self.name}({passed})", given)

    async def by_text(self, given: Mapping[str, Any]) -> tuple[Any, Any]:
        word, _ = ROOTS[self.name]
        passed = ", ".join(f"{arg}: {literal(value)}" for arg, value in given.items())
        return await self._ask(f"{word} {{ {self.name}{f'({passed})' if passed else ''}", {})

    async def _ask(self, text: str, variables: Mapping[str, Any]) -> tuple[Any, Any]:
        _, field = ROOTS[self.name]
        leaf = not isinstance(get_named_type(field.type), GraphQLObjectType)
        key = "chapter" if "chapter" in REQUIRES[self.name] else "operator"
        self.services.calls.clear()
        answer = await self.http.post(
            "/graphql",
            json={"query": f"{text}{'' if leaf else ' { __typename }'} }}", "variables": variables},
            headers={"authorization": f"Bearer {key}"},
        )
        assert answer.status_code < 500, answer.text
        assert "INTERNAL" not in codes(answer.json()), (text, variables)
        return answer.json(), json.loads(json.dumps(self.services.calls))


def literal(value: Any) -> str:
    """The value as it stands in a document; an enum's value is a bare word."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {literal(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return value if value in WORDS else json.dumps(value)


WORDS = {
    word
    for kind in schema().type_map.values()
    if isinstance(kind, GraphQLEnumType)
    for word in kind.values
    if not kind.name.startswith("__")
}


def codes(answer: Mapping[str, Any]) -> list[str]:
    return [each["extensions"]["code"] for each in answer.get("errors", ())]


def given(name: str, place: Place, value: Any) -> dict[str, Any]:
    """The arguments that are needed, and the value in its place."""
    args = ROOTS[name][1].args
    first, *rest = place.path
    found = {arg: least(each.type) for arg, each in args.items() if arg == first or needed(each)}
    part = reaching(args[first].type, tuple(rest), value)
    found.pop(first)
    return found if part is GONE else {**found, first: part}


def needed(argument: Any) -> bool:
    return isinstance(argument.type, GraphQLNonNull)


def places_of(name: str) -> list[Place]:
    args = ROOTS[name][1].args
    return [place for arg, each in args.items() for place in places((arg,), each.type)]


@pytest.mark.parametrize("name", ROOTS)
async def test_null_is_the_same_as_not_given_or_is_refused_where_something_must_be_given(
    name: str, http: httpx.AsyncClient, services: Obliging
) -> None:
    field = Asking(http, services, name)
    for place in places_of(name):
        null, absent = given(name, place, None), given(name, place, GONE)
        for ask in (field.by_variables, field.by_text):
            answer, asked = await ask(null)
            if place.required:
                assert codes(answer) in REFUSED, place
                assert asked == [], place
            else:
                assert (answer, asked) == await ask(absent), place


@pytest.mark.parametrize("name", ROOTS)
async def test_nothing_that_can_be_sent_is_a_fault_of_ours(
    name: str, http: httpx.AsyncClient, services: Obliging, caplog: pytest.LogCaptureFixture
) -> None:
    field = Asking(http, services, name)
    in_text: set[str] = set()  # there graphql-core judges a value by its type, wherever it stands
    with caplog.at_level(logging.ERROR):
        for place in places_of(name):
            for value in others(place.type):
                await field.by_variables(given(name, place, value))
                if str(place.type) not in in_text:
                    await field.by_text(given(name, place, value))
            in_text.add(str(place.type))
    assert caplog.records == []


DEEPER = {
    "Place.parent": 'query($v: Date) { place(id: "ML.SIK.YAN") { it: parent(on: $v) { id } } }',
    "Place.path": 'query($v: Date) { place(id: "ML.SIK.YAN") { it: path(on: $v) { id } } }',
    "Place.region": 'query($v: Date) { place(id: "ML.SIK.YAN") { it: region(on: $v) { id } } }',
    "LocalisedText.in": "query($v: Language) "
    '{ codes(list: "sex") { labels { fr it: in(lang: $v) } } }',
    "PushResult.receipts": "mutation($v: [ReceiptStatus!]) "
    '{ withdrawConcerns(items: [{id: "x"}]) { it: receipts(status: $v) { id } } }',
}


def test_these_are_all_fields_below_the_root_that_take_arguments() -> None:
    found = {
        f"{kind.name}.{name}"
        for kind in schema().type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
        for name, field in kind.fields.items()
        if field.args and kind not in (schema().query_type, schema().mutation_type)
    }
    assert found == DEEPER.keys()


@pytest.mark.parametrize("field", DEEPER)
async def test_null_is_the_same_as_not_given_below_the_root(
    field: str, http: httpx.AsyncClient
) -> None:
    text = DEEPER[field]
    by_text = "query" + text[text.index(")") + 1 :].replace("$v", "null")
    if text.startswith("mutation"):
        by_text = by_text.replace("query", "mutation", 1)
    asked = [(text, {}), (text, {"v": None}), (by_text, {})]
    headers = {"authorization": "Bearer chapter"}
    absent, null, literally = [
        (
            await http.post(
                "/graphql", json={"query": query, "variables": variables}, headers=headers
            )
        ).json()
        for query, variables in asked
    ]
    assert absent["data"]
    assert absent == null == literally
