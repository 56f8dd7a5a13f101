"""Documents that lie elsewhere, and what was reached of an indicator."""

from __future__ import annotations

from typing import Any

import pytest

from services.activities.definitions import ACTIVITY, PROJECT
from shared.ids import new_id


def errors(field: str, part: dict[str, Any]) -> str:
    return str(PROJECT.schema.validate({field: [{"id": new_id(), **part}]}, partial=True))


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/report.pdf",
        "https://example.org:8443/a?b=c#page=3",
        "https://[2001:db8::1]/",
    ],
)
def test_a_document_lies_at_an_https_address(url: str) -> None:
    assert errors("documents", {"title": {"fr": "Rapport"}, "url": url}) == "{}"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "javascript:alert(1)",
        "https://",
        "https:/example.org",
        "https://me:secret@example.org/",
        "https://example.org/a b",
        "https://example.org/é",
        "https://example.org:0/",
        "https://example.org:port/",
        "https://[::1",
        "example.org",
    ],
)
def test_nothing_else_is_an_address(url: str) -> None:
    assert "INVALID_WEB_ADDRESS" in errors("documents", {"title": {"fr": "Rapport"}, "url": url})


def test_an_address_is_bounded() -> None:
    long = "https://example.org/" + "a" * 1981
    assert "TOO_LONG" in errors("documents", {"title": {"fr": "Rapport"}, "url": long})


def test_what_was_reached_has_an_end_that_is_not_before_its_beginning() -> None:
    actual = {"id": new_id(), "starts_on": "2024-02-01", "ends_on": "2024-01-31", "value": 3.0}
    content = {"indicators": [{"id": new_id(), "title": {"fr": "Accords"}, "actuals": [actual]}]}
    [problem] = PROJECT.problems(content, None)
    path = ("indicators", 0, "actuals", 0, "ends_on")
    assert (problem.code, problem.path) == ("END_BEFORE_START", path)
    actual["ends_on"] = "2024-02-01"
    assert list(PROJECT.problems(content, None)) == []


def test_events_tell_of_no_document_and_of_no_comment() -> None:
    assert "documents" in ACTIVITY.private & PROJECT.private
    assert "indicators.actuals.comment" in PROJECT.private
