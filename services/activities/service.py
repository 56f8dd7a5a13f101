"""The service class of activities: hand each call on to one handler."""

from __future__ import annotations

from services.activities.handlers import (
    attendance,
    changes,
    history,
    moving,
    places,
    reading,
    records,
    rows,
    sheets,
    standings,
)
from services.activities.handlers.restating import restate
from services.activities.store import ActivityStore
from shared.events import Event
from shared.host.errand import Errand
from shared.host.on_events import on_events
from shared.host.parking import ParkingService
from shared.host.rpc import rpc
from shared.host.store import StoreProvider
from shared.subscriptions import PATTERNS
from shared.types import Answer, Request


class ActivitiesService(ParkingService):
    name = "activities"

    store = StoreProvider(ActivityStore)
    restating = Errand(ActivityStore, restate, "the scores of %d sheets were told anew")

    following = Errand(
        ActivityStore, standings.follow_again, "%d sheets were counted anew", again_s=60.0
    )

    @on_events(*PATTERNS["activities"])
    def on_events(self, events: list[Event]) -> None:
        standings.hear(events, self.store)

    @rpc
    def push(self, request: Request) -> Answer:
        return records.push(request, self.store)

    @rpc
    def withdraw(self, request: Request) -> Answer:
        return records.withdraw(request, self.store)

    @rpc
    def reinstate(self, request: Request) -> Answer:
        return records.reinstate(request, self.store)

    @rpc
    def restore(self, request: Request) -> Answer:
        return records.restore(request, self.store)

    @rpc
    def record_attendance(self, request: Request) -> Answer:
        return attendance.record(request, self.store)

    @rpc
    def move_attendance(self, request: Request) -> Answer:
        return moving.move(request, self.store)

    @rpc
    def row_history(self, request: Request) -> Answer:
        return rows.row_history(request, self.store)

    @rpc
    def restore_rows(self, request: Request) -> Answer:
        return rows.restore_rows(request, self.store)

    @rpc
    def get_many(self, request: Request) -> Answer:
        return reading.get_many(request, self.store)

    @rpc
    def lead(self, request: Request) -> Answer:
        return reading.lead(request, self.store)

    @rpc
    def list(self, request: Request) -> Answer:
        return reading.list_page(request, self.store)

    @rpc
    def find_places(self, request: Request) -> Answer:
        return places.find(request, self.store)

    @rpc
    def same_places(self, request: Request) -> Answer:
        return places.same(request, self.store)

    @rpc
    def attendance(self, request: Request) -> Answer:
        return sheets.page(request, self.store)

    @rpc
    def sheets(self, request: Request) -> Answer:
        return sheets.sheets_of(request, self.store)

    @rpc
    def sessions_of(self, request: Request) -> Answer:
        return sheets.sessions_of(request, self.store)

    @rpc
    def changes(self, request: Request) -> Answer:
        return changes.changes(request, self.store)

    @rpc
    def history(self, request: Request) -> Answer:
        return history.history(request, self.store)

    @rpc
    def version(self, request: Request) -> Answer:
        return history.version(request, self.store)

    @rpc
    def compare(self, request: Request) -> Answer:
        return history.compare(request, self.store)
