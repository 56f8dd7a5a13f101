"""Stands in for the services behind the gateway; it keeps the contract that the real client keeps
(tests/integration/gateway/calls/test_client.py runs the same tests against both)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.calls.context import Context
from gateway.http.endpoint import GraphQLEndpoint
from shared.caller import Caller
from shared.errors import Internal, NotFound, TimedOut, Unavailable
from shared.paging import Page

Method = Callable[[Mapping[str, Any]], Any]
CHAPTER = Caller("chapter", "ML", "k1", "c1")
OPERATOR = Caller("operator", None, "k0", "c0")


class FakeServices:
    """Methods by `<service>.<method>`; records every call in `calls`.

    A method may return an awaitable. A service of which no method is known has never run.
    """

    def __init__(self, methods: Mapping[str, Method] | None = None) -> None:
        self.methods: dict[str, Method] = dict(methods or {})
        self.calls: list[tuple[str, Mapping[str, Any]]] = []

    async def call(
        self, service: str, method: str, request: Mapping[str, Any], timeout_s: float | None = None
    ) -> Any:
        self.calls.append((f"{service}.{method}", request))
        if not any(name.startswith(f"{service}.") for name in self.methods):
            raise Unavailable(service=service)
        found = self.methods.get(f"{service}.{method}")
        if found is None:
            raise Internal
        result = found(request)
        if asyncio.iscoroutine(result):
            try:
                return await asyncio.wait_for(result, timeout_s or 10.0)
            except TimeoutError:
                raise TimedOut(service=service) from None
        return result

    def asked(self, name: str) -> list[Mapping[str, Any]]:
        """The requests that went to `<service>.<method>`."""
        return [request for called, request in self.calls if called == name]


class FakeKeys:
    """Two keys: `chapter` opens the chapter of Mali, `operator` all that operators may."""

    async def caller(
        self, authorization: str | None, correlation_id: str, traceparent: str | None
    ) -> Caller | None:
        if authorization == "Bearer down":
            raise Unavailable
        known = {"Bearer chapter": ("chapter", "ML"), "Bearer operator": ("operator", None)}
        if authorization not in known:
            return None
        role, chapter = known[authorization]
        return Caller(role, chapter, role, correlation_id, traceparent)

    async def create(self, role: str, chapter: str | None, label: str, by: str) -> dict[str, Any]:
        shown = {"id": "new", "role": role, "chapter": chapter, "label": label}
        return {"key": "fhk_new_x", "api_key": {**shown, "created_at": "now", "created_by": by}}

    async def revoke(self, key_id: str, by: str) -> dict[str, Any]:
        raise NotFound

    async def unannounced_revocations(self, limit: int) -> list[str]:
        return []

    async def webhooks_closed(self, key_ids: Sequence[str]) -> None:
        raise AssertionError("no key of these is ever revoked")

    async def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return listed()


def listed(*items: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A service's page of these items; the cursors are `after <id>`, or `after <number>`."""
    cursors = [f"after {each.get('id', number)}" for number, each in enumerate(items)]
    page = Page(list(items), cursors)
    return {**page.answer(dict), **more}


class Direct:
    """Sends each push in a call of its own."""

    def __init__(self, calls: FakeServices) -> None:
        self._calls = calls

    async def push(
        self, service: str, method: str, kind: str, push: Mapping[str, Any], weight: int
    ) -> list[dict[str, Any]]:
        answer = await self._calls.call(service, method, {"kind": kind, "pushes": [push]})
        receipts: list[dict[str, Any]] = answer["pushes"][0]["receipts"]
        return receipts


def before(services: FakeServices) -> httpx.ASGITransport:
    """The way to the gateway's endpoint with these services behind it."""
    endpoint = GraphQLEndpoint(FakeKeys(), services, Direct(services))  # type: ignore[arg-type]
    route = Route("/graphql", endpoint.respond, methods=["GET", "POST"])
    return httpx.ASGITransport(Starlette(routes=[route]))


def asking(services: FakeServices, **headers: str) -> httpx.AsyncClient:
    """A client of that endpoint; a context."""
    return httpx.AsyncClient(transport=before(services), base_url="http://hub", headers=headers)


def accept(
    judge: Callable[[Mapping[str, Any]], str | None] = lambda _: None,
) -> Method:
    """A push method: CREATED, or REJECTED with the code that `judge` says of the item; as the
    services do, in all-or-nothing mode one rejection takes the others with it."""

    def method(request: Mapping[str, Any]) -> dict[str, Any]:
        return {"pushes": [{"receipts": _receipts(push, judge)} for push in request["pushes"]]}

    return method


def _receipts(push: Mapping[str, Any], judge: Callable[[Any], str | None]) -> list[dict[str, Any]]:
    rows = []
    for index, item in enumerate(push["items"]):
        for row in item.get("rows", [item]):
            code = judge(item if row is item else {**item, **row})
            rows.append((index, row, code))
    spoilt = push["mode"] == "all_or_nothing" and any(code for _, _, code in rows)
    return [
        receipt(number, index, row, code or ("ALL_OR_NOTHING" if spoilt else None))
        for number, (index, row, code) in enumerate(rows)
    ]


def receipt(number: int, sheet: int, row: Mapping[str, Any], code: str | None) -> dict[str, Any]:
    """A service's receipt."""
    named = row.get("participant_id") or row.get("id")
    problems = [{"code": code, "path": ["some_field", 1], "params": {}}] if code else []
    return {
        "row": number,
        "sheet": sheet,
        "id": named if isinstance(named, str) else None,
        "status": "REJECTED" if code else "CREATED",
        "version": None if code else 1,
        "problems": problems,
    }


def context(services: FakeServices, caller: Caller = CHAPTER, lang: str = "en") -> Context:
    return Context(caller, lang, services, Direct(services), FakeKeys())
