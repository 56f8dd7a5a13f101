"""The service class: parse, call one handler, hand back what it says."""

from collections.abc import Sequence
from typing import Any

from services.reporting import schemas
from services.reporting.handlers import projecting, reports
from services.reporting.store.live import ReportingStore
from shared.events import Event
from shared.host.on_events import on_events
from shared.host.parking import ParkingService
from shared.host.rpc import rpc
from shared.host.store import StoreProvider
from shared.subscriptions import PATTERNS


class ReportingService(ParkingService):
    """Every method takes one request, `{"caller", "filter", ...}`, and answers one dictionary."""

    name = "reporting"
    store = StoreProvider(ReportingStore)

    @on_events(*PATTERNS["reporting"])
    def on_events(self, events: list[Event]) -> Sequence[Event]:
        return projecting.project(events, self.store)

    @rpc
    def report(self, request: dict[str, Any]) -> dict[str, Any]:
        return reports.report(schemas.report_question(request), self.store)

    @rpc
    def coverage(self, request: dict[str, Any]) -> dict[str, Any]:
        return reports.coverage(schemas.coverage_question(request), self.store)

    @rpc
    def gaps(self, request: dict[str, Any]) -> dict[str, Any]:
        return reports.gaps(schemas.question(request), self.store)

    @rpc
    def concerns(self, request: dict[str, Any]) -> dict[str, Any]:
        return reports.concerns(schemas.question(request), self.store)

    @rpc
    def outputs(self, request: dict[str, Any]) -> dict[str, Any]:
        return reports.outputs(schemas.question(request), self.store)
