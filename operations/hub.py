"""Owns the way to the hub: GraphQL over HTTP, with an operator's key."""

from __future__ import annotations

from typing import Any, Final

import httpx

from operations.failure import CannotRun
from operations.settings import Settings

TIMEOUT_S: Final = 30.0


class Hub:
    """One connection to the gateway; a context that closes it."""

    def __init__(self, settings: Settings) -> None:
        """Raises CannotRun where the address or the key is told nowhere."""
        self._url = settings.hub_url
        self._client = httpx.Client(
            base_url=self._url,
            headers={
                "Authorization": f"Bearer {settings.hub_admin_key}",
                "Accept-Language": "en",
            },
            timeout=httpx.Timeout(TIMEOUT_S, connect=5.0),
            trust_env=False,
        )

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The `data` of the answer.

        Raises: CannotRun with what the hub says, or that it does not answer.
        """
        try:
            response = self._client.post(
                "/graphql", json={"query": document, "variables": variables}
            )
            answer = response.json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CannotRun(f"no answer from {self._url}: {type(error).__name__}") from error
        except ValueError as error:
            raise CannotRun(
                f"{self._url} answers with status {response.status_code} and no JSON: is it a hub?"
            ) from error
        errors = answer.get("errors")
        if errors:
            raise CannotRun("; ".join(dict.fromkeys(each["message"] for each in errors)))
        data: dict[str, Any] = answer["data"]
        return data

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
