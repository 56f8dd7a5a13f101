"""Owns GraphQL over HTTP: what a request must look like, and with which status it is answered.

Follows the GraphQL-over-HTTP specification (GraphQL Foundation, draft): POST with JSON, GET for
queries; `application/graphql-response+json` with telling statuses, `application/json` where asked
for. Every refusal is a GraphQL error with `extensions.code` and a text in the caller's language.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import logging
import re
import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from graphql import ExecutionResult, GraphQLError, OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from gateway import telemetry
from gateway.calls.context import Calls, Context, Pushes, choose_language
from gateway.engine.coercion import coerce_variables
from gateway.engine.completion import execute
from gateway.engine.documents import Documents, Invalid
from gateway.http import graphiql
from gateway.identity.keys import ApiKeys
from gateway.schema import schema
from gateway.schema.receipts import camel_path, dotted, explained
from shared.errors import HubError, Internal, Refused, TimedOut, Unavailable
from shared.fail_points import fail_point
from shared.messages import message

JSON: Final = "application/json"
GRAPHQL_JSON: Final = "application/graphql-response+json"
MAX_BODY_BYTES: Final = 2 * 1024 * 1024  # 500 people, 500 activities and 500 rows are below 1 MiB
BODY_S: Final = 60.0  # 2 MiB at 35 kB/s: a slow mobile connection
REQUEST_S: Final = 20.0  # a push is up to four calls in a row, each with a timeout of its own
MAX_ACTIVE: Final = 256  # requests at once; bounds the memory that bodies can take
MAX_BODIES: Final = 32  # of one key, still coming in: slow ones shall not keep the others out
RETRY_AFTER_S: Final = 2
GZIP_FROM_BYTES: Final = 1400  # what fits one packet does not travel faster for being smaller

_CORRELATION = re.compile(r"[A-Za-z0-9._-]{1,64}")
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE)
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_STATUS: Final[Mapping[str, int]] = {
    "PERSISTED_QUERY_NOT_SUPPORTED": 200,  # with another, clients would not look at the code
    "UNAUTHENTICATED": 401,
    "GET_IS_FOR_QUERIES": 405,
    "NOT_ACCEPTABLE": 406,
    "BODY_TOO_SLOW": 408,
    "BODY_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
}

_PROCESS: Final = secrets.token_hex(6)  # and a number: unique, and no system call for each request
_NUMBERS: Final = itertools.count(1)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Asker:
    """What is known of a request before anything of it is read."""

    media_type: str
    lang: str
    correlation_id: str
    gzip: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    query: str
    operation: str | None
    variables: Mapping[str, Any]


class GraphQLEndpoint:
    """The endpoint `/graphql`."""

    def __init__(self, keys: ApiKeys, calls: Calls, pushes: Pushes) -> None:
        self._keys, self._calls, self._pushes = keys, calls, pushes
        self._schema = schema()
        self._documents = Documents(self._schema)
        self._active = 0
        self._bodies: Counter[str] = Counter()  # by key

    async def respond(self, request: Request) -> Response:
        """Answer one request, whatever comes."""
        headers = request.headers
        if request.method == "GET" and graphiql.wanted(request):
            return graphiql.graphiql()
        given = headers.get("x-correlation-id", "")
        asker = _Asker(
            media_type=JSON,
            lang=choose_language(headers.get("accept-language"), None),
            correlation_id=given
            if _CORRELATION.fullmatch(given)
            else f"{_PROCESS}.{next(_NUMBERS)}",
            gzip=_GZIP.search(headers.get("accept-encoding", "")) is not None,
        )
        if self._active >= MAX_ACTIVE:
            return _refusal(Unavailable("OVERLOADED"), asker)
        self._active += 1
        started = time.perf_counter()
        try:
            asker.media_type = _media_type(headers.get("accept"))
            return await self._answer(request, asker)
        except Invalid as invalid:
            return _invalid(invalid.code, invalid.errors, asker)
        except HubError as error:
            return _refusal(error, asker)
        except ClientDisconnect:
            return Response(status_code=499)  # nobody reads it; counted as a client that left
        except Exception:  # the last line: nothing of a fault of ours may reach the client
            log.exception("request failed", extra={"correlation_id": asker.correlation_id})
            return _refusal(Internal(), asker)
        finally:
            self._active -= 1
            telemetry.REQUEST_S.observe(time.perf_counter() - started)

    async def _answer(self, request: Request, asker: _Asker) -> Response:
        headers = request.headers
        traceparent = headers.get("traceparent", "")
        caller = await self._keys.caller(
            headers.get("authorization"),
            asker.correlation_id,
            traceparent if _TRACEPARENT.fullmatch(traceparent) else None,
        )
        if caller is None:
            raise Refused("UNAUTHENTICATED")
        asker.lang = choose_language(headers.get("accept-language"), caller.chapter)
        asked = await self._asked(request, caller.key_id)
        document = self._documents.get(asked.query)
        operation = document.operation(asked.operation)
        if request.method == "GET" and operation.operation is not OperationType.QUERY:
            raise Refused("GET_IS_FOR_QUERIES")
        variables = coerce_variables(
            self._schema, operation.variable_definitions or (), asked.variables
        )
        if isinstance(variables, list):
            raise Invalid("BAD_VARIABLES", variables)
        self._documents.check_price(document, operation, variables)
        context = Context(caller, asker.lang, self._calls, self._pushes, self._keys)
        try:
            async with asyncio.timeout(REQUEST_S):
                result = await execute(
                    self._schema, operation, document.fragments, variables, context
                )
        except TimeoutError as error:
            raise TimedOut from error
        fail_point("gateway.before_answer")
        return _executed(result, asker)

    async def _asked(self, request: Request, key_id: str) -> _Asked:
        if self._bodies[key_id] >= MAX_BODIES:
            raise Unavailable("OVERLOADED")
        self._bodies[key_id] += 1
        try:
            return await _asked(request)
        finally:
            self._bodies[key_id] -= 1
            if not self._bodies[key_id]:
                del self._bodies[key_id]


def _media_type(accept: str | None) -> str:
    """The best type we can answer in. Raises Refused NOT_ACCEPTABLE (final)."""
    accepted = [part.split(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    for part in accepted:
        if part in (GRAPHQL_JSON, "*/*", "application/*"):
            return GRAPHQL_JSON
        if part == JSON:
            return GRAPHQL_JSON if GRAPHQL_JSON in accepted else JSON
    raise Refused("NOT_ACCEPTABLE")


async def _asked(request: Request) -> _Asked:
    """Raises Refused: BODY_TOO_LARGE, BODY_TOO_SLOW, BAD_JSON, BAD_REQUEST… (final)."""
    if request.method == "GET":
        given = dict(request.query_params)
        in_json = {part: _loads(given.get(part) or "null") for part in ("variables", "extensions")}
        raw: dict[str, Any] = {**given, **in_json}
    else:
        media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if media_type != JSON:
            raise Refused("UNSUPPORTED_MEDIA_TYPE")
        raw = _loads(await _body(request))
    if not isinstance(raw, dict):
        raise Refused("BAD_REQUEST", part="body")
    query, variables, operation = (raw.get(k) for k in ("query", "variables", "operationName"))
    if not query and _hashed(raw.get("extensions")):
        raise Refused("PERSISTED_QUERY_NOT_SUPPORTED")
    if not isinstance(query, str) or not query.strip():
        raise Refused("BAD_REQUEST", part="query")
    if variables is not None and not isinstance(variables, dict):
        raise Refused("BAD_REQUEST", part="variables")
    if operation is not None and not isinstance(operation, str):
        raise Refused("BAD_REQUEST", part="operationName")
    return _Asked(query, operation or None, variables or {})


def _hashed(extensions: Any) -> bool:
    """Whether the query is named by its hash, as Apollo's automatic persisted queries do: told that
    none is known by its hash, such a client sends the text."""
    return isinstance(extensions, dict) and "persistedQuery" in extensions


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_BODY_BYTES:
        raise Refused("BODY_TOO_LARGE", limit=MAX_BODY_BYTES)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                size += len(part)
                if size > MAX_BODY_BYTES:
                    raise Refused("BODY_TOO_LARGE", limit=MAX_BODY_BYTES)
                parts.append(part)
    except TimeoutError as error:
        raise Refused("BODY_TOO_SLOW") from error
    return b"".join(parts)


def _loads(text: bytes | str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refused("BAD_JSON", line=error.lineno, column=error.colno) from error


def _executed(result: ExecutionResult, asker: _Asker) -> Response:
    if not result.errors:
        return _response({"data": result.data}, 200, asker)
    explained = [_explained(error, asker) for error in result.errors]
    body = {"errors": explained, "data": result.data}
    nothing = result.data is None or not any(each is not None for each in result.data.values())
    if nothing and all(each["extensions"]["retryable"] for each in explained):
        return _response(body, 503, asker)
    return _response(body, 200, asker)


def _explained(error: GraphQLError, asker: _Asker) -> dict[str, Any]:
    """An error of a field, as the client sees it; what is no HubError stays in the log."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if cause is None or isinstance(cause, GraphQLError):
        shown = _entry("GRAPHQL_INVALID", {"detail": error.message}, False, asker)
    elif isinstance(cause, HubError):
        shown = _entry(cause.code, cause.params, cause.retryable, asker)
    else:
        log.error("a field failed", exc_info=cause, extra={"correlation_id": asker.correlation_id})
        shown = _entry("INTERNAL", {}, False, asker)
    return {**shown, "path": error.path, "locations": _locations(error)}


