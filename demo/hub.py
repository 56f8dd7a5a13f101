"""A chapter's client: one HTTP connection, and retries that are safe because the ids are ours."""

from __future__ import annotations

import time
from typing import Any

import httpx

ATTEMPTS = 6
MAX_WAIT_S = 10.0
RETRYABLE = {"UNAVAILABLE", "TIMED_OUT", "OVERLOADED"}


class HubRefused(Exception):
    """The hub answered with an error that no retry mends."""


class Hub:
    """Speaks GraphQL with one API key."""

    def __init__(self, url: str, key: str, language: str = "fr") -> None:
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}", "Accept-Language": language},
            timeout=httpx.Timeout(30, connect=5),
            trust_env=False,
        )

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The `data` of the answer. Raises HubRefused (final) with what the hub said."""
        wait_s = 0.25
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = self._client.post(
                    "/graphql", json={"query": document, "variables": variables}
                )
                answer = response.json()
                errors = answer.get("errors") or []
                codes = {error.get("extensions", {}).get("code") for error in errors}
                if not errors:
                    data: dict[str, Any] = answer["data"]
                    return data
                if attempt == ATTEMPTS or not codes & RETRYABLE:
                    raise HubRefused("; ".join(error["message"] for error in errors))
                wait_s = float(response.headers.get("Retry-After", wait_s))
            except (httpx.TransportError, ValueError) as error:
                if attempt == ATTEMPTS:
                    raise HubRefused(f"no answer from the hub: {type(error).__name__}") from error
            time.sleep(min(wait_s, MAX_WAIT_S))
            wait_s *= 2
        raise AssertionError("the last attempt returns or raises")
