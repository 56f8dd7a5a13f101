"""Owns what a browser sees: GraphiQL with help texts, served from this process and nowhere else."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

WEB: Final = Path(__file__).parents[1] / "web"
# Scripts come from here alone, and none stands in a page. Styles may: GraphiQL's editor sets them.
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def wanted(request: Request) -> bool:
    """Whether a person at a browser asks for the page, and no program for data."""
    return "text/html" in request.headers.get("accept", "") and "query" not in request.query_params


def graphiql() -> Response:
    """The page."""
    return Response(
        _page(),
        media_type="text/html",
        headers={"content-security-policy": PAGE_POLICY, "cache-control": "no-cache"},
    )


def static() -> StaticFiles:
    """What the page loads."""
    return _Static(directory=WEB)


class _Static(StaticFiles):
    """Files a browser asks about each time, so that none is older than the page that loads it."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        response = super().file_response(*args, **more)
        response.headers["cache-control"] = "no-cache"
        return response


@cache
def _page() -> bytes:
    return (WEB / "graphiql.html").read_bytes()