def _invalid(code: str, errors: Sequence[GraphQLError], asker: _Asker) -> Response:
    shown = []
    for error in errors:
        entry = _entry(code, {"detail": error.message}, False, asker)
        entry["extensions"] |= error.extensions or {}
        shown.append({**entry, "locations": _locations(error)})
    return _response({"errors": shown}, 400 if asker.media_type == GRAPHQL_JSON else 200, asker)


def _refusal(error: HubError, asker: _Asker) -> Response:
    """The answer to a request that was not executed."""
    status = 503 if error.retryable else 500 if isinstance(error, Internal) else 400
    entry = _entry(error.code, error.params, error.retryable, asker)
    return _response({"errors": [entry]}, _STATUS.get(error.code, status), asker)


def _entry(code: str, params: Mapping[str, Any], retryable: bool, asker: _Asker) -> dict[str, Any]:
    telemetry.ERRORS.labels(code).inc()
    return {
        "message": message(code, asker.lang, params),
        "extensions": {
            "code": code,
            "retryable": retryable,
            "correlationId": asker.correlation_id,
            **_where(params, asker),
        },
    }


def _where(params: Mapping[str, Any], asker: _Asker) -> dict[str, Any]:
    """Of an input that is no row: the field at fault, or all that are."""
    if "path" in params:
        return {"field": dotted(camel_path(params["path"]))}
    if "problems" in params:
        return {"problems": [explained(each, [], asker.lang) for each in params["problems"]]}
    return {}


def _locations(error: GraphQLError) -> list[dict[str, int]]:
    return [{"line": at.line, "column": at.column} for at in error.locations or ()]


def _response(body: Mapping[str, Any], status: int, asker: _Asker) -> Response:
    headers = {
        "cache-control": "no-store",
        "content-language": asker.lang,
        "vary": "accept-encoding",
        "x-correlation-id": asker.correlation_id,
    }
    if status == 503:
        headers["retry-after"] = str(RETRY_AFTER_S)
    elif status == 401:
        headers["www-authenticate"] = "Bearer"
    elif status == 405:
        headers["allow"] = "POST"
    content = orjson.dumps(body)
    if asker.gzip and len(content) >= GZIP_FROM_BYTES:
        # The lowest level: most of what can be gained, for about a millisecond per 100 kB.
        content = gzip.compress(content, compresslevel=1, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(content, status, headers, f"{asker.media_type}; charset=utf-8")
