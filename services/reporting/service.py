"""The nameko class: parse, call one handler, hand back what it says."""

from collections.abc import Sequence
from typing import Any

from services.reporting import handlers, schemas
from services.reporting.projections import LISTENS
from services.reporting.store import ReportingStore
from shared.events import Event
from shared.messaging import on_events
from shared.parking_service import ParkingService
from shared.rpc import rpc
from shared.runner import StoreProvider


class ReportingService(ParkingService):
    """Every method takes one request, `{"caller", "filter", ...}`, and answers one dictionary."""

    name = "reporting"
    store = StoreProvider(ReportingStore)

    @on_events(*LISTENS)
    def on_events(self, events: list[Event]) -> Sequence[Event]:
        return handlers.project(events, self.store)

    @rpc
    def report(self, request: dict[str, Any]) -> dict[str, Any]:
        return handlers.report(schemas.report_question(request), self.store)

    @rpc
    def coverage(self, request: dict[str, Any]) -> dict[str, Any]:
        return handlers.coverage(schemas.coverage_question(request), self.store)

    @rpc
    def gaps(self, request: dict[str, Any]) -> dict[str, Any]:
        return handlers.gaps(schemas.question(request), self.store)

    @rpc
    def concerns(self, request: dict[str, Any]) -> dict[str, Any]:
        return handlers.concerns(schemas.question(request), self.store)

    @rpc
    def outputs(self, request: dict[str, Any]) -> dict[str, Any]:
        return handlers.outputs(schemas.question(request), self.store)
