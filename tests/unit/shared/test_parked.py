"""Parked events for people: in plain words, in every consumer, and for operators alone."""

from __future__ import annotations

import inspect

import pytest

from gateway.identity.authorisation import OPERATORS, REQUIRES
from gateway.schema.parking.queries import ParkedQueries
from services.activities.service import ActivitiesService
from services.notifications.service import NotificationsService
from services.reporting.service import ReportingService
from shared.host.parking import ParkingService
from shared.messages import catalogue
from shared.parked import reason_text
from shared.record_types import CONSUMERS
from shared.subscriptions import PATTERNS
from tests.gateway_fakes import OPERATOR, FakeServices, context

METHODS = ("parked", "parked_event", "retry_parked", "discard_parked")


def test_a_reason_is_told_to_operators_in_words_of_their_own() -> None:
    for lang in ("en", "fr", "pt"):
        text = reason_text("INTERNAL", {"where": "ValueError in project, line 7"}, lang)
        assert "ValueError in project, line 7" in text
        assert text != catalogue()["INTERNAL"][lang]


def test_a_reason_without_words_of_its_own_is_told_as_everybody_is_told() -> None:
    assert reason_text("NOT_FOUND", {}, "fr") == catalogue()["NOT_FOUND"]["fr"]


def test_every_service_that_takes_events_has_a_parking_lot_for_operators() -> None:
    services = (ReportingService, ActivitiesService, NotificationsService)
    assert tuple(each.name for each in services) == CONSUMERS == tuple(PATTERNS)
    for each in services:
        assert issubclass(each, ParkingService)
        for method in METHODS:
            assert getattr(each, method).nameko_entrypoints
            assert inspect.getdoc(getattr(each, method))


@pytest.mark.parametrize(
    "field", ["parked", "parkedCounts", "parkedEvent", "retryParked", "discardParked"]
)
def test_only_operators_see_and_decide(field: str) -> None:
    assert REQUIRES[field] == OPERATORS == {"operator"}


async def test_a_service_that_is_away_is_counted_as_unknown() -> None:
    counts = {"parked": 2, "retried": 0, "discarded": 1}
    services = FakeServices({"reporting.parked": lambda _: {"items": [], "counts": counts}})
    info = type("Info", (), {"context": context(services, OPERATOR)})()
    told = await ParkedQueries.resolve_parked_counts(None, info)
    assert told == [
        {"service": "reporting", **counts},
        {"service": "activities"},
        {"service": "notifications"},
    ]
